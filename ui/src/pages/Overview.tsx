import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { KindNotice } from "../components/KindNotice";
import { StatusTag } from "../components/StatusTag";
import { Given, Instant, Money } from "../components/Values";
import { useStoreId } from "../data/active_store";
import { useFormat } from "../data/format";
import { overviewQuery } from "../data/queries";
import type { Attention } from "../ipc/generated/Attention";
import type { Overview as OverviewReply } from "../ipc/generated/Overview";
import type { OverviewSpan } from "../ipc/generated/OverviewSpan";
import type { PreorderRow } from "../ipc/generated/PreorderRow";
import type { Severity } from "../ipc/generated/Severity";
import type { StatusCount } from "../ipc/generated/StatusCount";
import type { PreorderFilter } from "../lib/preorder_filter";
import { STEPS } from "../lib/preorder_filter";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Columns, Page, Section, Stack } from "../ui/Page";
import table from "../ui/table.module.css";
import css from "./Overview.module.css";

const RESTS_ON = ["event", "checkout.session", "payment_intent", "charge", "refund", "dispute", "customer"];

/** What happened today and lately, and what needs a person. */
export function Overview() {
  const { t } = useTranslation();
  const format = useFormat();
  const store = useStoreId();
  const { data, error, isError, refetch } = useQuery(overviewQuery(store));

  const note = data === undefined ? undefined : t("overview.note", { day: format.day(data.today.to, "long"), zone: data.time_zone });
  return (
    <Page title={t("overview.title")} note={note}>
      <KindNotice kinds={RESTS_ON} />
      {data === undefined ? (
        isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Section><Waiting rows={10} /></Section>
      ) : (
        <Body data={data} store={store} />
      )}
    </Page>
  );
}

function Body({ data, store }: { data: OverviewReply; store: string }) {
  const { t } = useTranslation();
  return (
    <>
      <Headline data={data} store={store} />
      <Columns shape="wide_left">
        <Stack>
          <Section title={t("overview.funnel")} flush actions={<Link className={css["more"]} to="/s/$store/funnel" params={{ store }}>{t("overview.to_funnel")}</Link>}>
            <Spans data={data} store={store} />
          </Section>
          <Section title={t("overview.latest")} flush actions={<Link className={css["more"]} to="/s/$store/preorders" params={{ store }}>{t("overview.to_preorders")}</Link>}>
            <Latest rows={data.latest} store={store} />
          </Section>
        </Stack>
        <Stack>
          <Section title={t("overview.attention")} flush><AttentionList items={data.attention} store={store} /></Section>
          <Section title={t("overview.revenue")} note={t("overview.revenue_note")} flush><RevenueTable data={data} /></Section>
          <Section title={t("overview.by_status")} flush><Statuses counts={data.by_status} store={store} /></Section>
        </Stack>
      </Columns>
    </>
  );
}

