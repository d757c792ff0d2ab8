import { Button, Popover, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { useStore, useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useFormat } from "../data/format";
import { useNow } from "../data/now";
import { useSlowestPoll } from "../data/pace";
import { healthQuery } from "../data/queries";
import { readFreshness } from "../lib/freshness";
import type { Health } from "../ipc/generated/Health";
import { Fact, Facts } from "../ui/Facts";
import { TroubleText } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { toastError } from "../ui/Toasts";
import css from "./FreshnessPill.module.css";

/** How far the mirror reaches, against now: always on screen, and never fresher than it is. */
export function FreshnessPill() {
  const { t } = useTranslation();
  const store = useStoreId();
  const { data, isError } = useQuery(healthQuery(store));

  if (data === undefined) {
    return (
      <span className={css["pill"]} data-testid="freshness" data-tone={isError ? "late" : "busy"} role="status">
        <span className={css["light"]} />
        {isError ? t("freshness.unknown") : t("freshness.reading")}
      </span>
    );
  }
  return <Known health={data} store={store} />;
}

function Known({ health, store }: { health: Health; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const view = useStore();
  const sync = useCommand("sync_now", store, ["sync", "preorders"]);
  const { freshness } = health;
  const reading = readFreshness(freshness, now, health.clock_skew_s, useSlowestPoll());
  const upTo = freshness.complete_up_to;
  const word = t(`freshness.word.${reading.word}`);
  // A time of day says too little once it is another day.
  const time = upTo === null ? null : (reading.ageS ?? 0) < 43_200 ? format.clock(upTo) : format.instant(upTo);
  const text = time === null ? word : t("freshness.up_to", { time, word });
  const age = reading.tone === "late" && upTo !== null ? format.distance(upTo, now) : null;

  return (
    <Popover position="bottom-end" width={320}>
      <Popover.Target>
        <UnstyledButton
          className={css["pill"]} data-testid="freshness" data-tone={reading.tone} data-state={freshness.state}
          aria-label={t("freshness.label", { text: age === null ? text : `${text} ${age}` })}
        >
          <span className={css["light"]} />
          <span>{text}</span>{" "}
          {age === null ? null : <span className={css["age"]}>{age}</span>}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <p className={css["meaning"]}>{t(`freshness.meaning.${reading.word}`)}</p>
        {freshness.error_message === null ? null : (
          <p className={css["error"]}>
            <TroubleText trouble={{ code: freshness.error_code ?? "", message: freshness.error_message, hint: freshness.error_hint ?? "" }} />
          </p>
        )}
        <Facts>
          <Fact name={t("freshness.complete_up_to")}>{upTo === null ? t("freshness.not_yet") : format.instant(upTo)}</Fact>
          <Fact name={t("freshness.last_answer")}>
            {freshness.last_success_at === null ? t("freshness.none") : format.distance(Math.min(freshness.last_success_at, now), now)}
          </Fact>
          <Fact name={t("freshness.next_poll")}>
            {freshness.next_poll_at === null ? t("freshness.none") : format.distance(Math.max(freshness.next_poll_at, now), now)}
          </Fact>
        </Facts>
        {view?.read_only === true ? null : (
          <Button
            mt={10} fullWidth leftSection={<Icon name="refresh" size={13} />} loading={sync.isPending}
            disabled={view?.key_source === "none"}
            onClick={() => sync.mutate({}, { onError: toastError })}
          >
            {t("freshness.sync_now")}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
