// The filters of the pages about credits, as they stand in the URL.

import type { Coverage } from "../ipc/generated/Coverage";
import type { DifferenceKind } from "../ipc/generated/DifferenceKind";
import type { PurchasePageArgs } from "../ipc/generated/PurchasePageArgs";
import type { PurchaseStatus } from "../ipc/generated/PurchaseStatus";
import type { ReconcileArgs } from "../ipc/generated/ReconcileArgs";
import type { WalletPageArgs } from "../ipc/generated/WalletPageArgs";
import type { WalletSort } from "../ipc/generated/WalletSort";
import { queryFlag, queryOne, queryText, withoutAbsent } from "./url_query";

export const PURCHASE_STATUSES = ["paid", "pending", "partially_refunded", "refunded", "disputed"] as const satisfies readonly PurchaseStatus[];
export const COVERAGES = ["plan", "no_credits", "unmapped"] as const satisfies readonly Coverage[];

/** In the order the engine lists them. */
export const DIFFERENCE_KINDS = [
  "paid_not_applied", "applied_twice", "wrong_credits", "not_clawed", "wallet_not_sum", "purchase_without_payment", "user_missing",
] as const satisfies readonly DifferenceKind[];

export type PurchaseFilter = {
  status?: PurchaseStatus;
  coverage?: Coverage;
  plan?: string;
  q?: string;
  /** The row that is selected; not part of what is asked for. */
  sel?: string;
};

export type WalletFilter = {
  q?: string;
  /** Only wallets below zero. */
  below?: boolean;
  /** Absent means by owner. */
  sort?: WalletSort;
  asc?: boolean;
  sel?: string;
};

export type DifferenceFilter = { kind?: DifferenceKind; owner?: string };

/** A text of the query without white space around it; undefined where nothing is left. */
function tidy(value: unknown): string | undefined {
  const text = queryText(value)?.trim();
  return text === "" ? undefined : text;
}

/** Reads the URL. What cannot be meant is left out, so a bad link shows more, never an error. */
export function readPurchaseFilter(query: Record<string, unknown>): PurchaseFilter {
  return withoutAbsent({
    status: queryOne(query["status"], PURCHASE_STATUSES),
    coverage: queryOne(query["coverage"], COVERAGES),
    plan: tidy(query["plan"]),
    q: tidy(query["q"]),
    sel: queryText(query["sel"]),
  });
}

export function purchasePageArgs(filter: PurchaseFilter): PurchasePageArgs {
  return withoutAbsent({ status: filter.status, coverage: filter.coverage, plan: filter.plan, search: filter.q });
}

export function readWalletFilter(query: Record<string, unknown>): WalletFilter {
  const sort = queryOne(query["sort"], ["balance"] as const);
  return withoutAbsent({
    q: tidy(query["q"]),
    below: queryFlag(query["below"]),
    sort,
    asc: sort === undefined ? undefined : queryFlag(query["asc"]),
    sel: queryText(query["sel"]),
  });
}

/** How the rows come: what is searched always comes by owner. */
export function walletSort(filter: WalletFilter): WalletSort {
  return filter.q === undefined ? (filter.sort ?? "owner") : "owner";
}

export function walletPageArgs(filter: WalletFilter): WalletPageArgs {
  return withoutAbsent({ search: filter.q, negative: filter.below ?? false, sort: walletSort(filter), ascending: filter.asc ?? false });
}

export function readDifferenceFilter(query: Record<string, unknown>): DifferenceFilter {
  return withoutAbsent({ kind: queryOne(query["kind"], DIFFERENCE_KINDS), owner: tidy(query["owner"]) });
}

export function reconcileArgs(filter: DifferenceFilter): Omit<ReconcileArgs, "limit" | "offset"> {
  return withoutAbsent({ kind: filter.kind, owner: filter.owner });
}