/** Today in four numbers, each against yesterday. */
function Headline({ data, store }: { data: OverviewReply; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { today, yesterday, last_7_days: week, previous_7_days: before } = data;
  const yesterdayWas = (text: string) => t("overview.yesterday_was", { text });
  const change = format.change(week.funnel.started, before.funnel.started);
  const points = format.points([week.funnel.paid, week.funnel.started], [before.funnel.paid, before.funnel.started]);
  return (
    <ul className={css["headline"]} aria-label={t("overview.today")}>
      <Figure
        name={t("overview.started_today")} value={<NumberLink count={today.funnel.started} filter={{ from: today.from, to: today.to }} store={store} />}
        note={yesterdayWas(format.count(yesterday.funnel.started))}
      />
      <Figure
        name={t("overview.paid_today")} value={<NumberLink count={today.funnel.paid} filter={{ from: today.from, to: today.to, step: "paid" }} store={store} />}
        note={yesterdayWas(format.count(yesterday.funnel.paid))}
      />
      <Figure
        name={t("overview.conversion_7")} value={format.rate(week.funnel.paid, week.funnel.started) ?? "–"}
        note={points === null ? t("overview.no_comparison") : t("overview.points", { points })}
      />
      <Figure
        name={t("overview.started_7")} value={<NumberLink count={week.funnel.started} filter={{ from: week.from, to: week.to }} store={store} />}
        note={change === null ? t("overview.no_comparison") : t("overview.change_7", { change })}
      />
    </ul>
  );
}

function Figure({ name, value, note }: { name: string; value: ReactNode; note: string }) {
  return (
    <li className={css["figure"]} data-testid="figure">
      <span className={css["figureName"]}>{name}</span>
      <span className={css["figureValue"]}>{value}</span>
      <span className={css["figureNote"]}>{note}</span>
    </li>
  );
}

function NumberLink({ count, filter, store }: { count: number; filter: PreorderFilter; store: string }) {
  const format = useFormat();
  return <Link className={table["link"]} to="/s/$store/preorders" params={{ store }} search={filter}>{format.count(count)}</Link>;
}

function Spans({ data, store }: { data: OverviewReply; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const spans: [string, OverviewSpan][] = [
    [t("overview.span.today"), data.today],
    [t("overview.span.yesterday"), data.yesterday],
    [t("overview.span.last_7_days"), data.last_7_days],
    [t("overview.span.previous_7_days"), data.previous_7_days],
  ];
  return (
    <table className={table["table"]} aria-label={t("overview.funnel")}>
      <thead>
        <tr>
          <th scope="col">{t("overview.step")}</th>
          {spans.map(([name, span]) => (
            <th key={name} scope="col" className={table["number"]} colSpan={2} title={t("overview.span_days", { from: format.day(span.from), to: format.day(span.to) })}>{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {STEPS.map((step) => (
          <tr key={step}>
            <td title={t(`step_meaning.${step}`)}>{t(`step.${step}`)}</td>
            {spans.map(([name, { funnel, from, to }]) => [
              <td key={name} className={table["number"]}>
                <NumberLink count={funnel[step]} filter={{ from, to, ...(step === "started" ? {} : { step }) }} store={store} />
              </td>,
              <td key={`${name} rate`} className={css["rate"]}>
                {step === "started" ? "" : (format.rate(funnel[step], funnel.started) ?? "–")}
              </td>,
            ])}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Latest({ rows, store }: { rows: readonly PreorderRow[]; store: string }) {
  const { t } = useTranslation();
  if (rows.length === 0) return <Empty icon="preorders" title={t("preorders.none")}>{t("preorders.none_text")}</Empty>;
  return (
    <table className={table["table"]} aria-label={t("overview.latest")}>
      <thead>
        <tr>
          <th scope="col">{t("table.status")}</th>
          <th scope="col">{t("table.customer")}</th>
          <th scope="col" className={table["number"]}>{t("table.amount")}</th>
          <th scope="col">{t("table.color")}</th>
          <th scope="col" className={table["number"]}>{t("table.started")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, 10).map((row) => (
          <tr key={row.id}>
            <td><StatusTag status={row.status} /></td>
            <td className={css["who"]}>
              <Link className={table["link"]} to="/s/$store/preorders/$id" params={{ store, id: row.id }}><Given text={row.email ?? row.name ?? row.id} /></Link>
            </td>
            <td className={table["number"]}><Money minor={row.amount_minor} currency={row.currency} /></td>
            <td className={css["color"]}><Given text={row.color} /></td>
            <td className={table["number"]}><Instant at={row.started_at} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RevenueTable({ data }: { data: OverviewReply }) {
  const { t } = useTranslation();
  const week = data.last_7_days.revenue;
  if (week.length === 0) return <p className={css["nothing"]}>{t("overview.no_revenue")}</p>;
  const today = new Map(data.today.revenue.map((line) => [line.currency, line]));
  return (
    <table className={table["table"]} aria-label={t("overview.revenue")}>
      <thead>
        <tr>
          <th scope="col">{t("overview.currency")}</th>
          <th scope="col" className={table["number"]}>{t("overview.span.today")}</th>
          <th scope="col" className={table["number"]}>{t("overview.span.last_7_days")}</th>
        </tr>
      </thead>
      <tbody>
        {week.map((line) => (
          <tr key={line.currency}>
            <td className={css["currency"]}>{line.currency}</td>
            <td className={table["number"]}><Money minor={today.get(line.currency)?.paid_minor ?? 0} currency={line.currency} /></td>
            <td className={table["number"]}>
              <Money minor={line.paid_minor} currency={line.currency} />
              {line.refunded_minor === 0 ? null : (
                <div className={css["refunded"]}><Refunded minor={line.refunded_minor} currency={line.currency} /></div>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Refunded({ minor, currency }: { minor: number; currency: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return <>{t("overview.refunded", { amount: format.money(minor, currency) })}</>;
}

function Statuses({ counts, store }: { counts: readonly StatusCount[]; store: string }) {
  const { t } = useTranslation();
  const known = counts.filter(({ count }) => count > 0);
  const most = Math.max(1, ...known.map(({ count }) => count));
  if (known.length === 0) return <p className={css["nothing"]}>{t("preorders.none")}</p>;
  return (
    <ul className={css["statuses"]}>
      {known.map(({ status, count }) => (
        <li key={status} className={css["statusRow"]}>
          <StatusTag status={status} />
          <span className={css["statusTrack"]}><span className={css["statusLevel"]} style={{ width: `${(count / most) * 100}%` }} /></span>
          <span className={css["statusCount"]}><NumberLink count={count} filter={{ status: [status] }} store={store} /></span>
        </li>
      ))}
    </ul>
  );
}

/** Where each thing is looked at; what is not named here is looked at in Health. */
const ATTENTION_FILTER: Record<string, PreorderFilter> = {
  conflicting_ids: { conflict: true },
  open_disputes: { status: ["disputed"] },
  failed_payments: { status: ["failed"] },
};

const ATTENTION_SEVERITY: Record<string, Severity> = { stuck_critical: "critical", stuck_warning: "warning" };

function AttentionList({ items, store }: { items: readonly Attention[]; store: string }) {
  const { t } = useTranslation();
  if (items.length === 0) {
    return <p className={css["calm"]}><Icon name="check" size={15} />{t("overview.calm")}</p>;
  }
  return (
    <ul className={css["attention"]}>
      {items.map(({ kind, count }) => {
        const text = attentionText(t, kind, count);
        const filter = ATTENTION_FILTER[kind];
        const severity = ATTENTION_SEVERITY[kind];
        const inside = (
          <>
            <Icon name="warning" size={14} />
            <span className={css["attentionText"]}>{text}</span>
            <Icon name="chevron_right" size={14} />
          </>
        );
        return (
          <li key={kind}>
            {severity !== undefined ? (
              <Link className={css["attentionRow"]} to="/s/$store/stuck" params={{ store }} search={{ severity }}>{inside}</Link>
            ) : filter === undefined ? (
              <Link className={css["attentionRow"]} to="/s/$store/health" params={{ store }}>{inside}</Link>
            ) : (
              <Link className={css["attentionRow"]} to="/s/$store/preorders" params={{ store }} search={filter}>{inside}</Link>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function attentionText(t: TFunction, kind: string, count: number) {
  switch (kind) {
    case "undelivered_events": return t("attention.undelivered_events", { count });
    case "gaps": return t("attention.gaps", { count });
    case "missing_permissions": return t("attention.missing_permissions", { count });
    case "conflicting_ids": return t("attention.conflicting_ids", { count });
    case "unsettled_objects": return t("attention.unsettled_objects", { count });
    case "open_disputes": return t("attention.open_disputes", { count });
    case "failed_payments": return t("attention.failed_payments", { count });
    case "event_conflicts": return t("attention.event_conflicts", { count });
    case "webhook_overlaps": return t("attention.webhook_overlaps", { count });
    case "disabled_endpoints": return t("attention.disabled_endpoints", { count });
    case "stuck_critical": return t("attention.stuck_critical", { count });
    case "stuck_warning": return t("attention.stuck_warning", { count });
    case "clock_skew": return t("attention.clock_skew", { count });
    default: return `${kind}: ${count}`;
  }
}
