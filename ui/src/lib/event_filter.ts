// The Klaviyo events page's filter, as it stands in the URL.

import type { EventCount } from "../ipc/generated/EventCount";
import type { EventStand } from "../ipc/generated/EventStand";
import type { EventStandPageArgs } from "../ipc/generated/EventStandPageArgs";
import type { EventVerdict } from "../ipc/generated/EventVerdict";
import type { OrderEvent } from "../ipc/generated/OrderEvent";
import { queryFlag, queryOne, queryText, withoutAbsent } from "./url_query";

export const ORDER_EVENTS = ["started", "success"] as const satisfies readonly OrderEvent[];
/** What has to be looked at first. */
export const VERDICTS = [
  "double", "missing", "wrong_value", "wrong_color", "wrong_name", "no_email", "waiting", "sent", "present",
] as const satisfies readonly EventVerdict[];

export type EventFilter = {
  verdict?: EventVerdict;
  kind?: OrderEvent;
  drifted?: boolean;
  /** The row that is selected; not part of what is asked for. */
  sel?: string;
};

/** Reads the URL. What cannot be meant is left out. */
export function readEventFilter(query: Record<string, unknown>): EventFilter {
  return withoutAbsent({
    verdict: queryOne(query["verdict"], VERDICTS), kind: queryOne(query["kind"], ORDER_EVENTS), drifted: queryFlag(query["drifted"]), sel: queryText(query["sel"]),
  });
}

/** The question the engine gets. */
export function eventPageArgs(filter: EventFilter): EventStandPageArgs {
  return withoutAbsent({ verdict: filter.verdict, kind: filter.kind, drifted: filter.drifted });
}

/** The name of a row: what Klaviyo tells its event apart by. */
export const standId = (stand: EventStand): string => `${stand.order.id}:${stand.kind}`;

/** How many events stand so, of one kind or of both. */
export function countOf(counts: readonly EventCount[], kind: OrderEvent | undefined, verdict?: EventVerdict): number {
  return counts
    .filter((one) => (kind === undefined || one.kind === kind) && (verdict === undefined || one.verdict === verdict))
    .reduce((sum, one) => sum + one.count, 0);
}
