import { Button, Progress } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { bulkQuery } from "../data/fix_queries";
import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import type { BulkRow } from "../ipc/generated/BulkRow";
import type { BulkView } from "../ipc/generated/BulkView";
import { sentence } from "../lib/sentence";
import { Icon } from "../ui/Icon";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import { toastError } from "../ui/Toasts";
import css from "./Bulk.module.css";
import { Doer, Instant } from "./Values";

const LOOK_EVERY_MS = 1000;

/** How far a bulk run is: counts, pause, and what failed with its reason. Where it was just `begun`, that it goes on without anybody looking. */
export function BulkRun({ first, store, open, begun = false }: { first: BulkView; store: string; open: boolean; begun?: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useFixWords();
  const refusal = useRefusal("repair");
  const { data } = useQuery({
    ...bulkQuery(store, first.id), initialData: first,
    refetchInterval: ({ state }) => ((state.data?.waiting ?? 0) > 0 && state.data?.paused === false ? LOOK_EVERY_MS : false),
  });
  const pause = useCommand("bulk_pause", store, ["actions"]);
  const done = data.total - data.waiting;
  const percent = data.total === 0 ? 100 : (done / data.total) * 100;
  const failed = data.failed + data.unknown;
  return (
    <section className={css["run"]} aria-label={t("bulk.run", { action: words.action(data.action) })} data-testid="bulk-run">
      <header className={css["runHead"]}>
        <strong>{words.action(data.action)}</strong>
        {data.waiting === 0 ? <Tag tone={failed === 0 ? "green" : "amber"} dot>{t("bulk.ended")}</Tag> : data.paused ? <Tag tone="grey" dot>{t("bulk.paused")}</Tag> : <Tag tone="accent" dot>{t("bulk.running")}</Tag>}
        <span className={css["who"]}><Doer name={data.operator} /> · <Instant at={data.confirmed_at} /></span>
        {data.waiting === 0 ? null : (
          <Button
            size="compact-xs" leftSection={<Icon name={data.paused ? "chevron_right" : "pause"} size={12} />} loading={pause.isPending} disabled={refusal !== undefined} title={refusal}
            onClick={() => pause.mutate({ id: data.id, paused: !data.paused }, { onError: toastError })}
          >
            {t(data.paused ? "bulk.resume" : "bulk.pause")}
          </Button>
        )}
      </header>
      <Progress.Root size="sm">
        <Progress.Section value={percent} color={failed > 0 ? "yellow" : undefined} aria-label={t("bulk.progress", { done: format.count(done), total: format.count(data.total) })} />
      </Progress.Root>
      <p className={css["counts"]} role="status">
        <span>{t("bulk.progress", { done: format.count(done), total: format.count(data.total) })}</span>
        <span>{t("bulk.succeeded", { n: format.count(data.succeeded) })}</span>
        {data.unverified === 0 || data.action === "set_finding" || data.action === "annotate" ? null : <span>{t("bulk.unverified", { n: format.count(data.unverified) })}</span>}
        {data.failed === 0 ? null : <span data-tone="red">{t("bulk.failed", { n: format.count(data.failed) })}</span>}
        {data.unknown === 0 ? null : <span data-tone="amber">{t("bulk.unknown", { n: format.count(data.unknown) })}</span>}
      </p>
      <LeftOut rows={data.failures} label={t("bulk.failures")} open={open} />
      {begun ? <p className={css["goesOn"]} data-testid="bulk-note">{t(data.waiting === 0 ? "bulk.kept" : data.paused ? "bulk.stays_paused" : "bulk.goes_on")}</p> : null}
    </section>
  );
}

/** Orders that were left out or failed, each with the reason. */
export function LeftOut({ rows, label, open = false }: { rows: readonly BulkRow[]; label: string; open?: boolean }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const store = useStoreId();
  if (rows.length === 0) return null;
  return (
    <details className={css["leftOut"]} open={open}>
      <summary>{t("bulk.reasons", { label, count: rows.length })}</summary>
      <ul aria-label={label}>
        {rows.map((row) => (
          <li key={`${row.order_id ?? ""} ${row.id} ${row.code ?? ""}`}>
            {row.order_id === null ? <code className={table["mono"]}>{row.id}</code> : (
              <Link className={css["order"]} to="/s/$store/preorders/$id" params={{ store, id: row.order_id }}><code className={table["mono"]}>{row.order_id}</code></Link>
            )}
            <span title={row.message ?? undefined}>{words.refusal(row.code ?? "", sentence(row.message ?? row.code ?? ""))}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
