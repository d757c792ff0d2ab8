import { useTranslation } from "react-i18next";

import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import type { FindingCounts } from "../ipc/generated/FindingCounts";
import { SEVERITIES } from "../lib/finding_filter";
import css from "./RuleList.module.css";

/** Rules by how many findings of each are open, the worst first; one of them narrows the list. */
export function RuleList({
  counts, chosen, choose,
}: { counts: FindingCounts | undefined; chosen: string | undefined; choose: (rule: string | undefined) => void }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const format = useFormat();
  const rules = (counts?.rules ?? [])
    .filter((one) => one.open > 0 || one.rule === chosen)
    .toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.open - a.open);
  return (
    <nav className={css["rules"]} aria-label={t("stuck.rules")}>
      <button type="button" className={css["rule"]} aria-pressed={chosen === undefined} onClick={() => choose(undefined)}>
        <span className={css["name"]}>{t("stuck.all_rules")}</span>
        <span className={css["count"]}>{counts === undefined ? "" : format.count(counts.total)}</span>
      </button>
      {rules.map(({ rule, severity, open }) => (
        <button
          key={rule} type="button" className={css["rule"]} aria-pressed={chosen === rule} title={words.findingMeaning(rule)} data-testid={`rule-${rule}`}
          onClick={() => choose(chosen === rule ? undefined : rule)}
        >
          <span className={css["dot"]} data-severity={severity} aria-hidden="true" />
          <span className={css["name"]}>{words.finding(rule)}</span>
          <span className={css["count"]}>{format.count(open)}</span>
        </button>
      ))}
    </nav>
  );
}
