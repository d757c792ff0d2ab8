// The Preorders page's filter, as it stands in the URL.

import type { FunnelStep } from "../ipc/generated/FunnelStep";
import type { PreorderPageArgs } from "../ipc/generated/PreorderPageArgs";
import type { PreorderSort } from "../ipc/generated/PreorderSort";
import type { PreorderStatus } from "../ipc/generated/PreorderStatus";
import { isDay } from "./time";
import { queryFlag, queryList, queryOne, queryText, withoutAbsent } from "./url_query";

/** In the order of precedence, as the engine has it. */
export const STATUSES = [
  "disputed", "refunded", "partially_refunded", "completed", "processing", "initiated", "failed", "canceled", "expired",
] as const satisfies readonly PreorderStatus[];

export const STEPS = ["started", "checkout_opened", "payment_attempted", "paid", "kept"] as const satisfies readonly FunnelStep[];

const SORTS = ["started", "paid", "amount", "email"] as const satisfies readonly PreorderSort[];

export type PreorderFilter = {
  status?: PreorderStatus[];
  /** `""` means unknown, for all three. */
  color?: string;
  locale?: string;
  source?: string;
  from?: string;
  to?: string;
  step?: FunnelStep;
  /** Only orders with conflicting preorderIds. */
  conflict?: boolean;
  q?: string;
  sort?: PreorderSort;
  asc?: boolean;
  /** The row that is selected; not part of what is asked for. */
  sel?: string;
};

/** Reads the URL. What cannot be meant is left out, so a bad link shows more, never an error. */
export function readPreorderFilter(query: Record<string, unknown>): PreorderFilter {
  const status = queryList(query["status"], STATUSES);
  const day = (value: unknown) => {
    const text = queryText(value);
    return text !== undefined && isDay(text) ? text : undefined;
  };
  const q = queryText(query["q"])?.trim();
  const sort = queryOne(query["sort"], SORTS);
  return withoutAbsent({
    status: status.length > 0 ? status : undefined,
    color: queryText(query["color"]),
    locale: queryText(query["locale"]),
    source: queryText(query["source"]),
    from: day(query["from"]),
    to: day(query["to"]),
    step: queryOne(query["step"], STEPS),
    conflict: queryFlag(query["conflict"]) === true ? true : undefined,
    q: q === "" ? undefined : q,
    sort: sort === "started" ? undefined : sort,
    asc: queryFlag(query["asc"]),
    sel: queryText(query["sel"]),
  });
}

/** The question the engine gets. */
export function preorderPageArgs(filter: PreorderFilter): PreorderPageArgs {
  return withoutAbsent({
    status: filter.status,
    color: filter.color,
    locale: filter.locale,
    source: filter.source,
    from: filter.from,
    to: filter.to,
    step: filter.step === "started" ? undefined : filter.step,
    conflict: filter.conflict,
    search: filter.q,
    sort: filter.sort,
    ascending: filter.asc,
  });
}

/** How many conditions narrow the list (search and sort do not count). */
export function countConditions(filter: PreorderFilter): number {
  const conditions = [filter.status, filter.color, filter.locale, filter.source, filter.from ?? filter.to, filter.step, filter.conflict];
  return conditions.filter((condition) => condition !== undefined).length;
}
