import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { REPORT_KINDS } from "../lib/report_sync";
import css from "./Reports.module.css";

/** Leads from the syncs to what they brought. */
export function ReportTabs({ store }: { store: string }) {
  const { t } = useTranslation();
  return (
    <nav className={css["tabs"]} aria-label={t("reports.tabs")}>
      <Link className={css["tab"]} to="/s/$store/reports" params={{ store }} activeOptions={{ exact: true, includeSearch: false }} data-testid="report-tab-syncs">{t("reports.syncs")}</Link>
      {REPORT_KINDS.map((kind) => (
        <Link
          key={kind} className={css["tab"]} to="/s/$store/reports/$kind" params={{ store, kind }} activeOptions={{ exact: true, includeSearch: false }} data-testid={`report-tab-${kind}`}
        >
          {t(`report_kind.${kind}`)}
        </Link>
      ))}
    </nav>
  );
}
