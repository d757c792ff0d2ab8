// The Leads page's filter, as it stands in the URL.

import type { LeadPageArgs } from "../ipc/generated/LeadPageArgs";
import { addDays } from "./time";
import { queryOne, queryText, withoutAbsent } from "./url_query";

export const AGES = ["day", "week", "month"] as const;
export type Age = (typeof AGES)[number];

export type LeadFilter = {
  color?: string;
  locale?: string;
  /** Minor units. */
  least?: string;
  most?: string;
  age?: Age;
  sel?: string;
};

/** Reads the URL. What cannot be meant is left out. */
export function readLeadFilter(query: Record<string, unknown>): LeadFilter {
  const minor = (value: unknown) => {
    const text = queryText(value)?.trim();
    return text !== undefined && /^\d{1,12}$/.test(text) ? text : undefined;
  };
  return withoutAbsent({
    color: queryText(query["color"]), locale: queryText(query["locale"]), least: minor(query["least"]), most: minor(query["most"]),
    age: queryOne(query["age"], AGES), sel: queryText(query["sel"]),
  });
}

/** The question the engine gets; `today` is the store's day. */
export function leadPageArgs(filter: LeadFilter, today: string): LeadPageArgs {
  const days = filter.age === undefined ? undefined : { day: -1, week: -7, month: -30 }[filter.age];
  return withoutAbsent({
    color: filter.color, locale: filter.locale, from: days === undefined ? undefined : addDays(today, days),
    least_minor: filter.least === undefined ? undefined : Number(filter.least), most_minor: filter.most === undefined ? undefined : Number(filter.most),
  });
}
