// The Audiences page's filter, as it stands in the URL.

import type { Audience } from "../ipc/generated/Audience";
import type { AudienceFilter } from "../ipc/generated/AudienceFilter";
import type { Age } from "./lead_filter";
import { AGES } from "./lead_filter";
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
  sel?: string;
} & { [N in (typeof KEEPS)[number]]?: boolean };

/** Reads the URL. What cannot be meant is left out. */
export function readAudienceView(query: Record<string, unknown>): AudienceView {
  const audience = queryOne(query["audience"], AUDIENCES);
  const keeps = Object.fromEntries(KEEPS.map((name) => [name, queryFlag(query[name])]));
  return withoutAbsent<AudienceView>({
    audience: audience === "abandoned" ? undefined : audience, color: queryText(query["color"]), locale: queryText(query["locale"]),
    age: queryOne(query["age"], AGES), sel: queryText(query["sel"]), ...keeps,
  });
}

/** What the engine narrows by. */
export function audienceFilter(view: AudienceView): AudienceFilter {
  const { audience: _audience, sel: _sel, age, ...same } = view;
  return withoutAbsent({ ...same, most_days: age === undefined ? undefined : { day: 1, week: 7, month: 30 }[age] });
}
