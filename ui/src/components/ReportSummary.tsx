import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { useReportWords } from "../data/report_words";
import type { ReportPage } from "../ipc/generated/ReportPage";
import { hasRevenue, STATISTICS } from "../lib/report_view";
import { Cell, Cells } from "../ui/Cells";
import state from "./Klaviyo.module.css";
import css from "./Reports.module.css";

/** The rate that stands behind a statistic. */
const RATE_OF = new Map([["opens_unique", "open_rate"], ["clicks_unique", "click_rate"], ["conversions", "conversion_rate"], ["submits", "submit_rate"]]);

/** What all of a kind came to. Members of segments have no sum: people are in several; and people whom Klaviyo counted once by day are summed. */
export function ReportSummary({ page, revenue }: { page: ReportPage; revenue: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useReportWords();
  const { total, currency, kind } = page;
  const shown = STATISTICS[kind].filter((name) => name !== "total_members");
  return (
    <section className={`${state["state"]} ${css["totals"]}`} aria-label={t("reports.totals")} data-testid="report-totals">
      <Cells>
        {shown.map((name) => {
          const count = total.statistics[name];
          const share = total.rates.find((one) => one.name === RATE_OF.get(name))?.share ?? null;
          return (
            <Cell key={name} name={words.statistic(name)} testId={`report-total-${name}`}>
              {count === undefined ? "–" : format.count(count)}{share === null ? null : <span className={css["rate"]}> {format.rate(share, 1)}</span>}
            </Cell>
          );
        })}
        {hasRevenue(kind) ? (
          <Cell name={words.statistic("value")}>
            {revenue ? (total.value_minor === null || currency === null ? "–" : format.money(total.value_minor, currency)) : t("reports.revenue_not_synced")}
          </Cell>
        ) : null}
      </Cells>
      {shown.includes("opens_unique") ? <p className={state["meaning"]} data-testid="report-uniques">{t("reports.uniques_note")}</p> : null}
    </section>
  );
}
