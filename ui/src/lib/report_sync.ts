// How a report sync stands, and what one costs, as numbers.

import type { ReportKind } from "../ipc/generated/ReportKind";
import type { ReportKindView } from "../ipc/generated/ReportKindView";

export const REPORT_KINDS = ["campaigns", "flows", "segments", "forms"] as const satisfies readonly ReportKind[];

/** Whether a sync of the kind is neither ended nor was never asked for. */
export function isOpen({ state }: ReportKindView): boolean {
  return state === "queued" || state === "running" || state === "waiting";
}

/** Windows that are done with and windows in all; null before they are planned. */
export function progressOf(view: ReportKindView): { done: number; all: number } | null {
  const done = view.windows_done + view.windows_failed;
  const all = done + view.windows_left;
  return isOpen(view) && all > 0 ? { done, all } : null;
}

/** Calls in a day, as the budget has them. */
const CALLS_A_DAY = 225;

/** What a sync costs: nothing is known before the account's list was read once. */
export type Cost = { kind: "unknown" } | { kind: "nothing" } | { kind: "today"; calls: number; left: number } | { kind: "days"; calls: number; today: number; restAt: number; days: number };

export function costOf(view: ReportKindView): Cost {
  if (view.cost === 0) return view.code === "REPORTS_NOTHING_THERE" ? { kind: "nothing" } : { kind: "unknown" };
  if (view.rest_at === null) return { kind: "today", calls: view.cost, left: view.calls_left };
  return { kind: "days", calls: view.cost, today: view.cost_today, restAt: view.rest_at, days: Math.ceil((view.cost - view.cost_today) / CALLS_A_DAY) };
}
