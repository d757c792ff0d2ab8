import { Button, Collapse, TextInput, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Preferences } from "../components/Frame";
import { KeyField } from "../components/KeyField";
import { ModeTag } from "../components/ModeTag";
import { NeededPermissions } from "../components/Permissions";
import { TimeZoneField } from "../components/TimeZoneField";
import { useCommand } from "../data/commands";
import { appInfoQuery, storeListQuery } from "../data/queries";
import { call } from "../ipc/call";
import { sentence, sentences } from "../lib/sentence";
import { readStripeKey } from "../lib/stripe_key";
import { Banner, ErrorPanel } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import css from "./Welcome.module.css";

/** The first page, and the way to one more store: a key, a practice store, or a file. */
export function Welcome() {
  const { t } = useTranslation();
  const info = useQuery(appInfoQuery()).data;
  const stores = useQuery(storeListQuery()).data?.stores ?? [];
  return (
    <div className={css["page"]}>
      {info === undefined || info.keychain_available ? null : (
        <Banner tone="amber" icon="key" title={t("welcome.no_keychain")}>
          {sentences(t("welcome.no_keychain_text"), sentence(info.keychain_problem ?? ""))}
        </Banner>
      )}
      <main className={css["main"]}>
        <header className={css["head"]}>
          <span className={css["mark"]}><Icon name="anchor" size={26} /></span>
          <div>
            <h1>{t("welcome.title")}</h1>
            <p>{t("welcome.text")}</p>
          </div>
        </header>
        <div className={css["ways"]}>
          <Connect />
          <div className={css["others"]}>
            <Practice />
            <OpenFile />
            {stores.length === 0 ? null : (
              <section className={css["way"]}>
                <h2>{t("welcome.stores")}</h2>
                <ul>
                  {stores.map((store) => (
                    <li key={store.public_id}>
                      <Link className={css["store"]} to="/s/$store/overview" params={{ store: store.public_id }}>
                        <bdi>{store.name}</bdi>
                        <ModeTag store={store} />
                      </Link>
                    </li>
                  ))}
                </ul>
              </section>
            )}
          </div>
        </div>
        <footer className={css["foot"]}>
          <Preferences />
          {info === undefined ? null : <span>{t("welcome.data_dir", { path: info.data_dir })}</span>}
        </footer>
      </main>
    </div>
  );
}

function Connect() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const info = useQuery(appInfoQuery()).data;
  const add = useCommand("store_add", null, ["stores"]);
  const [name, setName] = useState("");
  const [key, setKey] = useState("");
  const [zone, setZone] = useState<string | null>(null);
  const [advanced, setAdvanced] = useState(false);
  const [permissions, setPermissions] = useState(false);
  const reading = readStripeKey(key);
  const ready = name.trim() !== "" && reading.kind === "key";

  return (
    <section className={css["connect"]} aria-label={t("welcome.connect")}>
      <h2>{t("welcome.connect")}</h2>
      <form
        className={css["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (reading.kind !== "key" || !ready) return;
          add.mutate(
            { name: name.trim(), key: reading.text, ...(zone === null ? {} : { time_zone: zone }) },
            {
              onSuccess: (store) => {
                setKey("");
                void navigate({ to: "/s/$store/overview", params: { store: store.public_id } });
              },
            },
          );
        }}
      >
        <TextInput label={t("welcome.name")} placeholder={t("welcome.name_placeholder")} value={name} maxLength={60} autoComplete="off" onChange={(event) => setName(event.currentTarget.value)} />
        <KeyField label={t("welcome.key")} value={key} onChange={setKey} />
        <div>
          <Disclosure open={permissions} toggle={() => setPermissions(!permissions)} text={t("welcome.permissions")} />
          <Collapse expanded={permissions}><div className={css["inside"]}><NeededPermissions /></div></Collapse>
          <Disclosure open={advanced} toggle={() => setAdvanced(!advanced)} text={t("welcome.advanced")} />
          <Collapse expanded={advanced}>
            <div className={css["inside"]}>
              <TimeZoneField value={zone ?? info?.time_zone ?? "UTC"} onChange={setZone} description={t("settings.time_zone_note")} />
            </div>
          </Collapse>
        </div>
        {add.error === null ? null : <ErrorPanel error={add.error} />}
        <Button type="submit" size="sm" variant="filled" disabled={!ready} loading={add.isPending}>
          {reading.kind === "key" ? t(reading.mode === "live" ? "welcome.connect_live" : "welcome.connect_test") : t("welcome.connect_button")}
        </Button>
        <p className={css["small"]}>{info?.keychain_available === false ? t("welcome.key_memory") : t("welcome.key_stays")}</p>
      </form>
    </section>
  );
}

function Disclosure({ open, toggle, text }: { open: boolean; toggle: () => void; text: string }) {
  return (
    <UnstyledButton className={css["disclosure"]} aria-expanded={open} onClick={toggle}>
      <Icon name={open ? "chevron_down" : "chevron_right"} size={13} />
      {text}
    </UnstyledButton>
  );
}

function Practice() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const open = useCommand("shell_open_sandbox", null, ["stores"]);
  return (
    <section className={css["way"]}>
      <h2>{t("welcome.practice")}</h2>
      <p>{t("welcome.practice_text")}</p>
      {open.error === null ? null : <ErrorPanel error={open.error} />}
      <Button
        loading={open.isPending}
        onClick={() => open.mutate({}, { onSuccess: (store) => void navigate({ to: "/s/$store/overview", params: { store: store.public_id } }) })}
      >
        {t("welcome.practice_button")}
      </Button>
    </section>
  );
}

function OpenFile() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const open = useCommand("file_open", null, ["stores"]);
  const [failed, setFailed] = useState<unknown>(null);
  const pick = async () => {
    setFailed(null);
    try {
      const { path } = await call("shell_pick_file", null, { save: false, title: t("welcome.file_title") });
      if (path === null) return;
      const store = await open.mutateAsync({ path });
      await navigate({ to: "/s/$store/overview", params: { store: store.public_id } });
    } catch (error) {
      setFailed(error);
    }
  };
  return (
    <section className={css["way"]}>
      <h2>{t("welcome.file")}</h2>
      <p>{t("welcome.file_text")}</p>
      {failed === null ? null : <ErrorPanel error={failed} />}
      <Button loading={open.isPending} leftSection={<Icon name="file" size={13} />} onClick={() => void pick()}>{t("welcome.file_button")}</Button>
    </section>
  );
}
