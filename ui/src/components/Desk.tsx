import { Button, Menu, Modal, PasswordInput, Select, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useMe, useTouch } from "../data/desk";
import { operatorListQuery } from "../data/fix_queries";
import { Banner, ErrorPanel } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { toastError } from "../ui/Toasts";
import css from "./Desk.module.css";
import dialog from "./Dialog.module.css";

/** Who is at the desk, and the way to leave it. Nothing where one person owns it alone. */
export function Desk() {
  const { t } = useTranslation();
  const me = useMe();
  const store = useStoreId();
  const lock = useCommand("operator_lock", null, ["operators"]);
  useTouch();
  if (me === undefined || !me.more_than_one || me.locked) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <UnstyledButton className={css["who"]} data-testid="desk" title={t("desk.who", { name: me.name ?? "" })}>
          <Icon name="person" size={14} />
          <bdi>{me.name}</bdi>
          {me.role === null ? null : <span className={css["role"]}>{t(`role.${me.role}`)}</span>}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Icon name="lock" size={14} />} onClick={() => lock.mutate({}, { onError: toastError })}>{t("desk.lock")}</Menu.Item>
        <Menu.Item leftSection={<Icon name="settings" size={14} />} renderRoot={(props) => <Link {...props} to="/s/$store/settings" params={{ store }} hash="operators" />}>
          {t("operators.title")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** A locked desk reads on; whoever wants to do something says who they are. */
export function DeskLock() {
  const me = useMe();
  return me?.locked === true ? <Locked last={me.name} /> : null;
}

function Locked({ last }: { last: string | null }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(true);
  return (
    <>
      <Banner tone="amber" icon="lock" title={t("desk.locked_title")} action={<Button size="compact-xs" variant="filled" onClick={() => setAsking(true)}>{t("desk.unlock")}</Button>}>
        {t("desk.locked_text")}
      </Banner>
      <Modal opened={asking} onClose={() => setAsking(false)} title={t("desk.unlock_title")} closeButtonProps={{ "aria-label": t("common.close") }}>
        <Unlock last={last} read={() => setAsking(false)} />
      </Modal>
    </>
  );
}

function Unlock({ last, read }: { last: string | null; read: () => void }) {
  const { t } = useTranslation();
  const { data } = useQuery(operatorListQuery());
  const [name, setName] = useState<string | null>(last);
  const [passphrase, setPassphrase] = useState("");
  const unlock = useCommand("operator_unlock", null, ["operators", "actions"]);
  const names = data?.operators.filter((one) => !one.disabled).map((one) => one.name) ?? (last === null ? [] : [last]);
  const ready = name !== null && passphrase !== "";
  return (
    <form
      className={dialog["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (name === null || !ready || unlock.isPending) return;
        // The passphrase leaves this form whatever comes of it.
        unlock.mutate({ name, passphrase }, { onSettled: () => setPassphrase("") });
      }}
    >
      <Select label={t("operators.name")} placeholder={t("desk.choose")} allowDeselect={false} data={names} value={name} onChange={setName} />
      <PasswordInput label={t("operators.passphrase")} autoComplete="off" data-autofocus value={passphrase} onChange={(event) => setPassphrase(event.currentTarget.value)} />
      {unlock.error === null ? null : <ErrorPanel error={unlock.error} />}
      <div className={dialog["buttons"]}>
        <Button onClick={read}>{t("desk.read_on")}</Button>
        <Button type="submit" variant="filled" disabled={!ready} loading={unlock.isPending}>{t("desk.unlock")}</Button>
      </div>
    </form>
  );
}
