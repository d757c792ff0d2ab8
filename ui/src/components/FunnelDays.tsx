import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { DaySends } from "../charts/DayChart";
import { DayChart } from "../charts/DayChart";
import { useTimeZone } from "../data/active_store";
import { useFormat } from "../data/format";
import { reportSeriesQuery, reportsStatusQuery } from "../data/report_queries";
import type { FunnelRow } from "../ipc/generated/FunnelRow";
import type { ReportSeries } from "../ipc/generated/ReportSeries";
import type { FunnelView, Sender } from "../lib/funnel_view";
import { SENDERS, showsSends, switchSends } from "../lib/funnel_view";
import { Chip, Chips } from "../ui/Chip";
import { Section } from "../ui/Page";
import css from "./Reports.module.css";

/** The funnel day by day, with what campaigns and flows sent over it: did the reminder bring people back? */
export function FunnelDays({
  rows, store, view, from, to, show,
}: { rows: readonly FunnelRow[]; store: string; view: FunnelView; from: string; to: string; show: (change: FunnelView) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const zone = useTimeZone();
  const connected = useQuery(reportsStatusQuery(store)).data?.connected === true;
  const campaigns = useQuery({ ...reportSeriesQuery(store, { kind: "campaigns", from, to }), enabled: connected }).data;
  const flows = useQuery({ ...reportSeriesQuery(store, { kind: "flows", from, to }), enabled: connected }).data;
  const read = [...sendsOf("campaigns", campaigns), ...sendsOf("flows", flows)];
  const shown = connected ? read.filter(({ sender }) => showsSends(view, sender)) : [];
  const other = campaigns?.time_zone ?? flows?.time_zone ?? null;
  const unread = shown.map(({ by }) => rows.length - by.size).reduce((most, days) => Math.max(most, days), 0);
  const notes = [
    unread > 0 ? t("funnel.sends_unread", { count: unread, n: format.count(unread) }) : null,
    shown.length > 0 && other !== null && other !== zone ? t("funnel.sends_zone", { zone: other }) : null,
  ].filter((note) => note !== null);
  return (
    <Section
      title={t("funnel.by_day")} note={notes.length === 0 ? undefined : notes.join(" · ")}
      actions={
        !connected || campaigns === undefined || flows === undefined ? undefined : read.length === 0 ? (
          <Link className={css["link"]} to="/s/$store/reports" params={{ store }}>{t("funnel.sends_none")}</Link>
        ) : (
          <Chips label={t("funnel.sends")}>
            {SENDERS.filter((sender) => read.some((one) => one.sender === sender)).map((sender) => (
              <Chip key={sender} pressed={showsSends(view, sender)} onClick={() => show({ sends: switchSends(view, sender) })}>{t("chart.sends_key", { sender: t(`chart.${sender}`) })}</Chip>
            ))}
          </Chips>
        )
      }
    >
      <DayChart rows={rows} store={store} sends={shown} />
    </Section>
  );
}

/** What went out on each day that was read. A day without activity sent nothing; one that was not read is left out. */
function sendsOf(sender: Sender, series: ReportSeries | undefined): DaySends[] {
  const known = series?.days.filter((day) => day.known) ?? [];
  return known.length === 0 ? [] : [{ sender, by: new Map(known.map((day) => [day.day, day.statistics["recipients"] ?? 0])) }];
}
