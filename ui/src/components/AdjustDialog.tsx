import { Button, Modal, NumberInput, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import type { WalletRow } from "../ipc/generated/WalletRow";
import { ErrorPanel } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { toast } from "../ui/Toasts";
import css from "./Dialog.module.css";

/** Gives an owner credits or takes them, in this mirror alone. */
export function AdjustButton({ wallet }: { wallet: WalletRow }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  const refusal = useRefusal("repair");
  return (
    <>
      <Button variant="filled" disabled={refusal !== undefined} title={refusal} onClick={() => setShown(true)}>
        {t("adjust.button")}
      </Button>
      <Modal
        opened={shown} onClose={() => setShown(false)} title={t("adjust.title", { owner: wallet.owner })}
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        <Form wallet={wallet} close={() => setShown(false)} />
      </Modal>
    </>
  );
}

function Form({ wallet, close }: { wallet: WalletRow; close: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const id = useStoreId();
  const [credits, setCredits] = useState<number | string>("");
  const [reason, setReason] = useState("");
  const adjust = useCommand("wallet_adjust", id, ["preorders"]);
  const change = typeof credits === "number" && Number.isSafeInteger(credits) ? credits : 0;
  const ready = change !== 0 && reason.trim() !== "";
  return (
    <form
      className={css["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || adjust.isPending) return;
        adjust.mutate({ owner: wallet.owner, credits: change, reason: reason.trim() }, {
          onSuccess: () => {
            toast(t("adjust.done", { n: format.signed(change), owner: wallet.owner }));
            close();
          },
        });
      }}
    >
      <NumberInput
        label={t("adjust.credits")} description={t("adjust.credits_note")} allowDecimal={false} thousandSeparator={t("adjust.separator")}
        min={-1_000_000_000} max={1_000_000_000} value={credits} onChange={setCredits} data-autofocus required withAsterisk={false}
      />
      <Textarea
        size="xs" label={t("adjust.reason")} description={t("adjust.reason_note")} maxLength={500} rows={2} required withAsterisk={false}
        value={reason} onChange={(event) => setReason(event.currentTarget.value)}
      />
      <p className={css["change"]} role="status">
        <span>{t("adjust.balance")}</span>
        <strong>{format.count(wallet.balance)}</strong>
        <span aria-hidden="true">→</span>
        <strong data-testid="balance-after">{format.count(wallet.balance + change)}</strong>
      </p>
      <p className={css["note"]}><Icon name="info" size={13} />{t("adjust.mirror_alone")}</p>
      {adjust.error === null ? null : <ErrorPanel error={adjust.error} />}
      <div className={css["buttons"]}>
        <Button onClick={close}>{t("common.cancel")}</Button>
        <Button type="submit" variant="filled" disabled={!ready} loading={adjust.isPending}>{t("adjust.confirm")}</Button>
      </div>
    </form>
  );
}
