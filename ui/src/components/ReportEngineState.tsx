import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useTimeZone } from "../data/active_store";
import type { ReportsView } from "../ipc/generated/ReportsView";
import { Cell, Cells } from "../ui/Cells";
import { Tag } from "../ui/Tag";
import state from "./Klaviyo.module.css";
import own from "./KlaviyoEvents.module.css";

/** Who syncs, by which metric conversions are counted, whether revenue comes too, in which days, and whose a day's calls are. */
export function ReportEngineState({ view, change }: { view: ReportsView; change: () => void }) {
  const { t } = useTranslation();
  const zone = useTimeZone();
  return (
    <section className={state["state"]} aria-label={t("reports.state")} data-testid="reports-state" data-engine={view.engine}>
      <Cells>
        <Cell name={t("reports.engine")}>
          <span className={own["policy"]}>
            <Tag tone={view.engine === "local" ? "accent" : "violet"} dot>{t(`report_engine.${view.engine}`)}</Tag>
            <Button size="compact-xs" data-testid="report-engine" onClick={change}>{t("klaviyo_events.change_policy")}</Button>
          </span>
        </Cell>
        <Cell name={t("reports.metric")}><bdi>{view.metric_name ?? t("common.none")}</bdi></Cell>
        <Cell name={t("reports.revenue")}>{t(view.do_not_order_sync === false ? "reports.revenue_synced" : "reports.revenue_not_synced")}</Cell>
        <Cell name={t("reports.zone")}>
          {view.time_zone === null ? t("common.unknown") : view.time_zone === zone ? view.time_zone : t("reports.zone_other", { zone: view.time_zone, store: zone })}
        </Cell>
        {view.engine === "local" ? <Cell name={t("reports.budget")}>{t(view.shared_budget ? "reports.budget_shared" : "reports.budget_each")}</Cell> : null}
      </Cells>
      <p className={state["meaning"]}>{t(`report_engine_meaning.${view.engine}`)}</p>
    </section>
  );
}
