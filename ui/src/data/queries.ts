// Every question a page asks, keyed by operation, store and arguments. `topics` says which changes make it stale.

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { call } from "../ipc/call";
import type { FunnelArgs } from "../ipc/generated/FunnelArgs";
import type { PreorderPageArgs } from "../ipc/generated/PreorderPageArgs";
import type { PurchasePageArgs } from "../ipc/generated/PurchasePageArgs";
import type { ReconcileArgs } from "../ipc/generated/ReconcileArgs";
import type { WalletPageArgs } from "../ipc/generated/WalletPageArgs";
import type { Args, OperationName } from "../ipc/operations";

export type Topic = "preorders" | "sync" | "settings" | "stores" | "imports" | "operators" | "actions" | "findings" | "klaviyo" | "reports";

declare module "@tanstack/react-query" {
  interface Register {
    queryMeta: { topics: Topic[] };
  }
}

/** A question with one answer. */
export function question<N extends OperationName>(name: N, store: string | null, args: Args<N>, topics: Topic[]) {
  return queryOptions({ queryKey: [name, store, args], queryFn: () => call(name, store, args), meta: { topics } });
}

export const appInfoQuery = () => question("app_info", null, {}, ["stores"]);
export const storeListQuery = () => question("store_list", null, {}, ["stores"]);
export const settingsQuery = (store: string) => question("settings_get", store, {}, ["settings"]);
export const overviewQuery = (store: string) => question("overview", store, {}, ["preorders", "sync", "settings", "findings"]);
/** Read again every 15 s too, so that the age on screen never rests on a `changed` that got lost. */
export const healthQuery = (store: string) => ({ ...question("health", store, {}, ["sync", "settings"]), refetchInterval: 15_000 });
export const webhooksQuery = (store: string) => question("webhooks", store, {}, ["sync", "settings"]);
export const sheetQuery = (store: string, id: string) => question("preorder_sheet", store, { id }, ["preorders", "settings", "actions", "findings"]);
export const rawFactQuery = (store: string, id: string) => question("raw_fact", store, { id }, ["preorders"]);

export const planListQuery = (store: string) => question("plan_list", store, {}, ["preorders", "settings"]);
export const planCatalogueQuery = (store: string) => question("plan_catalogue", store, {}, ["preorders", "settings"]);
export const purchaseSheetQuery = (store: string, id: string) => question("purchase_sheet", store, { id }, ["preorders", "settings", "imports"]);
export const purchaseStatusQuery = (store: string, id: string) => question("purchase_status", store, { id }, ["preorders", "imports"]);
export const walletSheetQuery = (store: string, owner: string) => question("wallet_sheet", store, { owner }, ["preorders", "settings", "imports"]);
export const importListQuery = (store: string) => question("import_list", store, {}, ["imports"]);

export const funnelQuery = (store: string, args: FunnelArgs) => ({
  ...question("funnel", store, args, ["preorders", "settings"]),
  placeholderData: keepPreviousData,
});

export const searchQuery = (store: string, text: string) => ({
  ...question("search", store, { text, limit: 12 }, ["preorders"]),
  placeholderData: keepPreviousData,
});

export const PAGE_ROWS = 100;

/**
 * Pages of preorders. Changes do not refetch them by themselves: the page decides (data/live_pages.ts), so that
 * rows a person is reading do not jump and a deep list is not read again twice a second.
 */
export const preorderPagesQuery = (store: string, args: PreorderPageArgs) =>
  infiniteQueryOptions({
    queryKey: ["preorder_page", store, args],
    queryFn: ({ pageParam }) =>
      call("preorder_page", store, { ...args, limit: PAGE_ROWS, ...(pageParam === null ? {} : { after: pageParam }) }),
    initialPageParam: firstPage(),
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    meta: { topics: ["settings"] },
  });

/** Pages of purchases; the page decides when they are read again, as with preorders. */
export const purchasePagesQuery = (store: string, args: PurchasePageArgs) =>
  infiniteQueryOptions({
    queryKey: ["purchase_page", store, args],
    queryFn: ({ pageParam }) =>
      call("purchase_page", store, { ...args, limit: PAGE_ROWS, ...(pageParam === null ? {} : { after: pageParam }) }),
    initialPageParam: firstPage(),
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    meta: { topics: ["settings"] },
  });

/** Pages of wallets; the page decides when they are read again, as with preorders. */
export const walletPagesQuery = (store: string, args: WalletPageArgs) =>
  infiniteQueryOptions({
    queryKey: ["wallet_page", store, args],
    queryFn: ({ pageParam }) =>
      call("wallet_page", store, { ...args, limit: PAGE_ROWS, ...(pageParam === null ? {} : { after: pageParam }) }),
    initialPageParam: firstPage(),
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    meta: { topics: ["settings"] },
  });

export const DIFFERENCE_ROWS = 200;

/** Differences by offset. The engine compares everything at each call, so it is read again only when a person asks. */
export const reconcilePagesQuery = (store: string, args: Omit<ReconcileArgs, "limit" | "offset">) =>
  infiniteQueryOptions({
    queryKey: ["reconcile", store, args],
    queryFn: ({ pageParam }) => call("reconcile", store, { ...args, limit: DIFFERENCE_ROWS, offset: pageParam }),
    initialPageParam: 0,
    getNextPageParam: (last, _pages, offset) => (last.rows.length < DIFFERENCE_ROWS ? null : offset + DIFFERENCE_ROWS),
    placeholderData: keepPreviousData,
    meta: { topics: ["settings"] },
  });

/** Where every list of pages begins. */
export function firstPage(): string | null {
  return null;
}
