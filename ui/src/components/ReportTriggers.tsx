import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { useReportWords } from "../data/report_words";
import type { ReportTriggerView } from "../ipc/generated/ReportTriggerView";
import { sentence, sentences } from "../lib/sentence";
import { Section } from "../ui/Page";
import table from "../ui/table.module.css";
import type { Tone } from "../ui/Tag";
import { Tag } from "../ui/Tag";
import css from "./Reports.module.css";
import { Instant } from "./Values";

const TONES = new Map<string, Tone>([["queued", "grey"], ["accepted", "green"], ["failed", "red"], ["unknown", "amber"]]);

/** What the report server was told, newest first, and what came of it. */
export function ReportTriggers({ triggers }: { triggers: readonly ReportTriggerView[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useReportWords();
  return (
    <Section title={t("reports.told")} note={t("reports.told_note")} flush>
      {triggers.length === 0 ? <p className={css["none"]}>{t("reports.told_nothing")}</p> : (
        <table className={table["table"]} aria-label={t("reports.told")}>
          <thead>
            <tr>
              <th scope="col">{t("reports.told_at")}</th>
              <th scope="col">{t("reports.told_why")}</th>
              <th scope="col">{t("reports.told_state")}</th>
              <th scope="col" className={table["number"]}>{t("reports.attempts")}</th>
              <th scope="col">{t("reports.answer")}</th>
            </tr>
          </thead>
          <tbody>
            {triggers.map((one) => {
              const said = one.code === null ? null : words.serverTrouble({ code: one.code, message: one.message ?? "", hint: "" });
              return (
                <tr key={one.seq} data-testid="report-trigger" data-state={one.state}>
                  <td><Instant at={one.queued_at} /></td>
                  <td>{words.asked(one.reason)}</td>
                  <td><Tag tone={TONES.get(one.state) ?? "grey"} dot>{words.triggerState(one.state)}</Tag></td>
                  <td className={table["number"]}>{format.count(one.attempts)}</td>
                  <td>
                    {one.http_status === null ? null : <span>{t("reports.answered", { status: one.http_status })} </span>}
                    {one.unanswered === 0 ? null : <span className={table["dim"]}>{t("reports.unanswered", { count: one.unanswered, n: format.count(one.unanswered) })} </span>}
                    {said === null ? null : <span>{sentences(sentence(said.message), sentence(said.hint))} {said.detail === null ? null : <bdi className={table["dim"]}>{sentence(said.detail)} </bdi>}<code className={table["mono"]}>{said.code}</code> </span>}
                    {one.next_at === null ? null : <span className={table["dim"]}>{t("reports.told_again", { time: format.instant(one.next_at) })}</span>}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </Section>
  );
}
