import { Button, Modal, NumberInput, PasswordInput, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useDeskRefusal, useMe } from "../data/desk";
import { operatorListQuery } from "../data/fix_queries";
import type { OperatorList } from "../ipc/generated/OperatorList";
import type { OperatorView } from "../ipc/generated/OperatorView";
import type { Role } from "../ipc/generated/Role";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Section } from "../ui/Page";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import { toast, toastError } from "../ui/Toasts";
import dialog from "./Dialog.module.css";
import css from "./Operators.module.css";

const ROLES = ["viewer", "support", "admin", "owner"] as const satisfies readonly Role[];

/** Who may do what on this machine. Of the window, not of one store. */
export function OperatorsSection() {
  const { t } = useTranslation();
  const { data, error, isError, refetch } = useQuery(operatorListQuery());
  const refusal = useDeskRefusal("manage_operators");
  const [adding, setAdding] = useState(false);
  const [passphraseOf, setPassphraseOf] = useState<string | null>(null);
  return (
    <div id="operators">
      <Section
        title={t("operators.title")} note={t("operators.note")}
        actions={<Button disabled={refusal !== undefined} title={refusal} onClick={() => setAdding(true)}>{t("operators.add")}</Button>}
      >
        {data === undefined ? (
          isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Waiting rows={2} />
        ) : (
          <>
            <People list={data} refusal={refusal} passphrase={setPassphraseOf} />
            <Idle key={data.idle_min} list={data} refusal={refusal} />
            <p className={css["note"]}>{t("operators.roles_note")}</p>
          </>
        )}
        {adding ? <Add close={() => setAdding(false)} /> : null}
        {passphraseOf === null ? null : <Passphrase name={passphraseOf} close={() => setPassphraseOf(null)} />}
      </Section>
    </div>
  );
}

