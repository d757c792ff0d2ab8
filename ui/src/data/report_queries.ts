// Questions about report syncs and what they brought.

import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";

import { call } from "../ipc/call";
import type { ReportPageArgs } from "../ipc/generated/ReportPageArgs";
import type { ReportSeriesArgs } from "../ipc/generated/ReportSeriesArgs";
import { PAGE_ROWS, question } from "./queries";

const EVERY_MS = 15_000;

/** Budgets, waits and due times move by time alone, so it is read again four times a minute too. */
export const reportsStatusQuery = (store: string) => ({
  ...question("reports_status", store, {}, ["reports", "klaviyo", "settings", "stores"]), refetchInterval: EVERY_MS,
});

/** Pages of what each came to, by how many rows are left out before. */
export const reportPagesQuery = (store: string, args: ReportPageArgs) =>
  infiniteQueryOptions({
    queryKey: ["report_page", store, args],
    queryFn: ({ pageParam }) => call("report_page", store, { ...args, limit: PAGE_ROWS, offset: pageParam }),
    initialPageParam: 0,
    getNextPageParam: (last, _pages, before) => (before + last.rows.length < last.count && last.rows.length > 0 ? before + last.rows.length : null),
    placeholderData: keepPreviousData,
    meta: { topics: ["reports", "klaviyo", "settings"] },
  });

export const reportSeriesQuery = (store: string, args: ReportSeriesArgs) => ({
  ...question("report_series", store, args, ["reports", "klaviyo", "settings"]), placeholderData: keepPreviousData,
});
