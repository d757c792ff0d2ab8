import { useTranslation } from "react-i18next";

import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import type { FindingCounts } from "../ipc/generated/FindingCounts";
import type { FindingState } from "../ipc/generated/FindingState";
import type { RuleCount } from "../ipc/generated/RuleCount";
import { SEVERITIES } from "../lib/finding_filter";
import css from "./RuleList.module.css";

/** Rules by how many findings of each are in the state that is listed, the worst first; one of them narrows the list. */
export function RuleList({
  counts, state, chosen, choose,
}: { counts: FindingCounts | undefined; state: FindingState; chosen: string | undefined; choose: (rule: string | undefined) => void }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const format = useFormat();
  // What is done with is not counted by rule: any rule may have found some, and none has a number.
  const countOf = state === "open" ? (one: RuleCount) => one.open : state === "snoozed" ? (one: RuleCount) => one.snoozed : null;
  const all = state === "open" ? counts?.total : state === "snoozed" ? counts?.snoozed : undefined;
  const rules = (counts?.rules ?? [])
    .filter((one) => countOf === null || countOf(one) > 0 || one.rule === chosen)
    .toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (countOf === null ? 0 : countOf(b) - countOf(a)));
  return (
    <nav className={css["rules"]} aria-label={t("stuck.rules")}>
      <button type="button" className={css["rule"]} aria-pressed={chosen === undefined} onClick={() => choose(undefined)}>
        <span className={css["name"]}>{t("stuck.all_rules")}</span>
        <span className={css["count"]}>{all === undefined ? "" : format.count(all)}</span>
      </button>
      {rules.map((one) => (
        <button
          key={one.rule} type="button" className={css["rule"]} aria-pressed={chosen === one.rule} title={words.findingMeaning(one.rule)} data-testid={`rule-${one.rule}`}
          onClick={() => choose(chosen === one.rule ? undefined : one.rule)}
        >
          <span className={css["dot"]} data-severity={one.severity} aria-hidden="true" />
          <span className={css["name"]}>{words.finding(one.rule)}</span>
          {countOf === null ? null : <span className={css["count"]}>{format.count(countOf(one))}</span>}
        </button>
      ))}
    </nav>
  );
}