function People({ list, refusal, passphrase }: { list: OperatorList; refusal: string | undefined; passphrase: (name: string) => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const [leaving, setLeaving] = useState<OperatorView | null>(null);
  const role = useCommand("operator_set_role", null, ["operators"]);
  const disable = useCommand("operator_set_disabled", null, ["operators"]);
  const own = (one: OperatorView) => one.name === me?.name && !me.locked;
  return (
    <div className={css["scroll"]}>
      <table className={table["table"]} aria-label={t("operators.title")}>
        <thead>
          <tr>
            <th scope="col">{t("operators.name")}</th>
            <th scope="col">{t("operators.role")}</th>
            <th scope="col">{t("operators.passphrase")}</th>
            <th scope="col">{t("plans.actions")}</th>
          </tr>
        </thead>
        <tbody>
          {list.operators.map((one) => (
            <tr key={one.name} data-testid="operator">
              <td><bdi>{one.name}</bdi>{own(one) ? <span className={table["dim"]}> {t("operators.you")}</span> : null}{one.disabled ? <> <Tag tone="grey">{t("operators.disabled")}</Tag></> : null}</td>
              <td>
                <Select
                  w={118} aria-label={t("operators.role_of", { name: one.name })} allowDeselect={false} disabled={refusal !== undefined} value={one.role}
                  data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
                  onChange={(value) => {
                    const wanted = ROLES.find((known) => known === value);
                    if (wanted !== undefined && wanted !== one.role) role.mutate({ name: one.name, role: wanted }, { onError: toastError });
                  }}
                />
              </td>
              <td>
                <span className={css["pass"]}>
                  {one.has_passphrase ? t("operators.has_passphrase") : <span className={table["dim"]}>{t("common.none")}</span>}
                  <Button
                    size="compact-xs" disabled={!own(one) && refusal !== undefined} title={own(one) ? undefined : refusal}
                    aria-label={t("operators.set_passphrase_of", { name: one.name })} onClick={() => passphrase(one.name)}
                  >
                    {t("operators.set_passphrase")}
                  </Button>
                </span>
              </td>
              <td>
                <span className={css["pass"]}>
                  <Button
                    size="compact-xs" disabled={refusal !== undefined} title={refusal} aria-label={t(one.disabled ? "operators.enable_named" : "operators.disable_named", { name: one.name })}
                    onClick={() => disable.mutate({ name: one.name, disabled: !one.disabled }, { onError: toastError })}
                  >
                    {t(one.disabled ? "operators.enable" : "operators.disable")}
                  </Button>
                  <Button
                    size="compact-xs" disabled={refusal !== undefined || list.operators.length === 1} title={refusal ?? (list.operators.length === 1 ? t("operators.last") : undefined)}
                    aria-label={t("operators.remove_named", { name: one.name })} onClick={() => setLeaving(one)}
                  >
                    {t("operators.remove")}
                  </Button>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {leaving === null ? null : <Leave name={leaving.name} close={() => setLeaving(null)} />}
    </div>
  );
}

function Idle({ list, refusal }: { list: OperatorList; refusal: string | undefined }) {
  const { t } = useTranslation();
  const [minutes, setMinutes] = useState<number | string>(list.idle_min);
  const set = useCommand("operator_set_idle", null, ["operators"]);
  return (
    <form
      className={css["idle"]}
      onSubmit={(event) => {
        event.preventDefault();
        set.mutate({ minutes: Number(minutes) }, { onSuccess: () => toast(t("settings.saved")), onError: toastError });
      }}
    >
      <NumberInput
        label={t("operators.idle")} description={t("operators.idle_note")} suffix={t("settings.minutes")} min={0} max={1440} allowDecimal={false} clampBehavior="blur"
        disabled={refusal !== undefined} value={minutes} onChange={setMinutes}
      />
      <Button type="submit" disabled={refusal !== undefined || Number(minutes) === list.idle_min} title={refusal} loading={set.isPending}>{t("operators.set_idle")}</Button>
    </form>
  );
}

function Add({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("support");
  const [passphrase, setPassphrase] = useState("");
  const add = useCommand("operator_add", null, ["operators"]);
  const ready = name.trim() !== "" && passphrase.length >= 8;
  return (
    <Modal opened onClose={close} title={t("operators.add_title")} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form
        className={dialog["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !add.isPending) add.mutate({ name: name.trim(), role, passphrase }, { onSuccess: close });
        }}
      >
        <TextInput label={t("operators.name")} maxLength={40} data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Select
          label={t("operators.role")} description={t(`role_meaning.${role}`)} allowDeselect={false} value={role} data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
          onChange={(value) => setRole(ROLES.find((known) => known === value) ?? role)}
        />
        <PasswordInput label={t("operators.passphrase")} description={t("operators.passphrase_note")} autoComplete="off" value={passphrase} onChange={(event) => setPassphrase(event.currentTarget.value)} />
        {add.error === null ? null : <ErrorPanel error={add.error} />}
        <div className={dialog["buttons"]}>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button type="submit" variant="filled" disabled={!ready} loading={add.isPending}>{t("operators.add_do")}</Button>
        </div>
      </form>
    </Modal>
  );
}

function Passphrase({ name, close }: { name: string; close: () => void }) {
  const { t } = useTranslation();
  const [passphrase, setPassphrase] = useState("");
  const set = useCommand("operator_set_passphrase", null, ["operators"]);
  return (
    <Modal opened onClose={close} title={t("operators.set_passphrase_of", { name })} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form
        className={dialog["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (passphrase.length < 8 || set.isPending) return;
          set.mutate({ name, passphrase }, { onSuccess: () => { toast(t("operators.passphrase_set", { name })); close(); } });
        }}
      >
        <PasswordInput label={t("operators.passphrase")} description={t("operators.passphrase_note")} autoComplete="off" data-autofocus value={passphrase} onChange={(event) => setPassphrase(event.currentTarget.value)} />
        {set.error === null ? null : <ErrorPanel error={set.error} />}
        <div className={dialog["buttons"]}>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button type="submit" variant="filled" disabled={passphrase.length < 8} loading={set.isPending}>{t("operators.set_do")}</Button>
        </div>
      </form>
    </Modal>
  );
}

function Leave({ name, close }: { name: string; close: () => void }) {
  const { t } = useTranslation();
  const remove = useCommand("operator_remove", null, ["operators"]);
  return (
    <Modal opened onClose={close} title={t("operators.remove_named", { name })} closeButtonProps={{ "aria-label": t("common.close") }}>
      <div className={dialog["form"]}>
        <p>{t("operators.remove_text", { name })}</p>
        {remove.error === null ? null : <ErrorPanel error={remove.error} />}
        <div className={dialog["buttons"]}>
          <Button data-autofocus onClick={close}>{t("common.cancel")}</Button>
          <Button color="red" variant="filled" loading={remove.isPending} onClick={() => remove.mutate({ name }, { onSuccess: close })}>{t("operators.remove")}</Button>
        </div>
      </div>
    </Modal>
  );
}
