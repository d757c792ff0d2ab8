import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { useRefusal } from "../data/desk";
import { orderActionsQuery } from "../data/fix_queries";
import { useFixWords } from "../data/fix_words";
import type { ActionKind } from "../ipc/generated/ActionKind";
import type { FixSubject } from "../lib/fix_choice";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Section } from "../ui/Page";
import table from "../ui/table.module.css";
import { ActionLine } from "./ActionOutcome";
import css from "./OrderActions.module.css";

/** The fixes that people reach for most; the dialog has them all. */
const USUAL = ["annotate", "refetch", "new_link", "change_details", "refund"] as const satisfies readonly ActionKind[];

/** What can be done about an order, and what was done or is under way. */
export function OrderActions({ order, store, fix }: { order: string; store: string; fix: (subject: FixSubject) => void }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const refusal = useRefusal("repair");
  const { data, error, isError, refetch } = useQuery(orderActionsQuery(store, order));
  return (
    <Section title={t("sheet.actions")} note={data === undefined || data.done.length === 0 ? undefined : t("sheet.actions_note", { count: data.done.length })} flush>
      {data === undefined ? (
        isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Waiting rows={2} />
      ) : (
        <>
          <div className={css["buttons"]}>
            {USUAL.filter((kind) => data.allowed.some((one) => one.action === kind)).map((kind) => {
              const all = data.allowed.filter((one) => one.action === kind);
              const [first] = all;
              const blocked = all.every((one) => one.disabled !== null) ? (first?.disabled ?? null) : null;
              const why = refusal ?? (blocked === null ? undefined : words.blocked(kind, blocked));
              return <Button key={kind} size="compact-sm" disabled={why !== undefined} title={why} onClick={() => fix({ order, prefer: kind })}>{words.action(kind)}</Button>;
            })}
            <Button size="compact-sm" variant="light" onClick={() => fix({ order })}>{t("sheet.all_actions")}</Button>
          </div>
          {data.done.length === 0 ? <p className={`${css["none"]} ${table["dim"]}`}>{t("sheet.no_actions")}</p> : (
            <ul>{data.done.map((view) => <li key={view.id}><ActionLine view={view} /></li>)}</ul>
          )}
        </>
      )}
    </Section>
  );
}
