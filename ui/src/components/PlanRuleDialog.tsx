import { Button, Checkbox, Modal, NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { PlanRule } from "../ipc/generated/PlanRule";
import { PLAN_BYS } from "../lib/plan_rule";
import css from "./Dialog.module.css";

/** One rule. The engine judges it when the change is shown; here only what is missing holds it back. */
export function PlanRuleDialog({ rule, fresh, onKeep, close }: { rule: PlanRule; fresh: boolean; onKeep: (rule: PlanRule) => void; close: () => void }) {
  const { t } = useTranslation();
  const [by, setBy] = useState(rule.by);
  const [value, setValue] = useState(rule.value);
  const [plan, setPlan] = useState(rule.plan ?? "");
  const [credits, setCredits] = useState<number | string>(rule.credits ?? "");
  const [nothing, setNothing] = useState(rule.plan === null);
  const said = typeof credits === "number" ? credits : null;
  const ready = (by === "credits" || value.trim() !== "") && (nothing || (plan.trim() !== "" && (by !== "amount" || said !== null)));
  return (
    <Modal opened onClose={close} title={t(fresh ? "plans.new_rule" : "plans.change_rule")} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form
        className={css["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (!ready) return;
          onKeep({ by, value: by === "credits" ? "" : value.trim(), plan: nothing ? null : plan.trim(), credits: nothing ? null : said });
        }}
      >
        <Select
          label={t("plans.by")} allowDeselect={false} value={by} data={PLAN_BYS.map((one) => ({ value: one, label: t(`plan_by.${one}`) }))}
          onChange={(chosen) => {
            const found = PLAN_BYS.find((one) => one === chosen);
            if (found !== undefined) setBy(found);
          }}
        />
        {by === "credits" ? <p className={css["note"]}>{t("plans.any_number")}</p> : (
          <TextInput
            label={t("plans.value")} description={t(`plan_value.${by}`)} maxLength={200} autoComplete="off" data-autofocus
            value={value} onChange={(event) => setValue(event.currentTarget.value)}
          />
        )}
        <Checkbox label={t("plans.buys_nothing")} checked={nothing} onChange={(event) => setNothing(event.currentTarget.checked)} />
        {nothing ? null : (
          <>
            <TextInput label={t("table.plan")} maxLength={100} autoComplete="off" value={plan} onChange={(event) => setPlan(event.currentTarget.value)} />
            <NumberInput
              name="credits" label={t("plans.credits_each")} description={t(by === "amount" ? "plans.credits_needed" : "plans.credits_or_metadata")}
              allowDecimal={false} allowNegative={false} max={1_000_000_000_000} thousandSeparator={t("adjust.separator")} value={credits} onChange={setCredits}
            />
          </>
        )}
        <div className={css["buttons"]}>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button type="submit" variant="filled" disabled={!ready}>{t(fresh ? "plans.add_rule" : "plans.keep")}</Button>
        </div>
      </form>
    </Modal>
  );
}
