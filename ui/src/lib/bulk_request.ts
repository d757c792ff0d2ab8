// What a bulk run asks for.

import type { ActionKind } from "../ipc/generated/ActionKind";
import type { BulkArgs } from "../ipc/generated/BulkArgs";

/** What can be done to many orders at once. */
export const BULK_KINDS = [
  "refetch", "new_link", "expire_session", "capture", "cancel_authorisation", "refund", "annotate",
] as const satisfies readonly ActionKind[];

/** One of them. What is said of findings has its own way. */
export type BulkKind = (typeof BULK_KINDS)[number];

/** A run that needs nothing more to be said. */
export function bulkArgs(action: ActionKind, targets: readonly string[], more: Partial<BulkArgs> = {}): BulkArgs {
  return { action, targets: [...new Set(targets)], note: null, state: null, until: null, reason: "requested_by_customer", ...more };
}

/** The total that is typed to confirm; null where there are several currencies, or none. */
export function onlyTotal(money: Record<string, number>): { amount_minor: number; currency: string } | null {
  const totals = Object.entries(money);
  const [first] = totals;
  return first === undefined || totals.length > 1 ? null : { currency: first[0], amount_minor: first[1] };
}
