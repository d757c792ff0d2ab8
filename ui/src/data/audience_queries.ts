// Questions about audiences: whom a list is made of, and how many.

import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";

import { call } from "../ipc/call";
import type { AudienceFilter } from "../ipc/generated/AudienceFilter";
import type { AudiencePageArgs } from "../ipc/generated/AudiencePageArgs";
import { firstPage, PAGE_ROWS, question } from "./queries";

/** Orders turn into abandoned ones by time alone, so it is read again every minute too. */
export const audienceListQuery = (store: string, filter: AudienceFilter) => ({
  ...question("audience_list", store, filter, ["preorders", "klaviyo", "settings"]), placeholderData: keepPreviousData, refetchInterval: 60_000,
});

/** Pages of people; the page decides when they are read again, as with preorders. */
export const audiencePagesQuery = (store: string, args: AudiencePageArgs) =>
  infiniteQueryOptions({
    queryKey: ["audience_page", store, args],
    queryFn: ({ pageParam }) => call("audience_page", store, { ...args, limit: PAGE_ROWS, ...(pageParam === null ? {} : { after: pageParam }) }),
    initialPageParam: firstPage(),
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    meta: { topics: ["settings"] },
  });

const SEGMENTS_STAY_MS = 300_000;

/** The account's segments, from Klaviyo; asked only where somebody chooses one. */
export const segmentNamesQuery = (store: string) => ({ ...question("audience_segments", store, {}, ["stores"]), staleTime: SEGMENTS_STAY_MS });
