import { useTranslation } from "react-i18next";

import type { StoreView } from "../ipc/generated/StoreView";
import css from "./ModeTag.module.css";

export type StoreNature = "live" | "test" | "practice" | "file";

/** What a store is to the person in front of it: real money, test money, practice, or a file to read. */
export function natureOf(store: StoreView): StoreNature {
  if (store.read_only) return "file";
  if (store.mode === "live") return "live";
  return store.is_stripe ? "test" : "practice";
}

/** Live, test, practice or file: in word and colour. */
export function ModeTag({ store }: { store: StoreView }) {
  const { t } = useTranslation();
  const nature = natureOf(store);
  return <span className={css["mode"]} data-nature={nature}>{t(`nature.${nature}`)}</span>;
}
