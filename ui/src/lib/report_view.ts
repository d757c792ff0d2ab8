// What a page of numbers shows, as it stands in the URL; and what can be shown of a kind.

import type { ReportDay } from "../ipc/generated/ReportDay";
import type { ReportKind } from "../ipc/generated/ReportKind";
import type { ReportPageArgs } from "../ipc/generated/ReportPageArgs";
import { addDays, isDay } from "./time";
import { queryFlag, queryOne, queryText, withoutAbsent } from "./url_query";

export const REPORT_SPANS = ["7", "30", "90", "365"] as const;
export type ReportSpan = (typeof REPORT_SPANS)[number];

const MESSAGES = ["recipients", "delivered", "opens_unique", "clicks_unique", "conversions", "unsubscribes"] as const;
const SEGMENTS = ["members_added", "members_removed", "total_members"] as const;
const FORMS = ["viewed_form", "submits", "closed_form"] as const;
const SORTS = ["name", "sent_at", "value", ...MESSAGES, ...SEGMENTS, ...FORMS] as const;
export type ReportSort = (typeof SORTS)[number];

/** Statistics that are columns of a kind's table and can be charted, the first by default. */
export const STATISTICS: Record<ReportKind, readonly ReportSort[]> = { campaigns: MESSAGES, flows: MESSAGES, segments: SEGMENTS, forms: FORMS };
/** Rates that can be charted, by the engine's name. */
export const RATES: Record<ReportKind, readonly string[]> = {
  campaigns: ["open_rate", "click_rate", "conversion_rate", "unsubscribe_rate"], flows: ["open_rate", "click_rate", "conversion_rate", "unsubscribe_rate"],
  segments: [], forms: ["submit_rate"],
};

export type ReportView = {
  /** Days back from today; absent when `from` and `to` say it. */
  days?: ReportSpan;
  from?: string;
  to?: string;
  /** What the chart is of; absent means the kind's first statistic. */
  stat?: string;
  sort?: ReportSort;
  asc?: boolean;
  /** The campaign, flow, segment or form that the chart is of; absent means all of them. */
  sel?: string;
};

/** Reads the URL. What cannot be meant is left out. */
export function readReportView(query: Record<string, unknown>): ReportView {
  const [from, to] = [queryText(query["from"]), queryText(query["to"])];
  const named = from !== undefined && to !== undefined && isDay(from) && isDay(to) && from <= to;
  const days = named ? undefined : queryOne(query["days"], REPORT_SPANS);
  const sel = queryText(query["sel"]);
  return withoutAbsent<ReportView>({
    days: days === "30" ? undefined : days, from: named ? from : undefined, to: named ? to : undefined,
    stat: queryText(query["stat"]), sort: queryOne(query["sort"], SORTS), asc: queryFlag(query["asc"]), sel: sel === "" ? undefined : sel,
  });
}

/** The days a view spans. */
export function reportSpan(view: ReportView, today: string): { from: string; to: string } {
  if (view.from !== undefined && view.to !== undefined) return { from: view.from, to: view.to };
  return { from: addDays(today, 1 - Number(view.days ?? "30")), to: today };
}

/** What can be charted of a kind; revenue only where orders are synced. */
export function charted(kind: ReportKind, revenue: boolean): readonly string[] {
  return [...STATISTICS[kind], ...(revenue && hasRevenue(kind) ? ["value"] : []), ...RATES[kind]];
}

export const hasRevenue = (kind: ReportKind) => kind === "campaigns" || kind === "flows";

/** The statistic a view charts: the one it names, where the kind has it. */
export function statOf(view: ReportView, kind: ReportKind, revenue: boolean): string {
  const all = charted(kind, revenue);
  return all.find((name) => name === view.stat) ?? all[0] ?? "";
}

/** What the engine is asked for. */
export function reportPageArgs(view: ReportView, kind: ReportKind, span: { from: string; to: string }): ReportPageArgs {
  const sort = sortOf(view, kind);
  return withoutAbsent<ReportPageArgs>({ kind, ...span, sort, ...(sort !== undefined && view.asc === true ? { ascending: true } : {}) });
}

/** The sort of a view, where the kind's table has that column. */
export function sortOf(view: ReportView, kind: ReportKind): ReportSort | undefined {
  const known: readonly ReportSort[] = ["name", ...(kind === "campaigns" ? ["sent_at" as const] : []), ...(hasRevenue(kind) ? ["value" as const] : []), ...STATISTICS[kind]];
  return known.find((name) => name === view.sort);
}

/** A day's number of a statistic; rates as percents. Null where there is none. */
export function numberOf(day: ReportDay, stat: string): number | null {
  if (stat === "value") return day.value_minor;
  const rate = day.rates.find((one) => one.name === stat);
  if (rate !== undefined) return rate.share === null ? null : rate.share * 100;
  return day.statistics[stat] ?? null;
}

/** How a statistic is written. */
export const isRate = (stat: string) => stat.endsWith("_rate");

export type Run = { from: string; to: string; days: number };
/** Days that are not known, by why, each as runs of days; and days on which nothing happened. */
export type Reading = { known: number; all: number; quiet: number; readAt: number | null; gaps: { reason: string; days: number; runs: Run[] }[] };

/** What is known of a span, day by day. */
export function readingOf(days: readonly ReportDay[]): Reading {
  const gaps = new Map<string, Run[]>();
  const reading: Reading = { known: 0, all: days.length, quiet: 0, readAt: null, gaps: [] };
  for (const { day, known, reason, read_at: at } of days) {
    if (at !== null && known) reading.readAt = Math.max(reading.readAt ?? at, at);
    if (known) {
      reading.known += 1;
      if (reason === "no_activity") reading.quiet += 1;
      continue;
    }
    const why = reason ?? "not_read";
    const runs = gaps.get(why) ?? [];
    const last = runs.at(-1);
    if (last !== undefined && addDays(last.to, 1) === day) runs[runs.length - 1] = { from: last.from, to: day, days: last.days + 1 };
    else runs.push({ from: day, to: day, days: 1 });
    gaps.set(why, runs);
  }
  reading.gaps = [...gaps].map(([reason, runs]) => ({ reason, runs, days: runs.reduce((sum, run) => sum + run.days, 0) }));
  return reading;
}
