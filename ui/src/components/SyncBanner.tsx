import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { healthQuery } from "../data/queries";
import type { Freshness } from "../ipc/generated/Freshness";
import type { SyncState } from "../ipc/generated/SyncState";
import { Banner } from "../ui/Feedback";
import type { IconName } from "../ui/Icon";

type Look = { tone: "info" | "amber" | "red"; icon: IconName; way: "settings" | "health" | null };

/** States that a person must know of on every page. The others are in the pill alone. */
const LOOKS: Partial<Record<SyncState, Look>> = {
  offline: { tone: "amber", icon: "warning", way: "health" },
  throttled: { tone: "amber", icon: "pause", way: "health" },
  stripe_error: { tone: "amber", icon: "warning", way: "health" },
  no_key: { tone: "amber", icon: "key", way: "settings" },
  key_rejected: { tone: "red", icon: "key", way: "settings" },
  read_only: { tone: "info", icon: "file", way: null },
  following_other: { tone: "info", icon: "info", way: null },
};

/** What the sync's state means for what is on screen, and the way out of it. */
export function SyncBanner() {
  const store = useStoreId();
  const { data } = useQuery(healthQuery(store));
  if (data === undefined) return null;
  const { state } = data.freshness;
  const look = LOOKS[state];
  return look === undefined ? null : <Shown freshness={data.freshness} look={look} store={store} />;
}

function Shown({ freshness, look, store }: { freshness: Freshness; look: Look; store: string }) {
  const { t } = useTranslation();
  const { state } = freshness;
  let action: ReactNode = null;
  if (look.way === "settings") {
    action = (
      <Button size="compact-xs" renderRoot={(props) => <Link {...props} to="/s/$store/settings" params={{ store }} />}>
        {t("banner.to_key")}
      </Button>
    );
  } else if (look.way === "health") {
    action = (
      <Button size="compact-xs" renderRoot={(props) => <Link {...props} to="/s/$store/health" params={{ store }} />}>
        {t("banner.to_health")}
      </Button>
    );
  }
  return (
    <Banner tone={look.tone} icon={look.icon} title={t(`banner.${stateKey(state)}.title`)} action={action}>
      {t(`banner.${stateKey(state)}.text`)}
    </Banner>
  );
}

type Spoken = "offline" | "throttled" | "stripe_error" | "no_key" | "key_rejected" | "read_only" | "following_other";

function stateKey(state: SyncState): Spoken {
  switch (state) {
    case "offline":
    case "throttled":
    case "stripe_error":
    case "no_key":
    case "key_rejected":
    case "read_only":
      return state;
    default:
      return "following_other";
  }
}
