import type { InfiniteData } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import type { PreorderPage } from "../ipc/generated/PreorderPage";
import type { PreorderPageArgs } from "../ipc/generated/PreorderPageArgs";
import { onAnnounced } from "./changed";
import { preorderPagesQuery } from "./queries";

/** Up to this many pages are simply read again; deeper lists wait for the person. */
const PAGES_READ_AGAIN = 2;

/**
 * Keeps a list of pages live: near the top it follows changes, deeper down it says that there is newer data.
 * `hold` keeps rows still while a person works on them.
 */
export function useLivePages(store: string, args: PreorderPageArgs, hold: boolean): { newer: boolean; refresh: () => void } {
  const client = useQueryClient();
  const [newer, setNewer] = useState(false);
  const key = JSON.stringify([store, args]);

  useEffect(() => {
    setNewer(false);
    const { queryKey } = preorderPagesQuery(store, args);
    return onAnnounced((about, topics) => {
      if ((about !== null && about !== store) || !topics.includes("preorders")) return;
      const pages = client.getQueryData<InfiniteData<PreorderPage>>(queryKey)?.pages.length ?? 0;
      if (hold || pages > PAGES_READ_AGAIN) setNewer(true);
      else void client.invalidateQueries({ queryKey, exact: true });
    });
    // `key` stands for store and args.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [client, key, hold]);

  const refresh = () => {
    setNewer(false);
    void client.resetQueries({ queryKey: preorderPagesQuery(store, args).queryKey, exact: true });
  };
  return { newer, refresh };
}
