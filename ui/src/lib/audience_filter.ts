// The Audiences page's filter, as it stands in the URL.

import type { Audience } from "../ipc/generated/Audience";
import type { AudienceFilter } from "../ipc/generated/AudienceFilter";
import type { SegmentName } from "../ipc/generated/SegmentName";
import type { Age } from "./lead_filter";
import { AGES } from "./lead_filter";
import { isDay } from "./time";
import { queryFlag, queryOne, queryText, withoutAbsent } from "./url_query";

export const AUDIENCES = ["abandoned", "successful"] as const satisfies readonly Audience[];
/** Who is left out unless asked for. */
export const KEEPS = ["with_partially_refunded", "with_refunded", "with_disputed", "with_unsubscribed"] as const satisfies readonly (keyof AudienceFilter)[];

export type AudienceView = {
  /** Absent means abandoned. */
  audience?: Audience;
  color?: string;
  locale?: string;
  age?: Age;
  /** Started on or after this day, and on or before that one. */
  from?: string;
  to?: string;
  /** Lower case, as Stripe writes it. */
  currency?: string;
  /** Minor units of that currency. */
  least?: string;
  most?: string;
  /** The segment of Klaviyo's that it is held against; not part of what is asked for. */
  segment?: string;
  sel?: string;
} & { [N in (typeof KEEPS)[number]]?: boolean };

/** The code of a currency, however it was typed; undefined for what is none. */
export function readCurrency(text: string): string | undefined {
  const code = text.trim().toLowerCase();
  return /^[a-z]{3}$/.test(code) ? code : undefined;
}

/** Reads the URL. What cannot be meant is left out: half a pair that is crossed, an amount of no currency. */
export function readAudienceView(query: Record<string, unknown>): AudienceView {
  const audience = queryOne(query["audience"], AUDIENCES);
  const keeps = Object.fromEntries(KEEPS.map((name) => [name, queryFlag(query[name])]));
  const day = (value: unknown) => {
    const text = queryText(value);
    return text !== undefined && isDay(text) ? text : undefined;
  };
  const currency = readCurrency(queryText(query["currency"]) ?? "");
  const minor = (value: unknown) => {
    const text = queryText(value)?.trim();
    return currency !== undefined && text !== undefined && /^\d{1,12}$/.test(text) ? text : undefined;
  };
  const [from, to] = inOrder(day(query["from"]), day(query["to"]), (first, last) => first <= last);
  const [least, most] = inOrder(minor(query["least"]), minor(query["most"]), (first, last) => Number(first) <= Number(last));
  return withoutAbsent<AudienceView>({
    audience: audience === "abandoned" ? undefined : audience, color: queryText(query["color"]), locale: queryText(query["locale"]),
    age: queryOne(query["age"], AGES), from, to, currency, least, most, segment: queryText(query["segment"]), sel: queryText(query["sel"]), ...keeps,
  });
}

type Pair = [string | undefined, string | undefined];

function inOrder(first: string | undefined, last: string | undefined, are: (first: string, last: string) => boolean): Pair {
  return first !== undefined && last !== undefined && !are(first, last) ? [undefined, undefined] : [first, last];
}

/** What the engine narrows by. */
export function audienceFilter(view: AudienceView): AudienceFilter {
  const { audience: _audience, sel: _sel, segment: _segment, age, least, most, ...same } = view;
  const minor = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  return withoutAbsent({
    ...same, most_days: age === undefined ? undefined : { day: 1, week: 7, month: 30 }[age], least_minor: minor(least), most_minor: minor(most),
  });
}

/** Segments to choose from, by name; of one name's several, and of one that is not listed, the id is shown. */
export function segmentOptions(segments: readonly SegmentName[], chosen: string | undefined): { value: string; label: string }[] {
  const isOnly = (one: SegmentName) => one.name.trim() !== "" && segments.filter((other) => other.name === one.name).length === 1;
  const listed = segments.map((one) => ({ value: one.id, label: isOnly(one) ? one.name : `${one.name} (${one.id})`.trim() }));
  return chosen === undefined || segments.some((one) => one.id === chosen) ? listed : [...listed, { value: chosen, label: chosen }];
}
