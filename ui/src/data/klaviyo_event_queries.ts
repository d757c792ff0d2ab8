// Questions about what Klaviyo was told of orders.

import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";

import { call } from "../ipc/call";
import type { BulkPlan } from "../ipc/generated/BulkPlan";
import type { EventStandPageArgs } from "../ipc/generated/EventStandPageArgs";
import type { KlaviyoFillArgs } from "../ipc/generated/KlaviyoFillArgs";
import { firstPage, PAGE_ROWS, question } from "./queries";

/** Time alone makes an event missing, so it is read again every minute too. */
export const klaviyoEventsQuery = (store: string) => ({
  ...question("klaviyo_events", store, {}, ["klaviyo", "actions", "settings", "stores"]), refetchInterval: 60_000,
});

export const orderEventsQuery = (store: string, id: string) => question("klaviyo_order_events", store, { id }, ["klaviyo", "actions", "preorders", "settings"]);

/** Pages of orders' events; the page decides when they are read again, as with preorders. */
export const eventPagesQuery = (store: string, args: EventStandPageArgs) =>
  infiniteQueryOptions({
    queryKey: ["klaviyo_event_page", store, args],
    queryFn: ({ pageParam }) => call("klaviyo_event_page", store, { ...args, limit: PAGE_ROWS, ...(pageParam === null ? {} : { after: pageParam }) }),
    initialPageParam: firstPage(),
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    meta: { topics: ["settings"] },
  });

/** A plan of what is missing. Klaviyo is looked at first: what came there meanwhile is not missing. */
export async function planFill(store: string, args: KlaviyoFillArgs): Promise<BulkPlan> {
  await call("klaviyo_events_check", store, {});
  return call("klaviyo_events_fill", store, args);
}
