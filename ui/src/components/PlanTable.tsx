import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { planListQuery } from "../data/queries";
import { asApiError } from "../ipc/api_error";
import type { PlanList } from "../ipc/generated/PlanList";
import type { PlanRule } from "../ipc/generated/PlanRule";
import { refusedPlace, ruleFor, ruleText, withRules } from "../lib/plan_rule";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Section } from "../ui/Page";
import table from "../ui/table.module.css";
import { toast } from "../ui/Toasts";
import { PaymentKindText } from "./PaymentKindText";
import { PlanCatalogue } from "./PlanCatalogue";
import { PlanPreviewDialog } from "./PlanPreview";
import { PlanRuleDialog } from "./PlanRuleDialog";
import { PlanRules } from "./PlanRules";
import css from "./PlanTable.module.css";

/** The store's plan table: which payment buys how many credits. What a change does is shown before it is made. */
export function PlanTable({ readOnly }: { readOnly: boolean }) {
  const { t } = useTranslation();
  const store = useStoreId();
  const { data, error, isError, refetch } = useQuery(planListQuery(store));
  return (
    <Section title={t("plans.title")} note={t("plans.note")}>
      {data !== undefined ? <Editor list={data} store={store} readOnly={readOnly} />
        : isError ? <ErrorPanel error={error} retry={() => void refetch()} />
        : <Waiting />}
    </Section>
  );
}

/** A rule in its dialog; `place` is null for a new one. */
type Editing = { place: number | null; rule: PlanRule };

function Editor({ list, store, readOnly }: { list: PlanList; store: string; readOnly: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  // Null while nothing was changed: then the table follows the store.
  const [draft, setDraft] = useState<readonly PlanRule[] | null>(null);
  const [editing, setEditing] = useState<Editing | null>(null);
  const [filling, setFilling] = useState(false);
  const [previewing, setPreviewing] = useState(false);
  const preview = useCommand("plan_preview", store);
  const stored = list.rules.map((use) => use.rule);
  const rules = draft ?? stored;
  const changed = rules.map(ruleText).join() !== stored.map(ruleText).join();
  const title = useRefusal("manage_integrations");
  const refusal = preview.error === null ? null : asApiError(preview.error);
  const place = refusal?.code === "BAD_PLAN" ? refusedPlace(refusal.message) : null;

  const put = (next: readonly PlanRule[]) => {
    preview.reset();
    setDraft(next);
  };
  const ask = () => preview.mutate({ rules: [...rules] }, { onSuccess: () => setPreviewing(true), onError: () => setPreviewing(false) });

  return (
    <>
      {rules.length === 0 ? <p className={css["note"]}>{t("plans.empty", { count: list.payments, n: format.count(list.payments) })}</p> : (
        <PlanRules
          rules={rules} uses={list.rules} readOnly={readOnly} refused={refusal === null || place === null ? null : { place, trouble: { ...refusal, hint: "" } }}
          onEdit={(at) => {
            const rule = rules[at];
            if (rule !== undefined) setEditing({ place: at, rule });
          }}
          onRemove={(at) => put(rules.filter((_rule, index) => index !== at))}
        />
      )}
      {refusal === null || place !== null ? null : <ErrorPanel error={preview.error} />}
      <div className={css["buttons"]}>
        <Button
          leftSection={<Icon name="plus" size={13} />} disabled={readOnly} title={title}
          onClick={() => setEditing({ place: null, rule: { by: "price", value: "", plan: "", credits: null } })}
        >
          {t("plans.add")}
        </Button>
        <Button disabled={readOnly} title={title} onClick={() => setFilling(true)}>{t("plans.fill")}</Button>
        <span className={css["state"]}>{changed ? t("settings.unsaved") : t("settings.no_changes")}</span>
        <Button disabled={!changed} onClick={() => { preview.reset(); setDraft(null); }}>{t("settings.discard")}</Button>
        <Button variant="filled" disabled={readOnly || !changed} title={title} loading={preview.isPending} onClick={ask}>{t("plans.preview")}</Button>
      </div>
      <Unmapped list={list} rules={rules} readOnly={readOnly} onAdd={(rule) => setEditing({ place: null, rule })} />
      {editing === null ? null : (
        <PlanRuleDialog
          rule={editing.rule} fresh={editing.place === null} close={() => setEditing(null)}
          onKeep={(rule) => {
            put(editing.place === null ? [...rules, rule] : rules.map((one, index) => (index === editing.place ? rule : one)));
            setEditing(null);
          }}
        />
      )}
      {filling ? (
        <PlanCatalogue
          store={store} rules={rules} close={() => setFilling(false)}
          onAdd={(added) => {
            put(withRules(rules, added));
            setFilling(false);
          }}
        />
      ) : null}
      {previewing && preview.data !== undefined ? (
        <PlanPreviewDialog
          preview={preview.data} rules={rules} store={store} again={ask} close={() => setPreviewing(false)}
          onDone={() => {
            setPreviewing(false);
            setDraft(null);
            toast(t("plans.saved"));
          }}
        />
      ) : null}
    </>
  );
}

/** Payments that no rule covers, each with the way to a rule for it. */
function Unmapped({ list, rules, readOnly, onAdd }: { list: PlanList; rules: readonly PlanRule[]; readOnly: boolean; onAdd: (rule: PlanRule) => void }) {
  const refusal = useRefusal("manage_integrations");
  const { t } = useTranslation();
  const format = useFormat();
  if (list.unmapped.length === 0) return null;
  return (
    <div className={css["unmapped"]}>
      <h3 className={css["heading"]}>{t("plans.unmapped", { count: list.unmapped_payments, n: format.count(list.unmapped_payments) })}</h3>
      <table className={table["table"]} aria-label={t("plans.unmapped_label")}>
        <tbody>
          {list.unmapped.map((kind) => (
            <tr key={JSON.stringify(kind)}>
              <td><PaymentKindText kind={kind} /></td>
              <td className={table["number"]}>{t("purchases.count", { count: kind.payments, n: format.count(kind.payments) })}</td>
              <td className={table["number"]}>
                <Button size="compact-xs" disabled={readOnly} title={refusal} onClick={() => onAdd(ruleFor(kind, rules))}>
                  {t("plans.add_for")}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
