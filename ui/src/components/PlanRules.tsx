import { ActionIcon } from "@mantine/core";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";

import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import type { Trouble } from "../i18n/problem_words";
import type { PlanRule } from "../ipc/generated/PlanRule";
import type { PlanUse } from "../ipc/generated/PlanUse";
import { ruleText } from "../lib/plan_rule";
import { TroubleText } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import css from "./PlanTable.module.css";

/** The rules in their order, each with the payments it covers now; a refused one says why. */
export function PlanRules({
  rules, uses, readOnly, refused, onEdit, onRemove,
}: {
  rules: readonly PlanRule[]; uses: readonly PlanUse[]; readOnly: boolean; refused: { place: number; trouble: Trouble } | null;
  onEdit: (place: number) => void; onRemove: (place: number) => void;
}) {
  const refusal = useRefusal("manage_integrations");
  const { t } = useTranslation();
  const format = useFormat();
  const known = new Map(uses.map((use) => [ruleText(use.rule), use.payments]));
  return (
    <div className={css["scroll"]}>
      <table className={table["table"]} aria-label={t("plans.title")}>
        <thead>
          <tr>
            <th scope="col">{t("plans.by")}</th>
            <th scope="col">{t("plans.value")}</th>
            <th scope="col">{t("table.plan")}</th>
            <th scope="col" className={table["number"]}>{t("table.credits")}</th>
            <th scope="col" className={table["number"]}>{t("plans.payments")}</th>
            <th scope="col"><span className={css["hidden"]}>{t("plans.actions")}</span></th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule, index) => {
            const payments = known.get(ruleText(rule));
            const name = `${t(`plan_by.${rule.by}`)} ${rule.value}`.trim();
            return (
              // Two rules may say the same until the engine has judged them.
              // oxlint-disable-next-line react/no-array-index-key
              <Fragment key={index}>
                <tr data-testid="plan-rule" data-refused={refused?.place === index}>
                  <td>{t(`plan_by.${rule.by}`)}</td>
                  <td className={css["value"]}><code className={table["mono"]}>{rule.value === "" ? t("plans.any") : rule.value}</code></td>
                  <td>{rule.plan === null ? <Tag tone="grey">{t("plans.no_credits")}</Tag> : <bdi>{rule.plan}</bdi>}</td>
                  <td className={table["number"]}>
                    {rule.credits !== null ? format.count(rule.credits) : rule.plan === null ? "–" : <span className={table["dim"]}>{t("plans.by_metadata")}</span>}
                  </td>
                  <td className={table["number"]}>
                    {payments === undefined ? <span className={table["dim"]} title={t("plans.not_counted")}>–</span> : format.count(payments)}
                  </td>
                  <td className={table["number"]}>
                    <ActionIcon
                      variant="subtle" color="gray" size={22} disabled={readOnly} aria-label={t("plans.edit", { name })}
                      title={refusal ?? t("plans.edit", { name })} onClick={() => onEdit(index)}
                    >
                      <Icon name="settings" size={13} />
                    </ActionIcon>
                    <ActionIcon
                      variant="subtle" color="gray" size={22} disabled={readOnly} aria-label={t("plans.remove", { name })}
                      title={refusal ?? t("plans.remove", { name })} onClick={() => onRemove(index)}
                    >
                      <Icon name="trash" size={13} />
                    </ActionIcon>
                  </td>
                </tr>
                {refused?.place === index ? (
                  <tr>
                    <td colSpan={6} className={css["refused"]}><p role="alert"><Icon name="warning" size={13} /> <TroubleText trouble={refused.trouble} /></p></td>
                  </tr>
                ) : null}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
