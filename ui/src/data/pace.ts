import { useQuery } from "@tanstack/react-query";

import { useStoreId } from "./active_store";
import { settingsQuery } from "./queries";

const DEFAULT_BACK_S = 30;

/** The slowest pace this store is polled at, in seconds. */
export function useSlowestPoll(): number {
  const { data } = useQuery(settingsQuery(useStoreId()));
  return data === undefined ? DEFAULT_BACK_S : Math.max(data.poll_front_s, data.poll_back_s);
}
