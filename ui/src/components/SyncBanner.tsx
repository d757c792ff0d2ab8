import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { appInfoQuery, healthQuery } from "../data/queries";
import type { SyncState } from "../ipc/generated/SyncState";
import { shownState } from "../lib/freshness";
import { isKeyOf } from "../lib/guard";
import { Banner } from "../ui/Feedback";
import type { IconName } from "../ui/Icon";

type Look = { tone: "info" | "amber" | "red"; icon: IconName; way: "settings" | "health" | null };

/** States that a person must know of on every page. The others are in the pill alone. */
const LOOKS = {
  backfill: { tone: "info", icon: "info", way: null },
  healing: { tone: "info", icon: "info", way: null },
  offline: { tone: "amber", icon: "warning", way: "health" },
  throttled: { tone: "amber", icon: "pause", way: "health" },
  stripe_error: { tone: "amber", icon: "warning", way: "health" },
  no_key: { tone: "amber", icon: "key", way: "settings" },
  key_rejected: { tone: "red", icon: "key", way: "settings" },
  read_only: { tone: "info", icon: "file", way: null },
  following_other: { tone: "info", icon: "info", way: null },
} as const satisfies Partial<Record<SyncState, Look>>;

/** What the sync's state means for what is on screen, and the way out of it. */
export function SyncBanner() {
  const store = useStoreId();
  const { data } = useQuery(healthQuery(store));
  if (data === undefined) return null;
  const state = shownState(data.freshness);
  return isKeyOf(LOOKS, state) ? <Shown state={state} store={store} /> : null;
}

function Shown({ state, store }: { state: keyof typeof LOOKS; store: string }) {
  const { t } = useTranslation();
  const info = useQuery(appInfoQuery()).data;
  const look: Look = LOOKS[state];
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
    <Banner tone={look.tone} icon={look.icon} title={t(`banner.${state}.title`)} action={action}>
      {t(`banner.${state}.text`)}
      {state === "no_key" && info?.keychain_available === false ? ` ${t("welcome.no_keychain")}` : null}
    </Banner>
  );
}
