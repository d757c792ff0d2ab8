import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useFormat } from "../data/format";
import { asApiError } from "../ipc/api_error";
import type { PlanPreview } from "../ipc/generated/PlanPreview";
import type { PlanRule } from "../ipc/generated/PlanRule";
import { Banner, ErrorPanel } from "../ui/Feedback";
import { Fact, Facts } from "../ui/Facts";
import table from "../ui/table.module.css";
import dialog from "./Dialog.module.css";
import { BoughtText, PaymentKindText } from "./PaymentKindText";
import css from "./PlanTable.module.css";

/** What a change of the plan table does, before it is made; the engine takes it only for the settings it was shown for. */
export function PlanPreviewDialog({
  preview, rules, store, again, close, onDone,
}: { preview: PlanPreview; rules: readonly PlanRule[]; store: string; again: () => void; close: () => void; onDone: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [overtaken, setOvertaken] = useState(false);
  const save = useCommand("plan_set", store, ["settings", "preorders"]);
  const fromTo = (before: number, after: number) => (
    <>{format.count(before)} → <strong>{format.count(after)}</strong></>
  );
  return (
    <Modal opened onClose={close} size="xl" title={t("plans.preview_title")} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form
        className={dialog["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (save.isPending) return;
          save.mutate({ rules: [...rules], revision: preview.revision }, {
            onSuccess: onDone,
            onError: (error) => {
              if (asApiError(error).code !== "PLAN_CHANGED") return;
              setOvertaken(true);
              save.reset();
              again();
            },
          });
        }}
      >
        {overtaken ? <Banner tone="amber" icon="warning" title={t("plans.overtaken")}>{t("plans.overtaken_text")}</Banner> : null}
        <Facts>
          <Fact name={t("plans.payments_changed")}>{format.count(preview.payments_changed)}</Fact>
          <Fact name={t("plans.credits_of_all")}>{fromTo(preview.credits_before, preview.credits_after)}</Fact>
          <Fact name={t("plans.unmapped_payments")}>{fromTo(preview.unmapped_before, preview.unmapped_after)}</Fact>
        </Facts>
        {preview.changes.length === 0 ? <p className={css["note"]}>{t("plans.changes_nothing")}</p> : (
          <div className={css["prices"]}>
            <table className={table["table"]} aria-label={t("plans.changes")}>
              <thead>
                <tr>
                  <th scope="col">{t("plans.payments_like")}</th>
                  <th scope="col" className={table["number"]}>{t("plans.payments")}</th>
                  <th scope="col">{t("plans.now")}</th>
                  <th scope="col">{t("plans.then")}</th>
                </tr>
              </thead>
              <tbody>
                {preview.changes.map((change) => (
                  <tr key={JSON.stringify(change.of)}>
                    <td><PaymentKindText kind={change.of} /></td>
                    <td className={table["number"]}>{format.count(change.of.payments)}</td>
                    <td><BoughtText bought={change.before} /></td>
                    <td><BoughtText bought={change.after} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        <p className={dialog["note"]}>{t("plans.preview_note")}</p>
        {save.error === null ? null : <ErrorPanel error={save.error} />}
        <div className={dialog["buttons"]}>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button type="submit" variant="filled" loading={save.isPending}>{t("plans.confirm")}</Button>
        </div>
      </form>
    </Modal>
  );
}
