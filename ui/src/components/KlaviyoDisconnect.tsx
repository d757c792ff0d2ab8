import { Button, Modal, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { klaviyoPreviewQuery } from "../data/klaviyo_queries";
import type { DisconnectPreview } from "../ipc/generated/DisconnectPreview";
import type { KlaviyoAccount } from "../ipc/generated/KlaviyoAccount";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Section } from "../ui/Page";
import { toast } from "../ui/Toasts";
import dialog from "./Dialog.module.css";
import css from "./Klaviyo.module.css";
import { KlaviyoProblem } from "./KlaviyoProblem";

/** Ends the connection, once what that clears was shown and the account's id typed. */
export function DisconnectSection({ store, account }: { store: string; account: KlaviyoAccount }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage_integrations");
  const [asking, setAsking] = useState(false);
  return (
    <Section title={t("klaviyo.disconnect_section")}>
      <div className={css["remove"]}>
        <p className={css["small"]}>{t("klaviyo.disconnect_note")}</p>
        <Button data-testid="klaviyo-disconnect" color="red" variant="outline" disabled={refusal !== undefined} title={refusal} onClick={() => setAsking(true)}>{t("klaviyo.disconnect")}</Button>
      </div>
      <Modal opened={asking} onClose={() => setAsking(false)} title={t("klaviyo.disconnect_title", { account: account.name })} closeButtonProps={{ "aria-label": t("common.close") }}>
        <Preview store={store} account={account} close={() => setAsking(false)} />
      </Modal>
    </Section>
  );
}

function Preview({ store, account, close }: { store: string; account: KlaviyoAccount; close: () => void }) {
  const { t } = useTranslation();
  const { data, error, isError, refetch } = useQuery(klaviyoPreviewQuery(store));
  const [typed, setTyped] = useState("");
  const disconnect = useCommand("klaviyo_disconnect", store, ["klaviyo", "actions"]);
  if (data === undefined) return isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Waiting rows={3} />;
  const ready = typed.trim() === account.public_id;
  return (
    <form
      className={dialog["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !disconnect.isPending) disconnect.mutate({}, { onSuccess: () => toast(t("klaviyo.disconnected_done")) });
      }}
    >
      <Cleared preview={data} />
      <TextInput label={t("klaviyo.type_id", { id: account.public_id })} value={typed} data-autofocus autoComplete="off" spellCheck={false} onChange={(event) => setTyped(event.currentTarget.value)} />
      {disconnect.error === null ? null : <KlaviyoProblem error={disconnect.error} />}
      <div className={dialog["buttons"]}>
        <Button onClick={close}>{t("common.cancel")}</Button>
        <Button type="submit" color="red" variant="filled" disabled={!ready} loading={disconnect.isPending}>{t("klaviyo.disconnect_do")}</Button>
      </div>
    </form>
  );
}

function Cleared({ preview }: { preview: DisconnectPreview }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div data-testid="disconnect-preview">
      <p className={css["clearsHead"]}>{t("klaviyo.clears")}</p>
      <ul className={css["clears"]}>
        {preview.clears.filter(({ count }) => count > 0).map(({ what, count }) => (
          <li key={what}>
            <Icon name="trash" size={13} />
            <span>{t(`klaviyo.cleared.${what}`, { count, n: format.count(count) })}</span>
          </li>
        ))}
      </ul>
      <p className={css["small"]}>{t("klaviyo.stays", { count: preview.preorders_kept, n: format.count(preview.preorders_kept) })}</p>
      {preview.environment_key_stays ? <p className={css["small"]}>{t("klaviyo.environment_stays")}</p> : null}
    </div>
  );
}
