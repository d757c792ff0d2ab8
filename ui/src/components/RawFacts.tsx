import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { rawFactQuery } from "../data/queries";
import { useWords } from "../data/words";
import type { FactLine } from "../ipc/generated/FactLine";
import { indentJson } from "../lib/json_text";
import { CopyButton } from "../ui/Copy";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Tag } from "../ui/Tag";
import css from "./RawFacts.module.css";
import { Instant } from "./Values";

/** The stored objects of an order; each opens to its JSON, which is read only then. */
export function RawFacts({ facts, store }: { facts: readonly FactLine[]; store: string }) {
  const { t } = useTranslation();
  const words = useWords();
  const [open, setOpen] = useState<string | null>(null);
  if (facts.length === 0) return <p className={css["none"]}>{t("sheet.no_facts")}</p>;
  return (
    <ul>
      {facts.map((fact) => {
        const shown = open === fact.object_id;
        return (
          <li key={fact.object_id} className={css["fact"]}>
            <button type="button" className={css["row"]} aria-expanded={shown} onClick={() => setOpen(shown ? null : fact.object_id)}>
              <Icon name={shown ? "chevron_down" : "chevron_right"} size={13} />
              <span className={css["kind"]}>{words.kind(fact.kind)}</span>
              <code className={css["id"]}>{fact.object_id}</code>
              {fact.deleted ? <Tag tone="grey">{t("sheet.deleted")}</Tag> : null}
              {fact.unsettled ? <Tag tone="amber">{t("sheet.being_fetched")}</Tag> : null}
              <span className={css["when"]}>{words.origin(fact.origin)} · <Instant at={fact.as_of} /></span>
            </button>
            {shown ? <Raw id={fact.object_id} store={store} /> : null}
          </li>
        );
      })}
    </ul>
  );
}

/** Stored JSON as text: nothing in it is ever markup. */
export function Raw({ id, store }: { id: string; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useWords();
  const { data, error, isError, refetch } = useQuery(rawFactQuery(store, id));
  if (isError) return <div className={css["inside"]}><ErrorPanel error={error} retry={() => void refetch()} /></div>;
  if (data === undefined) return <Waiting />;
  return (
    <div className={css["inside"]}>
      <div className={css["rawHead"]}>
        <span>{t("sheet.raw_note", { origin: words.origin(data.origin), at: format.instant(data.as_of) })}</span>
        <CopyButton text={data.json} label={t("sheet.raw")} />
      </div>
      {/* A long text that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={css["raw"]} tabIndex={0} aria-label={t("sheet.raw_of", { id })} dir="ltr">{indentJson(data.json)}</pre>
    </div>
  );
}
