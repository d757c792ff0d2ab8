import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { useMinute, useNow } from "../data/now";
import { useReportWords } from "../data/report_words";
import type { ReportKindView } from "../ipc/generated/ReportKindView";
import type { ReportSyncState } from "../ipc/generated/ReportSyncState";
import { costOf, isOpen, progressOf } from "../lib/report_sync";
import { sentence, sentences } from "../lib/sentence";
import { Cell, Cells } from "../ui/Cells";
import { Icon } from "../ui/Icon";
import { Section } from "../ui/Page";
import { Remarks } from "../ui/Remarks";
import table from "../ui/table.module.css";
import type { Tone } from "../ui/Tag";
import { Tag } from "../ui/Tag";
import { toast } from "../ui/Toasts";
import { KlaviyoProblem } from "./KlaviyoProblem";
import { ReportPaceForm } from "./ReportPaceForm";
import css from "./Reports.module.css";
import { Instant } from "./Values";

const STATE_TONES: Record<ReportSyncState, Tone> = {
  queued: "grey", running: "accent", waiting: "amber", succeeded: "green", partial: "amber", failed: "red", skipped: "grey",
};

/** How the sync of one kind stands, what the next costs, how often it is done, and what can be done about it now. */
export function ReportKindCard({ view, store, needs }: { view: ReportKindView; store: string; needs: string | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cost = useId();
  const refusal = useRefusal("repair");
  const sync = useCommand("reports_sync", store, ["reports"]);
  const cancel = useCommand("reports_cancel", store, ["reports"]);
  const { kind } = view;
  const name = t(`report_kind.${kind}`);
  const open = isOpen(view);
  // One that waits after a failure may be tried at once; one that waits for a limit has to.
  const limited = view.code === "REPORTS_BUDGET" || view.code === "KLAVIYO_THROTTLED";
  const again = view.state === "failed" || view.state === "partial" || view.state === "waiting";
  const why = refusal ?? needs;
  return (
    <div data-testid={`report-${kind}`} data-state={view.state ?? "never"}>
      <Section
        title={name} note={<Link className={css["link"]} to="/s/$store/reports/$kind" params={{ store, kind }}>{t("reports.see_numbers")}</Link>}
        actions={
          <>
            {open ? (
              <Button
                data-testid={`report-cancel-${kind}`} aria-label={t("reports.cancel_kind", { kind: name })} disabled={refusal !== undefined} title={refusal} loading={cancel.isPending}
                onClick={() => cancel.mutate({ kinds: [kind] }, { onSuccess: () => toast(t("reports.cancelled", { kind: name })) })}
              >
                {t("common.cancel")}
              </Button>
            ) : null}
            {open && (view.state !== "waiting" || limited) ? null : (
              <Button
                data-testid={`report-sync-${kind}`} aria-label={t(again ? "reports.retry_kind" : "reports.sync_kind", { kind: name })} aria-describedby={cost} leftSection={<Icon name="refresh" size={13} />}
                disabled={why !== undefined} title={why} loading={sync.isPending} onClick={() => sync.mutate({ kinds: [kind] })}
              >
                {t(again ? "reports.retry" : "reports.sync")}
              </Button>
            )}
          </>
        }
      >
        <div className={css["card"]}>
          <Standing view={view} />
          <Cells fit="bare">
            <Cell name={t("reports.last")}>{view.last_at === null ? t("reports.never") : <Instant at={view.last_at} />}</Cell>
            <Cell name={t("reports.next")}>{open ? t("reports.under_way") : view.next_at === null ? t("reports.switched_off") : <NextDue at={view.next_at} />}</Cell>
            <Cell name={t("reports.rows")}>{format.count(view.rows)}</Cell>
            <Cell name={t("reports.days_read")}>{format.count(view.days_known)}</Cell>
            <Cell name={t("reports.calls_left")}><span data-testid={`report-calls-${kind}`}>{format.count(view.calls_left)}</span></Cell>
          </Cells>
          <p className={css["cost"]} id={cost} data-testid={`report-cost-${kind}`}><CostText view={view} /></p>
          <Reasons view={view} />
          {sync.error === null ? null : <KlaviyoProblem error={sync.error} />}
          {cancel.error === null ? null : <KlaviyoProblem error={cancel.error} />}
          <ReportPaceForm key={`${view.on} ${view.every_h}`} view={view} store={store} />
        </div>
      </Section>
    </div>
  );
}

function NextDue({ at }: { at: number }) {
  const { t } = useTranslation();
  const now = useMinute();
  return at <= now ? <>{t("reports.due_now")}</> : <Instant at={at} />;
}

/** Campaigns are asked for day by day, the others by spans of days. */
const byDay = (view: ReportKindView) => view.kind === "campaigns";

/** The state in a word, how far it is, and why it is no further. */
function Standing({ view }: { view: ReportKindView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const words = useReportWords();
  const progress = progressOf(view);
  const said = view.code === null ? null : words.trouble({ code: view.code, message: view.message ?? "", hint: view.hint ?? "" });
  const notes = [
    progress === null ? null : t("reports.progress", { done: format.count(progress.done), all: format.count(progress.all) }),
    view.state === "queued" && progress === null ? t("reports.taken_up_soon") : null,
    view.state === "running" && progress === null ? t("reports.listing") : null,
    view.until === null ? null : t("reports.waits_until", { time: format.instant(view.until), distance: format.distance(view.until, now) }),
    view.until === null && progress !== null && view.next_call_at > now ? t("reports.next_call", { time: format.clock(view.next_call_at) }) : null,
    isOpen(view) && view.reason !== null ? words.asked(view.reason) : null,
    !isOpen(view) && view.windows_failed > 0 ? t(byDay(view) ? "reports.days_failed" : "reports.windows_failed", { count: view.windows_failed, n: format.count(view.windows_failed) }) : null,
    !isOpen(view) && view.ended_at !== null ? t("reports.ended", { time: format.instant(view.ended_at) }) : null,
  ].filter((note) => note !== null);
  return (
    <>
      <p className={css["standing"]} role="status">
        <Tag tone={view.state === null ? "grey" : STATE_TONES[view.state]} dot>{view.state === null ? t("reports.never_synced") : t(`report_state.${view.state}`)}</Tag>
        <span className={table["dim"]} title={progress === null ? undefined : t("reports.call_meaning")}>{notes.join(" · ")}</span>
      </p>
      {progress === null ? null : <progress className={css["bar"]} max={progress.all} value={progress.done} aria-label={t("reports.progress_of", { kind: t(`report_kind.${view.kind}`) })} />}
      {said === null ? null : (
        <p className={view.state === "failed" ? css["failed"] : css["trouble"]} role={view.state === "failed" ? "alert" : undefined} data-testid={`report-trouble-${view.kind}`}>
          {sentences(sentence(said.message), sentence(said.hint))}{" "}
          {said.detail === null ? null : <bdi className={table["dim"]}>{sentence(said.detail)} </bdi>}
          <code className={table["mono"]}>{said.code}</code>
        </p>
      )}
    </>
  );
}

/** What a sync takes of the day's calls, now, and when the rest runs. */
function CostText({ view }: { view: ReportKindView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cost = costOf(view);
  switch (cost.kind) {
    case "unknown": return t("reports.cost_unknown", { left: format.count(view.calls_left) });
    case "nothing": return t("reports.cost_nothing");
    case "today": return t(isOpen(view) ? "reports.cost_to_go" : "reports.cost_today", { count: cost.calls, n: format.count(cost.calls), left: format.count(cost.left) });
    case "days": return t(isOpen(view) ? "reports.cost_to_go_days" : "reports.cost_days", {
      count: cost.days, n: format.count(cost.calls), today: format.count(cost.today), time: format.instant(cost.restAt), days: format.count(cost.days),
    });
  }
}

/** Why spans of days have no rows, with how many of them: nothing that was not read passes for a zero. */
function Reasons({ view }: { view: ReportKindView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useReportWords();
  if (view.reasons.length === 0) return null;
  const lines = (quiet: boolean) => view.reasons
    .filter(({ reason }) => (reason === "no_activity") === quiet)
    .map(({ reason, windows }) => t(byDay(view) ? "reports.reason_days" : "reports.reason", { count: windows, n: format.count(windows), reason: words.reason(reason) }));
  return <Remarks quiet label={t("reports.without_rows")} testId={`report-reasons-${view.kind}`} warnings={lines(false)} notes={lines(true)} />;
}
