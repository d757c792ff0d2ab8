import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useFormat } from "../data/format";
import { healthQuery } from "../data/queries";
import { useWords } from "../data/words";
import css from "./SyncProgress.module.css";

/** A running task in numbers. Ordinary polls are over too soon to be worth a line. */
export function SyncProgress() {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useWords();
  const { data } = useQuery(healthQuery(useStoreId()));
  const progress = data?.freshness.progress ?? null;
  if (progress === null || progress.task === "poll") return null;

  const { done, total } = progress;
  const numbers =
    total === null
      ? t("progress.done", { done: format.count(done) })
      : t("progress.done_of", { done: format.count(done), total: format.count(total) });
  return (
    <div className={css["progress"]}>
      <span className={css["text"]}>
        {words.task(progress.task)} · {numbers} · {words.kind(progress.phase)}
      </span>
      <progress
        className={css["bar"]} max={total ?? undefined} value={total === null ? undefined : done}
        aria-label={words.task(progress.task)}
      />
    </div>
  );
}
