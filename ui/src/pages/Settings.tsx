import { Button, Modal, NumberInput, Select, TagsInput, TextInput, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { CheckoutFields } from "../components/CheckoutFields";
import { KeyField } from "../components/KeyField";
import { KlaviyoFields } from "../components/KlaviyoFields";
import { KlaviyoProblem } from "../components/KlaviyoProblem";
import { ModeTag } from "../components/ModeTag";
import { OperatorsSection } from "../components/OperatorsSection";
import { PlanTable } from "../components/PlanTable";
import { RuleFields } from "../components/RuleFields";
import { SafetySection } from "../components/SafetySection";
import { TimeZoneField } from "../components/TimeZoneField";
import { useStore, useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { settingsQuery } from "../data/queries";
import { useWords } from "../data/words";
import { LANGUAGES, setLanguage } from "../i18n/setup";
import type { KeyCheck } from "../ipc/generated/KeyCheck";
import type { MetadataNames } from "../ipc/generated/MetadataNames";
import type { Settings as StoreSettings } from "../ipc/generated/Settings";
import type { SettingsDocument } from "../ipc/generated/SettingsDocument";
import type { StoreView } from "../ipc/generated/StoreView";
import { asApiError } from "../ipc/api_error";
import { isKeyOf } from "../lib/guard";
import { readStripeKey } from "../lib/stripe_key";
import { CopyId } from "../ui/Copy";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Fact, Facts } from "../ui/Facts";
import { Icon } from "../ui/Icon";
import { Page, Section } from "../ui/Page";
import { Tag } from "../ui/Tag";
import { toast } from "../ui/Toasts";
import css from "./Settings.module.css";

/** The store, its key, its pace and its words; and this window's language and theme. */
export function Settings() {
  const { t } = useTranslation();
  const id = useStoreId();
  const store = useStore();
  const { data, error, isError, refetch } = useQuery(settingsQuery(id));
  const refusal = useRefusal("manage_integrations");
  const save = useCommand("settings_set", id, ["settings", "preorders", "sync", "stores", "findings", "klaviyo"]);
  return (
    <Page title={t("settings.title")}>
      <div className={css["narrow"]}>
        {store === undefined ? null : <StoreSection store={store} />}
        {data === undefined ? (
          isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Section><Waiting /></Section>
        ) : (
          // The plan table has its own part of the page: what it saves does not discard what is typed here.
          <Form key={content(data)} settings={data} store={id} refusal={refusal} save={save} />
        )}
        {save.error === null ? null : asApiError(save.error).code === "SETTINGS_CHANGED" ? <KlaviyoProblem error={save.error} /> : <ErrorPanel error={save.error} />}
        {store === undefined || store.read_only ? null : <SafetySection store={id} />}
        {store === undefined ? null : <PlanTable readOnly={refusal !== undefined} />}
        <OperatorsSection />
        <WindowSection />
        {store === undefined || store.read_only ? null : <Removal store={store} />}
      </div>
    </Page>
  );
}

function StoreSection({ store }: { store: StoreView }) {
  const { t } = useTranslation();
  return (
    <Section title={t("settings.store")} actions={<ModeTag store={store} />}>
      <Facts>
        <Fact name={t("settings.name")}><bdi>{store.name}</bdi></Fact>
        {store.account_id === null ? null : <Fact name={t("settings.account")}><CopyId id={store.account_id} label={t("settings.account")} /></Fact>}
        {store.stripe_url === null || store.is_stripe ? null : <Fact name={t("settings.server")}><code>{store.stripe_url}</code></Fact>}
        <Fact name={t("mirror.place")}><CopyId id={store.mirror_path} label={t("mirror.place")} /></Fact>
        {store.read_only ? null : (
          <Fact name={t("settings.key")}>
            {store.key_prefix === null ? null : <code className={css["prefix"]}>{`${store.key_prefix}…`}</code>}
            {t(`key_source.${store.key_source}`)}
            {store.key_restricted ? <> · {t("settings.restricted")}</> : null}
          </Fact>
        )}
      </Facts>
      {store.read_only ? <p className={css["note"]}>{t("settings.read_only")}</p> : <KeyPart store={store} />}
    </Section>
  );
}

function KeyPart({ store }: { store: StoreView }) {
  const { t } = useTranslation();
  const [key, setKey] = useState("");
  const [shown, setShown] = useState(store.key_source === "none");
  const refusal = useRefusal("manage_integrations");
  const set = useCommand("store_set_key", store.public_id, ["stores", "sync"]);
  const forget = useCommand("store_forget_key", store.public_id, ["stores", "sync"]);
  const check = useCommand("store_check_key", store.public_id);
  const reading = readStripeKey(key);
  // The engine refuses it too; said here before anything is sent.
  const wrongMode = reading.kind === "key" && store.mode !== null && reading.mode !== store.mode;
  const error = set.error ?? forget.error ?? check.error;
  return (
    <div className={css["key"]}>
      <div className={css["buttons"]}>
        <Button disabled={store.key_source === "none"} loading={check.isPending} onClick={() => check.mutate({})}>{t("settings.check_key")}</Button>
        {shown ? null : <Button disabled={refusal !== undefined} title={refusal} onClick={() => setShown(true)}>{t("settings.another_key")}</Button>}
        <Button
          disabled={store.key_source === "none" || store.key_source === "environment" || refusal !== undefined} loading={forget.isPending}
          title={refusal ?? t(store.key_source === "environment" ? "settings.forget_environment" : "settings.forget_meaning")}
          onClick={() => forget.mutate({}, { onSuccess: () => toast(t("settings.forgotten")) })}
        >
          {t("settings.forget_key")}
        </Button>
      </div>
      {check.data === undefined ? null : <Checked check={check.data} />}
      {shown ? (
        <form
          className={css["keyForm"]}
          onSubmit={(event) => {
            event.preventDefault();
            if (reading.kind !== "key" || wrongMode) return;
            set.mutate({ key: reading.text }, {
              onSuccess: () => {
                setKey("");
                setShown(false);
                toast(t("settings.key_set"));
              },
            });
          }}
        >
          <KeyField label={t(store.key_source === "none" ? "welcome.key" : "settings.new_key")} value={key} onChange={setKey} />
          {wrongMode ? <p className={css["wrong"]} role="alert">{t(store.mode === "live" ? "settings.needs_live_key" : "settings.needs_test_key")}</p> : null}
          <div className={css["buttons"]}>
            <Button type="submit" variant="filled" disabled={reading.kind !== "key" || wrongMode || refusal !== undefined} title={refusal} loading={set.isPending}>{t("settings.set_key")}</Button>
            <Button onClick={() => { setKey(""); setShown(false); }}>{t("common.cancel")}</Button>
          </div>
          <p className={css["note"]}>{t("settings.key_note")}</p>
        </form>
      ) : null}
      {error === null ? null : <ErrorPanel error={error} />}
    </div>
  );
}

function Checked({ check }: { check: KeyCheck }) {
  const { t } = useTranslation();
  const words = useWords();
  return (
    <ul className={css["checked"]} aria-label={t("settings.checked")}>
      {check.permissions.map((permission) => (
        <li key={permission.kind}>
          <span>{words.kind(permission.kind)}</span>
          {permission.readable ? <Tag tone="green">{t("settings.readable")}</Tag> : (
            <span className={css["lacks"]}>
              <Tag tone="amber">{t("health.not_readable")}</Tag>
              {permission.missing_permission === null ? null : <CopyId id={permission.missing_permission} label={t("health.permission")} />}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

const METADATA = ["preorder_id", "user_id", "email", "color", "locale", "source", "plan", "credits"] as const satisfies readonly (keyof MetadataNames)[];

/** What the form is about: the plan table has one of its own, and makes another revision without changing anything here. */
const content = (settings: SettingsDocument) => JSON.stringify({ ...settings, plans: [], revision: 0 });

type Save = ReturnType<typeof useCommand<"settings_set">>;

function Form({ settings, store, refusal, save }: { settings: SettingsDocument; store: string; refusal: string | undefined; save: Save }) {
  const { t } = useTranslation();
  const readOnly = refusal !== undefined;
  const [draft, setDraft] = useState(settings);
  const changed = content(draft) !== content(settings);
  const rebuilds = draft.time_zone !== settings.time_zone || JSON.stringify(draft.metadata) !== JSON.stringify(settings.metadata);
  const put = (change: Partial<StoreSettings>) => setDraft({ ...draft, ...change });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ ...draft, revision: settings.revision }, { onSuccess: () => toast(t("settings.saved")) });
      }}
    >
      <fieldset className={css["fieldset"]} disabled={readOnly}>
        <Section title={t("settings.pace")} note={t("settings.pace_note")}>
          <div className={css["grid"]}>
            <NumberInput
              label={t("settings.poll_front")} suffix={t("settings.seconds")} min={2} max={3600} clampBehavior="blur" allowDecimal={false} value={draft.poll_front_s}
              onChange={(value) => put({ poll_front_s: Number(value) })}
            />
            <NumberInput
              label={t("settings.poll_back")} suffix={t("settings.seconds")} min={5} max={3600} clampBehavior="blur" allowDecimal={false} value={draft.poll_back_s}
              onChange={(value) => put({ poll_back_s: Number(value) })}
            />
            <NumberInput
              label={t("settings.max_requests")} description={t("settings.max_requests_note")} min={1} max={90} clampBehavior="blur" allowDecimal={false}
              placeholder={t("settings.max_requests_default")} value={draft.max_requests_per_s ?? ""}
              onChange={(value) => put({ max_requests_per_s: value === "" ? null : Number(value) })}
            />
            <NumberInput
              label={t("settings.undelivered")} description={t("settings.undelivered_note")} suffix={t("settings.minutes")} min={1} max={10080} clampBehavior="blur" allowDecimal={false}
              value={draft.undelivered_after_min} onChange={(value) => put({ undelivered_after_min: Number(value) })}
            />
          </div>
        </Section>
        <Section title={t("settings.meaning")} note={t("settings.meaning_note")}>
          <TimeZoneField value={draft.time_zone} onChange={(time_zone) => put({ time_zone })} description={t("settings.time_zone_note")} />
          <p className={css["lead"]}>{t("settings.metadata_note")}</p>
          <div className={css["grid"]}>
            {METADATA.map((name) => (
              <TagsInput
                key={name} label={t(`settings.metadata.${name}`)} value={draft.metadata[name]} splitChars={[",", " "]}
                onChange={(names) => put({ metadata: { ...draft.metadata, [name]: names } })}
              />
            ))}
          </div>
        </Section>
        <CheckoutFields draft={draft} put={put} grid={css["grid"]} />
        <KlaviyoFields draft={draft} put={put} grid={css["grid"]} />
        <RuleFields store={store} draft={draft} put={put} disabled={readOnly} />
        {readOnly ? <p className={css["wrong"]}>{refusal}</p> : (
          <div className={css["save"]} data-changed={changed}>
            <span className={css["note"]}>{changed ? (rebuilds ? t("settings.rebuilds") : t("settings.unsaved")) : t("settings.no_changes")}</span>
            <Button disabled={!changed} onClick={() => setDraft(settings)}>{t("settings.discard")}</Button>
            <Button type="submit" variant="filled" disabled={!changed} loading={save.isPending}>{t("settings.save")}</Button>
          </div>
        )}
      </fieldset>
    </form>
  );
}

const SCHEMES = ["auto", "light", "dark"] as const;

function WindowSection() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Section title={t("settings.window")} note={t("settings.window_note")}>
      <div className={css["grid"]}>
        <Select
          label={t("preferences.language")} allowDeselect={false} value={i18n.language}
          data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          onChange={(value) => { if (value !== null && isKeyOf(LANGUAGES, value)) void setLanguage(value); }}
        />
        <Select
          label={t("preferences.theme")} allowDeselect={false} value={colorScheme}
          data={SCHEMES.map((scheme) => ({ value: scheme, label: t(`preferences.${scheme}`) }))}
          onChange={(value) => {
            const scheme = SCHEMES.find((known) => known === value);
            if (scheme !== undefined) setColorScheme(scheme);
          }}
        />
      </div>
    </Section>
  );
}

function Removal({ store }: { store: StoreView }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState("");
  const refusal = useRefusal("manage_operators");
  const remove = useCommand("store_remove", store.public_id, ["stores"]);
  const close = () => {
    setAsking(false);
    setTyped("");
    remove.reset();
  };
  return (
    <Section title={t("settings.remove")}>
      <div className={css["remove"]}>
        <p className={css["note"]}>{t("settings.remove_note")}</p>
        <Button color="red" variant="outline" leftSection={<Icon name="trash" size={13} />} disabled={refusal !== undefined} title={refusal} onClick={() => setAsking(true)}>{t("settings.remove_button")}</Button>
      </div>
      <Modal opened={asking} onClose={close} title={t("settings.remove_title", { name: store.name })} closeButtonProps={{ "aria-label": t("common.close") }}>
        <form
          className={css["keyForm"]}
          onSubmit={(event) => {
            event.preventDefault();
            if (typed !== store.name) return;
            remove.mutate({ confirm_name: typed }, { onSuccess: () => void navigate({ to: "/" }) });
          }}
        >
          <p>{t("settings.remove_text")}</p>
          <TextInput label={t("settings.remove_type", { name: store.name })} value={typed} data-autofocus autoComplete="off" onChange={(event) => setTyped(event.currentTarget.value)} />
          {remove.error === null ? null : <ErrorPanel error={remove.error} />}
          <div className={css["buttons"]}>
            <Button onClick={close}>{t("common.cancel")}</Button>
            <Button type="submit" color="red" variant="filled" disabled={typed !== store.name} loading={remove.isPending}>{t("settings.remove_button")}</Button>
          </div>
        </form>
      </Modal>
    </Section>
  );
}
