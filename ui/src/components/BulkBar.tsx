import { Button, Menu } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useRefusal } from "../data/desk";
import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import type { BulkArgs } from "../ipc/generated/BulkArgs";
import type { FindingWord } from "../ipc/generated/FindingWord";
import type { BulkKind } from "../lib/bulk_request";
import { BULK_KINDS, bulkArgs } from "../lib/bulk_request";
import type { Markable, Marks } from "../table/marks";
import { MOST_MARKED } from "../table/marks";
import { Icon } from "../ui/Icon";
import { toastError } from "../ui/Toasts";
import css from "./Bulk.module.css";
import { BulkAsk, BulkDialog } from "./BulkDialog";
import { SayDialog } from "./SayDialog";

type Word = Exclude<FindingWord, "open">;
const WORDS = ["snoozed", "resolved", "dismissed"] as const satisfies readonly Word[];

/** Says how many rows are marked, and what can be done with all of them. */
export function BulkBar({
  marks, total, walk, findings = false,
}: {
  marks: Marks; total: number | null;
  /** Reads every row that matches, up to a number. */
  walk: (most: number) => Promise<readonly Markable[]>;
  /** The rows are findings: something can be said of them. */
  findings?: boolean;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useFixWords();
  const store = useStoreId();
  const refusal = useRefusal("repair");
  const [walking, setWalking] = useState(false);
  const [asking, setAsking] = useState<BulkKind | null>(null);
  const [saying, setSaying] = useState<Word | null>(null);
  const [args, setArgs] = useState<BulkArgs | null>(null);
  const { size } = marks.marked;
  if (size === 0) return null;
  const orders = [...marks.marked.values()].flatMap((order) => (order === null ? [] : [order]));
  const begin = (kind: BulkKind) => {
    if (kind === "annotate" || kind === "refund") setAsking(kind);
    else setArgs(bulkArgs(kind, orders));
  };
  return (
    <div className={css["bar"]} role="region" aria-label={t("bulk.bar")} data-testid="bulk-bar">
      <strong>{t("bulk.selected", { count: size, n: format.count(size) })}</strong>
      {total === null || total > size ? (
        <Button
          size="compact-xs" variant="subtle" loading={walking}
          onClick={() => {
            setWalking(true);
            walk(MOST_MARKED).then((rows) => marks.add(rows)).catch(toastError).finally(() => setWalking(false));
          }}
        >
          {total === null ? t("bulk.all") : t("bulk.all_of", { n: format.count(Math.min(total, MOST_MARKED)) })}
        </Button>
      ) : null}
      <Menu position="top-start">
        <Menu.Target>
          <Button variant="filled" disabled={refusal !== undefined} title={refusal} rightSection={<Icon name="chevron_up" size={12} />}>{t("bulk.do")}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {findings ? WORDS.map((word) => <Menu.Item key={word} onClick={() => setSaying(word)}>{t(`bulk_say.${word}`)}</Menu.Item>) : null}
          {findings ? <Menu.Divider /> : null}
          {BULK_KINDS.map((kind) => <Menu.Item key={kind} disabled={orders.length === 0} onClick={() => begin(kind)}>{words.action(kind)}</Menu.Item>)}
        </Menu.Dropdown>
      </Menu>
      <Button onClick={marks.clear}>{t("bulk.clear")}</Button>
      <Link className={css["runs"]} to="/s/$store/bulk" params={{ store }}>{t("bulk.runs")}</Link>
      {asking === null ? null : (
        <BulkAsk kind={asking} close={() => setAsking(null)} submit={(more) => { setAsking(null); setArgs(bulkArgs(asking, orders, more)); }} />
      )}
      {saying === null ? null : (
        <SayDialog
          word={saying} title={t(`bulk_say.${saying}`)} pending={false} error={null} close={() => setSaying(null)}
          submit={(said) => { setSaying(null); setArgs(bulkArgs("set_finding", [...marks.marked.keys()], said)); }}
        />
      )}
      {args === null ? null : <BulkDialog args={args} close={(done) => { setArgs(null); if (done) marks.clear(); }} />}
    </div>
  );
}
