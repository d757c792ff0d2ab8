import type { InfiniteData } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { onAnnounced } from "./changed";
import type { Topic } from "./queries";

/** Up to this many pages are simply read again; deeper lists wait for the person. */
const PAGES_READ_AGAIN = 2;
/** What the rows of most such lists follow from, besides settings. */
const TOPICS: readonly Topic[] = ["preorders", "imports"];
export const FINDING_TOPICS: readonly Topic[] = ["findings", "actions"];
export const LEAD_TOPICS: readonly Topic[] = ["findings", "preorders"];
export const EVENT_TOPICS: readonly Topic[] = ["klaviyo", "actions"];
export const AUDIT_TOPICS: readonly Topic[] = ["actions"];

/**
 * Keeps a list of pages live: near the top it follows changes, deeper down it says that there is newer data.
 * `hold` keeps rows still while a person works on them.
 */
export function useLivePages(
  store: string, queryKey: readonly unknown[], hold: boolean, from: readonly Topic[] = TOPICS,
): { newer: boolean; refresh: () => void } {
  const client = useQueryClient();
  const [newer, setNewer] = useState(false);
  const key = JSON.stringify([store, queryKey]);

  useEffect(() => {
    setNewer(false);
    return onAnnounced((about, topics) => {
      if ((about !== null && about !== store) || !from.some((topic) => topics.includes(topic))) return;
      const pages = client.getQueryData<InfiniteData<unknown>>(queryKey)?.pages.length ?? 0;
      if (hold || pages > PAGES_READ_AGAIN) setNewer(true);
      else void client.invalidateQueries({ queryKey, exact: true });
    });
    // `key` stands for store and queryKey.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [client, key, hold, from]);

  const refresh = () => {
    setNewer(false);
    void client.resetQueries({ queryKey, exact: true });
  };
  return { newer, refresh };
}
