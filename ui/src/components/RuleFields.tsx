import { Checkbox, NumberInput, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { findingRulesQuery } from "../data/fix_queries";
import { useFixWords } from "../data/fix_words";
import type { RuleSetting } from "../ipc/generated/RuleSetting";
import type { RuleView } from "../ipc/generated/RuleView";
import type { Settings } from "../ipc/generated/Settings";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Section } from "../ui/Page";
import table from "../ui/table.module.css";
import { SeverityTag } from "./FindingTags";
import css from "./RuleFields.module.css";

/** Which rules look for what, after how long, and whether the desktop is told. */
export function RuleFields({ store, draft, put, disabled }: { store: string; draft: Settings; put: (change: Partial<Settings>) => void; disabled: boolean }) {
  const { t } = useTranslation();
  const { data, error, isError, refetch } = useQuery(findingRulesQuery(store));
  return (
    <div id="rules">
      <Section title={t("rules.title")} note={t("rules.note")}>
        <Switch
          size="sm" mb={10} label={t("rules.notify")} description={t("rules.notify_note")} checked={draft.notify} disabled={disabled}
          onChange={(event) => put({ notify: event.currentTarget.checked })}
        />
        {data === undefined ? (isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Waiting rows={4} />) : (
          <table className={table["table"]} aria-label={t("rules.title")}>
            <thead>
              <tr>
                <th scope="col">{t("rules.rule")}</th>
                <th scope="col">{t("stuck.severity")}</th>
                <th scope="col">{t("rules.on")}</th>
                <th scope="col">{t("rules.after")}</th>
              </tr>
            </thead>
            <tbody>{data.rules.map((rule) => <Rule key={rule.name} rule={rule} draft={draft} put={put} disabled={disabled} />)}</tbody>
          </table>
        )}
      </Section>
    </div>
  );
}

/** This one counts from the setting that Health's list of undelivered events has too. */
const SET_ELSEWHERE = "undelivered_event";

function Rule({ rule, draft, put, disabled }: { rule: RuleView; draft: Settings; put: (change: Partial<Settings>) => void; disabled: boolean }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const name = words.finding(rule.name);
  const usual: RuleSetting = { on: true, threshold_s: rule.usual_s };
  const set = draft.findings[rule.name] ?? usual;
  // Back from a deadline the engine counts below zero; people say how long before.
  const back = rule.least_s < 0;
  const change = (next: Partial<RuleSetting>) => {
    const wanted = { ...set, ...next };
    const { [rule.name]: _before, ...others } = draft.findings;
    const same = wanted.on === usual.on && wanted.threshold_s === usual.threshold_s;
    put({ findings: same ? others : { ...others, [rule.name]: wanted } });
  };
  return (
    <tr>
      <td title={words.findingMeaning(rule.name)}>{name}</td>
      <td><SeverityTag severity={rule.severity} /></td>
      <td><Checkbox aria-label={t("rules.look_for", { rule: name })} checked={set.on} disabled={disabled} onChange={(event) => change({ on: event.currentTarget.checked })} /></td>
      <td>
        {rule.name === SET_ELSEWHERE ? <span className={table["dim"]}>{t("rules.set_above")}</span> : (
          <span className={css["after"]}>
            <NumberInput
              w={96} aria-label={t("rules.minutes_of", { rule: name })} allowDecimal={false} clampBehavior="blur" disabled={disabled || !set.on}
              min={Math.floor(Math.min(Math.abs(rule.least_s), Math.abs(rule.most_s)) / 60)} max={Math.floor(Math.max(Math.abs(rule.least_s), Math.abs(rule.most_s)) / 60)}
              value={Math.round(Math.abs(set.threshold_s) / 60)}
              onChange={(value) => change({ threshold_s: Number(value) * (back ? -60 : 60) })}
            />
            {t("rules.minutes")}{back ? ` ${t("rules.before")}` : ""}
          </span>
        )}
      </td>
    </tr>
  );
}
