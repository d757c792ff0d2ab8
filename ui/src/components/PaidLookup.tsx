import { Button, Modal, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useFormat } from "../data/format";
import { purchaseStatusQuery } from "../data/queries";
import type { PurchaseAnswer } from "../ipc/generated/PurchaseAnswer";
import { CopyButton } from "../ui/Copy";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import css from "./PaidLookup.module.css";

/** Asks for one id what a shop's success page asks. It reads, and grants nothing. */
export function PaidLookup({ id = "" }: { id?: string }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  return (
    <>
      <Button leftSection={<Icon name="search" size={13} />} onClick={() => setShown(true)}>{t("lookup.button")}</Button>
      <Modal opened={shown} onClose={() => setShown(false)} title={t("lookup.title")} closeButtonProps={{ "aria-label": t("common.close") }}>
        <Box id={id} />
      </Modal>
    </>
  );
}

function Box({ id }: { id: string }) {
  const { t } = useTranslation();
  const store = useStoreId();
  const [text, setText] = useState(id);
  const [asked, setAsked] = useState(id);
  const { data, error, isError, isFetching, refetch } = useQuery({ ...purchaseStatusQuery(store, asked), enabled: asked !== "" });
  return (
    <form
      className={css["box"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() === asked) void refetch();
        else setAsked(text.trim());
      }}
    >
      <p className={css["note"]}>{t("lookup.note")}</p>
      <div className={css["ask"]}>
        <TextInput
          className={css["field"]} label={t("lookup.id")} description={t("lookup.id_note")} maxLength={200} autoComplete="off" data-autofocus
          value={text} onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" variant="filled" disabled={text.trim() === ""} loading={isFetching}>{t("lookup.ask")}</Button>
      </div>
      {asked === "" ? null : isError ? <ErrorPanel error={error} /> : data === undefined ? <Waiting rows={3} /> : <Answer answer={data} asked={asked} />}
    </form>
  );
}

function Answer({ answer, asked }: { answer: PurchaseAnswer; asked: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { wallet, purchaseApplied: applied } = answer;
  const json = JSON.stringify(answer, null, 2);
  return (
    <div role="status" className={css["answer"]}>
      <ul className={css["words"]}>
        <li><strong>{t(`lookup.status.${answer.status}`)}</strong></li>
        <li>{t(applied === undefined ? "lookup.applied_unknown" : applied ? "lookup.applied" : "lookup.not_applied")}</li>
        <li>{wallet === undefined ? t("lookup.no_wallet") : t("lookup.wallet", { owner: wallet.owner, n: format.count(wallet.balance) })}</li>
      </ul>
      <div className={css["head"]}>
        <span>{t("lookup.json", { id: asked })}</span>
        <CopyButton text={json} label={t("sheet.raw")} />
      </div>
      <pre className={css["json"]} dir="ltr" data-testid="lookup-json">{json}</pre>
    </div>
  );
}
