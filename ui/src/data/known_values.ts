import { useQuery } from "@tanstack/react-query";

import { addDays, dayOf } from "../lib/time";
import { useStoreId, useTimeZone } from "./active_store";
import { useMinute } from "./now";
import { funnelQuery } from "./queries";

/** The values that orders of the last year have, the usual ones first. */
export function useKnownValues(by: "color" | "locale" | "source"): string[] {
  const today = dayOf(useMinute(), useTimeZone());
  const { data } = useQuery(funnelQuery(useStoreId(), { by, from: addDays(today, -364), to: today }));
  return [...new Set(data?.rows.flatMap((row) => (row.key === null || row.key === "" ? [] : [row.key])) ?? [])];
}
