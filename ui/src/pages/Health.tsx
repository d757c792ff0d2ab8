import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { MirrorTools } from "../components/MirrorTools";
import { Instant } from "../components/Values";
import { Webhooks } from "../components/Webhooks";
import { useStore, useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { useNow } from "../data/now";
import { useSlowestPoll } from "../data/pace";
import { healthQuery } from "../data/queries";
import { useWords } from "../data/words";
import type { Health as HealthReply } from "../ipc/generated/Health";
import type { NamedCount } from "../ipc/generated/NamedCount";
import { readFreshness } from "../lib/freshness";
import { Cell, Cells } from "../ui/Cells";
import { ErrorPanel, TroubleText, Waiting } from "../ui/Feedback";
import { CopyId } from "../ui/Copy";
import { Fact, Facts } from "../ui/Facts";
import { Icon } from "../ui/Icon";
import { Columns, Page, Section, Stack } from "../ui/Page";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import { toastError } from "../ui/Toasts";
import css from "./Health.module.css";

/** What is complete, what is missing, and why. */
export function Health() {
  const { t } = useTranslation();
  const store = useStoreId();
  const { data, error, isError, refetch } = useQuery(healthQuery(store));
  return (
    <Page title={t("health.title")} note={t("health.note")} actions={<SyncActions store={store} />}>
      {data === undefined ? (
        isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Section><Waiting rows={10} /></Section>
      ) : (
        <Body health={data} store={store} />
      )}
    </Page>
  );
}

function SyncActions({ store }: { store: string }) {
  const { t } = useTranslation();
  const view = useStore();
  const sync = useCommand("sync_now", store, ["sync", "preorders"]);
  const [asking, setAsking] = useState(false);
  const refusal = useRefusal("repair");
  if (view === undefined || view.read_only) return null;
  const noKey = view.key_source === "none";
  const why = noKey ? t("health.needs_key") : refusal;
  const failed = { onError: toastError };
  return (
    <>
      <Button disabled={why !== undefined} title={why} onClick={() => setAsking(true)}>{t("health.list_again")}</Button>
      <Button
        variant="filled" leftSection={<Icon name="refresh" size={13} />} disabled={noKey} title={noKey ? t("health.needs_key") : undefined}
        loading={sync.isPending} onClick={() => sync.mutate({}, failed)}
      >
        {t("freshness.sync_now")}
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title={t("health.list_again_title")} closeButtonProps={{ "aria-label": t("common.close") }}>
        <p className={css["ask"]}>{t("health.list_again_text")}</p>
        <div className={css["answers"]}>
          <Button onClick={() => setAsking(false)}>{t("common.cancel")}</Button>
          <Button
            variant="filled" data-autofocus
            onClick={() => {
              setAsking(false);
              sync.mutate({ full: true }, failed);
            }}
          >
            {t("health.list_again_do")}
          </Button>
        </div>
      </Modal>
    </>
  );
}

function Body({ health, store }: { health: HealthReply; store: string }) {
  const { t } = useTranslation();
  return (
    <>
      <State health={health} />
      <Section title={t("health.kinds")} note={t("health.kinds_note")} flush><Kinds health={health} /></Section>
      <Webhooks store={store} />
      <Columns shape="even">
        <Stack>
          <Section title={t("health.recounts")} note={t("health.recounts_note")} flush><Recounts health={health} /></Section>
          <Section title={t("health.notices")} flush><Notices health={health} /></Section>
        </Stack>
        <Stack>
          <Section title={t("health.errors")} flush><Errors health={health} /></Section>
          <Section title={t("health.unusual")} note={t("health.unusual_note")}><Unusual health={health} /></Section>
          <Section title={t("health.mirror")}><MirrorTools health={health} /></Section>
        </Stack>
      </Columns>
    </>
  );
}

function State({ health }: { health: HealthReply }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const { freshness, limiter, clock_skew_s: skew } = health;
  const reading = readFreshness(freshness, now, skew, useSlowestPoll());
  const polled = freshness.state !== "read_only";
  const skewed = skew !== null && Math.abs(skew) >= 60;
  return (
    <section className={css["state"]} aria-label={t("health.state")}>
      <Cells>
        <Cell name={t("health.state")} tone={reading.tone}>{t(`freshness.word.${reading.word}`)}</Cell>
        <Cell name={t("freshness.complete_up_to")}>{freshness.complete_up_to === null ? t("freshness.not_yet") : <Instant at={freshness.complete_up_to} />}</Cell>
        {polled ? (
          <>
            <Cell name={t("health.lease")}>{health.holds_lease ? t("health.lease_here") : t("health.lease_other")}</Cell>
            <Cell name={t("freshness.next_poll")}>{freshness.next_poll_at === null ? t("freshness.none") : format.distance(Math.max(now, freshness.next_poll_at), now)}</Cell>
            <Cell name={t("health.requests")}>{t("health.requests_of", { requests: format.count(limiter.requests), max: format.count(limiter.max_per_s) })}</Cell>
            <Cell name={t("health.throttled")}>{t("health.throttled_of", { throttled: format.count(limiter.throttled), retries: format.count(limiter.retries) })}</Cell>
            <Cell name={t("health.clock")} tone={skewed ? "late" : undefined}>
              {skew === null ? t("freshness.none") : Math.abs(skew) < 5 ? t("health.clock_right") : t(skew > 0 ? "health.clock_fast" : "health.clock_slow", { count: Math.abs(skew), n: format.count(Math.abs(skew)) })}
            </Cell>
          </>
        ) : null}
      </Cells>
      <p className={css["meaning"]}>
        {reading.word === "live" && health.kinds.some((kind) => kind.missing_permission !== null)
          ? t("health.live_in_part")
          : t(`freshness.meaning.${reading.word}`)}
      </p>
      {limiter.breaker_open ? <p className={css["problem"]}>{t("health.breaker_open")}</p> : null}
      {freshness.error_message === null ? null : (
        <p className={css["problem"]}>
          <TroubleText trouble={{ code: freshness.error_code ?? "", message: freshness.error_message, hint: freshness.error_hint ?? "" }} />{" "}
          <code className={table["mono"]}>{freshness.error_code}</code>
        </p>
      )}
    </section>
  );
}

function Kinds({ health }: { health: HealthReply }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useWords();
  return (
    <table className={table["table"]} aria-label={t("health.kinds")}>
      <thead>
        <tr>
          <th scope="col">{t("health.kind")}</th>
          <th scope="col" className={table["number"]}>{t("health.in_mirror")}</th>
          <th scope="col">{t("freshness.complete_up_to")}</th>
          <th scope="col">{t("health.missing")}</th>
        </tr>
      </thead>
      <tbody>
        {health.kinds.map((kind) => (
          <tr key={kind.kind}>
            <td title={kind.kind}>{words.kind(kind.kind)}</td>
            <td className={table["number"]}>{format.count(kind.count)}</td>
            <td>{kind.complete_up_to === null ? <span className={table["dim"]}>{t("freshness.not_yet")}</span> : <Instant at={kind.complete_up_to} />}</td>
            <td>
              {kind.missing_permission === null ? null : (
                <span className={css["permission"]}>
                  <Tag tone="amber">{t("health.not_readable")}</Tag>
                  {t("health.needs_permission")} <CopyId id={kind.missing_permission} label={t("health.permission")} />
                </span>
              )}
              {kind.gaps.map((gap) => (
                <span key={`${gap.from} ${gap.to}`} className={css["gap"]}>
                  {gap.from === 0
                    ? t("health.gap_from_start", { reason: words.gap(gap.reason) })
                    : t("health.gap", { from: format.instant(gap.from), to: format.instant(gap.to), reason: words.gap(gap.reason) })}
                </span>
              ))}
              {kind.missing_permission === null && kind.gaps.length === 0 ? (
                <span className={table["dim"]}>{kind.complete_up_to === null ? t("health.not_listed") : t("health.nothing_missing")}</span>
              ) : null}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const REACHES = ["10m", "24h", "30d"] as const;

function Recounts({ health }: { health: HealthReply }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <table className={table["table"]} aria-label={t("health.recounts")}>
      <thead>
        <tr>
          <th scope="col">{t("health.reach")}</th>
          <th scope="col">{t("health.last_ended")}</th>
          <th scope="col" className={table["number"]}>{t("health.found_late")}</th>
        </tr>
      </thead>
      <tbody>
        {health.recounts.map((recount) => {
          const reach = REACHES.find((known) => known === recount.reach);
          return (
            <tr key={recount.reach}>
              <td>{reach === undefined ? recount.reach : t(`health.reaches.${reach}`)}</td>
              <td><Instant at={recount.last_at} /></td>
              <td className={table["number"]}>{format.count(recount.found)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Notices({ health }: { health: HealthReply }) {
  const { t } = useTranslation();
  const words = useWords();
  if (health.notices.length === 0) return <p className={css["none"]}>{t("health.no_notices")}</p>;
  return (
    <ul className={css["list"]}>
      {health.notices.map((notice) => (
        <li key={`${notice.at} ${notice.code} ${notice.detail}`}>
          <span className={css["when"]}><Instant at={notice.at} /></span>
          <span>
            {words.notice(notice.code)}
            {notice.detail === "" ? null : <span className={table["dim"]}> · {notice.detail}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Errors({ health }: { health: HealthReply }) {
  const { t } = useTranslation();
  if (health.errors.length === 0) return <p className={css["none"]}><Icon name="check" size={14} />{t("health.no_errors")}</p>;
  return (
    <ul className={`${css["list"]} ${css["scroll"]}`}>
      {health.errors.map((item) => (
        <li key={`${item.at} ${item.code} ${item.request_id ?? ""}`}>
          <span className={css["when"]}><Instant at={item.at} /></span>
          <span className={css["errorText"]}>
            <TroubleText trouble={{ ...item, hint: "" }} />
            <span className={css["codes"]}>
              <code>{item.code}</code>
              {item.request_id === null ? null : <CopyId id={item.request_id} label={t("health.request_id")} />}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Unusual({ health }: { health: HealthReply }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Facts>
      <Fact name={t("health.unfolded")}>{format.count(health.unfolded)}</Fact>
      <Fact name={t("health.unsettled")}>{format.count(health.unsettled)}</Fact>
      <Fact name={t("health.event_conflicts")}>{format.count(health.event_conflicts)}</Fact>
      <Fact name={t("health.skipped")}><Counts counts={health.skipped_types} /></Fact>
      <Fact name={t("health.unreadable")}><Counts counts={health.unreadable} /></Fact>
    </Facts>
  );
}

function Counts({ counts }: { counts: readonly NamedCount[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (counts.length === 0) return <span className={table["dim"]}>{t("common.none")}</span>;
  return (
    <ul>
      {counts.map(({ name, count }) => (
        <li key={name} className={css["count"]}>
          <code className={table["mono"]}>{name}</code>
          <span>{format.count(count)}</span>
        </li>
      ))}
    </ul>
  );
}
