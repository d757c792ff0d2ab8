import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import { useWords } from "../data/words";
import type { Evidence } from "../ipc/generated/Evidence";
import type { FindingRow } from "../ipc/generated/FindingRow";
import { CopyId } from "../ui/Copy";
import css from "./Finding.module.css";
import { Money } from "./Values";

/** What a finding rests on: each thing by its name, in words as far as there are any. */
export function EvidenceList({ finding }: { finding: FindingRow }) {
  const { t } = useTranslation();
  const words = useFixWords();
  if (finding.evidence.length === 0) return null;
  return (
    <dl className={css["evidence"]} aria-label={t("finding.evidence")}>
      {finding.evidence.map((one, index) => (
        // A finding is read whole: its lines have no life of their own.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={index}>
          <dt>{words.evidence(one.name === "count" && finding.rule === "event_sent_twice" ? "event_count" : one.name)}</dt>
          <dd><Shown one={one} finding={finding} /></dd>
        </div>
      ))}
    </dl>
  );
}

/** Names of evidence whose id is that of an order. */
const ORDERS = new Set(["order", "candidate"]);

function Shown({ one, finding }: { one: Evidence; finding: FindingRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  const store = useStoreId();
  const text = useEvidenceText(one, finding);
  return (
    <>
      <span className={css["said"]}>
        {text === null ? null : <bdi>{text}</bdi>}
        {one.amount_minor === undefined ? null : <Money minor={one.amount_minor} currency={one.currency ?? null} />}
        {one.score === undefined ? null : <strong>{t("fix.score", { score: one.score })}</strong>}
        {one.at === undefined ? null : <span className={css["at"]}>{format.instant(one.at)}</span>}
      </span>
      {one.id === undefined ? null : ORDERS.has(one.name) ? (
        <Link className={css["link"]} to="/s/$store/preorders/$id" params={{ store, id: one.id }}><code>{one.id}</code></Link>
      ) : <CopyId id={one.id} label={t("outcome.object")} />}
    </>
  );
}

/** The text of one piece of evidence in the reader's words; one that no table knows as it came. */
function useEvidenceText(one: Evidence, finding: FindingRow): string | null {
  const { t } = useTranslation();
  const fix = useFixWords();
  const words = useWords();
  if (one.text === undefined) return one.name === "decline_code" ? t("finding.no_code") : null;
  switch (one.name) {
    case "decline_code": return fix.decline(one.text);
    case "reason": return finding.rule === "dispute_open" ? fix.disputeReason(one.text) : one.text;
    case "klaviyo_event": return fix.klaviyoEvent(one.text);
    case "step": return words.step(one.text);
    case "entry": return words.entryKind(one.text);
    case "action": return fix.actionKind(one.text);
    case "session": case "intent": case "charge": case "refund": case "dispute": return words.objectStatus(one.text);
    default: return one.text;
  }
}
