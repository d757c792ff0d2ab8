import { Button, Select } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { SeriesChart } from "../charts/SeriesChart";
import { ExportButton } from "../components/ExportMenu";
import { RangePicker } from "../components/RangePicker";
import css from "../components/Reports.module.css";
import { ReportReading } from "../components/ReportReading";
import { ReportSummary } from "../components/ReportSummary";
import { ReportTabs } from "../components/ReportTabs";
import { NotConnected } from "../components/ReportTrouble";
import { useStoreId, useTimeZone } from "../data/active_store";
import { useFormat } from "../data/format";
import { useMinute } from "../data/now";
import { reportPagesQuery, reportSeriesQuery, reportsStatusQuery } from "../data/report_queries";
import { useReportWords } from "../data/report_words";
import type { ReportKind } from "../ipc/generated/ReportKind";
import type { ReportsView } from "../ipc/generated/ReportsView";
import { REPORT_KINDS } from "../lib/report_sync";
import type { ReportSort, ReportView } from "../lib/report_view";
import { charted, isRate, numberOf, readingOf, readReportView, REPORT_SPANS, reportPageArgs, reportSpan, sortOf, statOf } from "../lib/report_view";
import { dayOf } from "../lib/time";
import { ReportTable } from "../table/ReportTable";
import { useRowKeys } from "../table/row_keys";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Page, Section } from "../ui/Page";

/** What campaigns, flows, segments or forms came to over some days. */
export function ReportNumbers() {
  const { t } = useTranslation();
  const store = useStoreId();
  const { kind: named } = useParams({ strict: false });
  const kind = REPORT_KINDS.find((one) => one === named) ?? "campaigns";
  const { data: status, error, isError, refetch } = useQuery(reportsStatusQuery(store));
  if (status?.connected === true) return <Numbers key={`${store} ${kind}`} kind={kind} status={status} store={store} />;
  return (
    <Page title={t(`report_kind.${kind}`)} note={t(`report_note.${kind}`)}>
      {status === undefined ? (isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Section><Waiting rows={8} /></Section>) : <NotConnected store={store} />}
    </Page>
  );
}

