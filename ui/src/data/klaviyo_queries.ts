// Questions about the connection to Klaviyo. A test of a key is none of them: see keyed.ts.

import { question } from "./queries";

/** Waits end by time alone, so it is read again every minute too. */
export const klaviyoStatusQuery = (store: string) => ({
  ...question("klaviyo_status", store, {}, ["klaviyo", "stores"]), refetchInterval: 60_000,
});

/** What disconnecting would clear. */
export const klaviyoPreviewQuery = (store: string) => question("klaviyo_disconnect_preview", store, {}, ["klaviyo", "preorders"]);
