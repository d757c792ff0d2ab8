// The Audit page's filter, as it stands in the URL.

import { queryText, withoutAbsent } from "./url_query";

export type AuditFilter = { operator?: string; action?: string };

/** Reads the URL. */
export function readAuditFilter(query: Record<string, unknown>): AuditFilter {
  const text = (name: string) => {
    const found = queryText(query[name])?.trim();
    return found === "" ? undefined : found;
  };
  return withoutAbsent({ operator: text("operator"), action: text("action") });
}
