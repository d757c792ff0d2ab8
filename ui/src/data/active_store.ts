import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import type { StoreView } from "../ipc/generated/StoreView";
import { storeListQuery } from "./queries";

/** The public id of the store in the URL. Only for what is drawn inside a store. */
export function useStoreId(): string {
  const { store } = useParams({ strict: false });
  return store ?? "";
}

/** The store in the URL; undefined while the list is read. */
export function useStore(): StoreView | undefined {
  const id = useStoreId();
  const { data } = useQuery(storeListQuery());
  return data?.stores.find((store) => store.public_id === id);
}

/** The time zone days are counted in. */
export function useTimeZone(): string {
  return useStore()?.time_zone ?? "UTC";
}
