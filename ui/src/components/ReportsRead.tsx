import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import type { ReportKindView } from "../ipc/generated/ReportKindView";
import { Section } from "../ui/Page";
import table from "../ui/table.module.css";
import { Instant } from "./Values";

/** What was read here before the report server took over: it stays, and grows no more. */
export function ReportsRead({ kinds, store }: { kinds: readonly ReportKindView[]; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Section title={t("reports.read_before")} note={t("reports.read_before_note")} flush>
      <table className={table["table"]} aria-label={t("reports.read_before")}>
        <thead>
          <tr>
            <th scope="col">{t("reports.kind")}</th>
            <th scope="col">{t("reports.last")}</th>
            <th scope="col" className={table["number"]}>{t("reports.days_read")}</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map((view) => (
            <tr key={view.kind}>
              <td><Link className={table["link"]} to="/s/$store/reports/$kind" params={{ store, kind: view.kind }}>{t(`report_kind.${view.kind}`)}</Link></td>
              <td>{view.last_at === null ? t("reports.never") : <Instant at={view.last_at} />}</td>
              <td className={table["number"]}>{format.count(view.days_known)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