function Numbers({ kind, status, store }: { kind: ReportKind; status: ReportsView; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useReportWords();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const view = useMemo(() => readReportView(search), [search]);
  // Days are the account's, and not the store's.
  const storeZone = useTimeZone();
  const zone = status.time_zone ?? storeZone;
  const today = dayOf(useMinute(), zone);
  const { from, to } = reportSpan(view, today);
  const revenue = status.do_not_order_sync === false;
  const stat = statOf(view, kind, revenue);
  const sort = sortOf(view, kind);
  const args = useMemo(() => reportPageArgs(view, kind, { from, to }), [view, kind, from, to]);
  const pages = useInfiniteQuery(reportPagesQuery(store, args));
  const series = useQuery(reportSeriesQuery(store, { kind, from, to, ...(view.sel === undefined ? {} : { entity: view.sel }) }));
  const [first] = pages.data?.pages ?? [];
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows.map((row) => ({ ...row, currency: page.currency }))) ?? [], [pages.data]);
  const show = useCallback((change: Partial<ReportView>) => {
    void navigate({
      to: "/s/$store/reports/$kind", params: { store, kind }, replace: true, search: (before: Record<string, unknown>) => readReportView({ ...before, ...change }),
    });
  }, [navigate, store, kind]);
  const select = useCallback((sel: string | undefined) => show({ sel }), [show]);
  const ids = useMemo(() => rows.map((row) => row.id), [rows]);
  useRowKeys(kind, ids, view.sel, select, select);
  const reading = series.data === undefined ? undefined : readingOf(series.data.days);
  const sync = status.kinds.find((one) => one.kind === kind);
  const nothing = sync?.code === "REPORTS_NOTHING_THERE" && rows.length === 0;
  const loadMore = () => void pages.fetchNextPage({ cancelRefetch: false });
  const error = pages.isError && rows.length === 0 ? pages.error : series.isError ? series.error : null;
  return (
    <Page
      fill title={t(`report_kind.${kind}`)} note={`${t(`report_note.${kind}`)} · ${t("reports.days_in", { from: format.day(from), to: format.day(to), zone })}`}
      actions={<ExportButton what={kind} />}
    >
      <ReportTabs store={store} />
      <div className={css["toolbar"]} role="search" aria-label={t("reports.choose")}>
        <RangePicker
          spans={REPORT_SPANS} span={view.days ?? "30"} custom={view.from !== undefined} from={from} to={to} today={today}
          onSpan={(days) => show({ from: undefined, to: undefined, days })} onDays={(days) => show({ ...days, days: undefined })}
        />
        <Select
          w={200} aria-label={t("reports.statistic")} allowDeselect={false} value={stat} data={charted(kind, revenue).map((value) => ({ value, label: words.statistic(value) }))}
          onChange={(value) => show({ stat: value ?? undefined })}
        />
      </div>
      {error === null ? null : <ErrorPanel error={error} retry={() => { void pages.refetch(); void series.refetch(); }} />}
      {reading === undefined || nothing ? null : <ReportReading reading={reading} sync={sync} store={store} />}
      {first === undefined || reading === undefined ? (error === null ? <Waiting rows={8} /> : null) : rows.length === 0 ? (
        nothing ? <Empty icon="chart" title={t("report_why.REPORTS_NOTHING_THERE")}>{t("reports.nothing_there_text")}</Empty> : reading.known === 0
          ? <Empty icon="chart" title={t("reports.none_read")}>{t(status.engine === "server" ? "reports.none_read_server" : "reports.none_read_text")}</Empty>
          : <Empty icon="chart" title={t("reports.no_activity")}>{t("reports.no_activity_text")}</Empty>
      ) : (
        <>
          <ReportSummary page={first} revenue={revenue} />
          <div className={css["chart"]}>
            <Section
              title={<>{words.statistic(stat)} · <bdi data-testid="charted">{view.sel === undefined ? t(`reports.all.${kind}`) : (rows.find((row) => row.id === view.sel)?.name ?? view.sel)}</bdi></>}
              note={stat === "total_members" && view.sel === undefined ? t("reports.members_note") : undefined}
              actions={view.sel === undefined ? undefined : <Button size="compact-xs" data-testid="chart-all" onClick={() => select(undefined)}>{t("reports.chart_all")}</Button>}
            >
              <SeriesChart
                name={words.statistic(stat)} money={stat === "value"} write={(value) => (stat === "value" ? (first.currency === null ? format.count(value) : format.money(value, first.currency)) : isRate(stat) ? (format.rate(value, 100) ?? "") : format.count(value))}
                days={series.data?.days.map((day) => ({
                  day: day.day, value: numberOf(day, stat), known: day.known, why: day.reason === null ? null : words.reason(day.reason),
                })) ?? []}
              />
            </Section>
          </div>
          <div className={css["list"]}>
            <ReportTable
              kind={kind} revenue={revenue} rows={rows} store={store} total={first.count} sort={sort} ascending={view.asc ?? false} onSort={(by: ReportSort, asc) => show({ sort: by, asc })}
              selected={view.sel} onSelect={select} onOpen={select} hasMore={pages.hasNextPage && !pages.isFetchingNextPage && !pages.isFetchNextPageError} loadMore={loadMore}
              placeKey={`${kind} ${store} ${JSON.stringify(args)}`}
              foot={
                pages.isFetchNextPageError ? <div className={css["foot"]}><ErrorPanel error={pages.error} retry={loadMore} /></div> : (
                  <p className={css["foot"]}>{pages.hasNextPage ? t("preorders.loading_more") : t("reports.end", { count: rows.length, n: format.count(rows.length) })}</p>
                )
              }
            />
          </div>
        </>
      )}
    </Page>
  );
}
