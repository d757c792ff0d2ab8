// What the Funnel page shows, as it stands in the URL.

import type { FunnelCounts } from "../ipc/generated/FunnelCounts";
import type { FunnelStep } from "../ipc/generated/FunnelStep";
import { addDays, isDay } from "./time";
import { STEPS } from "./preorder_filter";
import { queryFlag, queryOne, queryText } from "./url_query";

export const SPANS = ["7", "30", "90"] as const;
export const DIMENSIONS = ["color", "locale", "source", "day"] as const;
export const FUNNEL_SORTS = ["key", ...STEPS, "conversion"] as const;

/** Who sends messages, and nobody. */
export const SENDERS = ["campaigns", "flows"] as const;
export const SENDS = [...SENDERS, "none"] as const;

export type Sender = (typeof SENDERS)[number];
export type Sends = (typeof SENDS)[number];
export type Span = (typeof SPANS)[number];
export type Dimension = (typeof DIMENSIONS)[number];
export type FunnelSort = (typeof FUNNEL_SORTS)[number];

export type FunnelView = {
  /** Days back from today; absent when `from` and `to` say it. */
  days?: Span;
  from?: string;
  to?: string;
  by?: Dimension;
  /** Whose sends the chart shows; absent means everybody's. */
  sends?: Sends;
  sort?: FunnelSort;
  asc?: boolean;
};

export function readFunnelView(query: Record<string, unknown>): FunnelView {
  const view: FunnelView = {};
  const from = queryText(query["from"]);
  const to = queryText(query["to"]);
  if (from !== undefined && to !== undefined && isDay(from) && isDay(to) && from <= to) {
    view.from = from;
    view.to = to;
  } else {
    const days = queryOne(query["days"], SPANS);
    if (days !== undefined && days !== "30") view.days = days;
  }
  const by = queryOne(query["by"], DIMENSIONS);
  if (by !== undefined && by !== "color") view.by = by;
  const sends = queryOne(query["sends"], SENDS);
  if (sends !== undefined) view.sends = sends;
  const sort = queryOne(query["sort"], FUNNEL_SORTS);
  if (sort !== undefined) view.sort = sort;
  if (queryFlag(query["asc"]) === true) view.asc = true;
  return view;
}

/** The days a view spans. */
export function funnelSpan(view: FunnelView, today: string): { from: string; to: string } {
  if (view.from !== undefined && view.to !== undefined) return { from: view.from, to: view.to };
  return { from: addDays(today, 1 - Number(view.days ?? "30")), to: today };
}

/** The step before, which a step's rate is measured against. */
export function stepBefore(step: FunnelStep): FunnelStep | null {
  return STEPS[STEPS.indexOf(step) - 1] ?? null;
}

/** Adds up counts, for a total that the page makes itself. */
export function conversion(counts: FunnelCounts): number {
  return counts.started === 0 ? -1 : counts.paid / counts.started;
}

/** Whether a view shows the sends of one of them. */
export function showsSends(view: FunnelView, sender: Sender): boolean {
  return view.sends === undefined || view.sends === sender;
}

/** What the URL says once the sends of one are switched. */
export function switchSends(view: FunnelView, sender: Sender): Sends | undefined {
  const on = SENDERS.filter((one) => (one === sender ? !showsSends(view, one) : showsSends(view, one)));
  const [only] = on;
  return only === undefined ? "none" : on.length === SENDERS.length ? undefined : only;
}
