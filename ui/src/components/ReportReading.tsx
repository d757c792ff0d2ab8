import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { useMinute } from "../data/now";
import { useReportWords } from "../data/report_words";
import type { ReportKindView } from "../ipc/generated/ReportKindView";
import { progressOf } from "../lib/report_sync";
import type { Reading, Run } from "../lib/report_view";
import css from "./Reports.module.css";

/** Runs of days that are named before the rest is only counted. */
const NAMED = 3;

/** Which of the days are read, when, and which are not and why: what is counted is of the days that are read alone. */
export function ReportReading({ reading, sync, store }: { reading: Reading; sync: ReportKindView | undefined; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useMinute();
  const words = useReportWords();
  const n = (count: number) => ({ count, n: format.count(count) });
  const quiet = reading.quiet === 0 ? null : t("reports.quiet", n(reading.quiet));
  const read = reading.readAt === null ? null : t("reports.read_at", { time: format.short(reading.readAt, now) });
  if (reading.gaps.length === 0) {
    return <p className={css["read"]} data-testid="report-reading">{[t("reports.all_read", n(reading.all)), read, quiet].filter((part) => part !== null).join(" · ")}</p>;
  }
  const span = (run: Run) => (run.days === 1 ? format.day(run.from) : `${format.day(run.from)} – ${format.day(run.to)}`);
  const progress = sync === undefined ? null : progressOf(sync);
  return (
    <div className={css["ranges"]} role="status" data-testid="report-reading">
      <p>
        <strong>{t("reports.part_read", { ...n(reading.all), known: format.count(reading.known) })}</strong>
        {[read, quiet].filter((part) => part !== null).map((part) => ` · ${part}`).join("")}
      </p>
      <ul>
        {reading.gaps.map(({ reason, days, runs }) => (
          <li key={reason}>
            {t("reports.days_why", { ...n(days), reason: words.reason(reason), runs: runs.slice(-NAMED).map(span).join(", ") })}
            {runs.length > NAMED ? ` ${t("reports.more_runs", n(runs.length - NAMED))}` : ""}
          </li>
        ))}
      </ul>
      <p>
        {progress === null ? null : <span title={t("reports.call_meaning")}>{t("reports.progress", { done: format.count(progress.done), all: format.count(progress.all) })}</span>}
        {progress === null ? null : " · "}
        <Link className={css["link"]} to="/s/$store/reports" params={{ store }}>{t(progress === null ? "reports.to_syncs" : "reports.to_running")}</Link>
      </p>
    </div>
  );
}
