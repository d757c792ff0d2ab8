// What the Imports page shows, as it stands in the URL.

import type { ShopKind } from "../ipc/generated/ShopKind";
import { queryOne } from "./url_query";

/** Those that reconciliation compares come first. */
export const SHOP_KINDS = ["purchases", "wallets", "wallet_entries", "users", "preorders", "usage_daily"] as const satisfies readonly ShopKind[];

export type ImportView = { kind?: ShopKind };

export function readImportView(query: Record<string, unknown>): { kind: ShopKind } {
  return { kind: queryOne(query["kind"], SHOP_KINDS) ?? "purchases" };
}
