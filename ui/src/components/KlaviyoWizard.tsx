import { Button, Collapse, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useRefusal } from "../data/desk";
import { useKeyed } from "../data/keyed";
import { appInfoQuery } from "../data/queries";
import type { KlaviyoTest } from "../ipc/generated/KlaviyoTest";
import type { KlaviyoView } from "../ipc/generated/KlaviyoView";
import type { KlaviyoKeyReading } from "../lib/klaviyo_key";
import { Facts } from "../ui/Facts";
import { Icon } from "../ui/Icon";
import { Columns, Section, Stack } from "../ui/Page";
import table from "../ui/table.module.css";
import { toast } from "../ui/Toasts";
import { RefusalText } from "./Blocked";
import css from "./Klaviyo.module.css";
import { KlaviyoKeyField, takeKey } from "./KlaviyoKeyField";
import { MetricPicker } from "./KlaviyoMetrics";
import { KlaviyoProblem } from "./KlaviyoProblem";
import { AccountFacts, ScopeTable, Warnings } from "./KlaviyoSeen";

const EMPTY: KlaviyoKeyReading = { kind: "empty" };

/** Connects a store in two steps: a key is tested, then a metric is chosen. Nothing is kept before the second is done. */
export function KlaviyoWizard({ store, view }: { store: string; view: KlaviyoView }) {
  const { t } = useTranslation();
  const [seen, setSeen] = useState<KlaviyoTest | null>(null);
  // Between the steps the key is here and nowhere else; it is forgotten with either way out of the second.
  const key = useRef<string | null>(null);
  useEffect(() => () => { key.current = null; }, []);
  const back = () => {
    key.current = null;
    setSeen(null);
  };
  return (
    <>
      <ol className={css["steps"]} aria-label={t("klaviyo.steps")}>
        <li aria-current={seen === null ? "step" : undefined}>{t("klaviyo.step_key")}</li>
        <li aria-current={seen === null ? undefined : "step"}>{t("klaviyo.step_metric")}</li>
      </ol>
      {seen === null ? <KeyStep store={store} view={view} passed={(tested, text) => { key.current = text; setSeen(tested); }} /> : (
        <MetricStep store={store} seen={seen} keyOf={() => key.current} back={back} />
      )}
    </>
  );
}

/** What a key has to be allowed, by what it is for. Names are Klaviyo's and are not translated. */
const SCOPES = [
  { purpose: "connect", names: ["accounts:read", "metrics:read"] },
  { purpose: "cross_check", names: ["events:read", "profiles:read"] },
  { purpose: "send", names: ["events:write", "profiles:write"] },
  { purpose: "audiences", names: ["lists:read", "segments:read"] },
  { purpose: "reports", names: ["campaigns:read", "flows:read", "forms:read"] },
] as const;

function KeyStep({ store, view, passed }: { store: string; view: KlaviyoView; passed: (seen: KlaviyoTest, key: string | null) => void }) {
  const { t } = useTranslation();
  const info = useQuery(appInfoQuery()).data;
  const refusal = useRefusal("manage_integrations");
  const field = useRef<HTMLInputElement>(null);
  const [reading, setReading] = useState<KlaviyoKeyReading>(EMPTY);
  const [scopes, setScopes] = useState(false);
  const test = useKeyed("klaviyo_test", store);
  const given = view.key_source === "environment";
  const ready = given || reading.kind === "key";
  const submit = async () => {
    // The key leaves the field whatever comes of it.
    const text = given ? null : takeKey(field);
    setReading(EMPTY);
    const seen = await test.ask(text === null ? {} : { key: text });
    if (seen !== undefined) passed(seen, text);
  };
  return (
    <Section title={t("klaviyo.connect_title")} note={t("klaviyo.connect_note")}>
      <form
        className={css["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && refusal === undefined && !test.pending) void submit();
        }}
      >
        <p className={css["small"]}>{t("klaviyo.make_key")}</p>
        {given ? <p className={css["given"]}><Icon name="key" size={14} />{t("klaviyo.environment_key")} {view.key_prefix === null ? null : <code className={table["mono"]}>{`${view.key_prefix}…`}</code>}</p> : (
          <KlaviyoKeyField field={field} label={t("klaviyo.key")} reading={reading} onRead={setReading} disabled={refusal !== undefined} />
        )}
        <div>
          <UnstyledButton className={css["disclosure"]} aria-expanded={scopes} onClick={() => setScopes(!scopes)}>
            <Icon name={scopes ? "chevron_down" : "chevron_right"} size={13} />
            {t("klaviyo.needs")}
          </UnstyledButton>
          <Collapse expanded={scopes}>
            <dl className={css["scopes"]}>
              {SCOPES.map(({ purpose, names }) => (
                <div key={purpose}>
                  <dt>{t(`klaviyo.purpose.${purpose}`)}</dt>
                  <dd>{names.map((name) => <code key={name} className={table["mono"]} lang="en">{name}</code>)}</dd>
                </div>
              ))}
            </dl>
          </Collapse>
        </div>
        {test.error === null ? null : <KlaviyoProblem error={test.error} />}
        <div className={css["buttons"]}>
          <Button type="submit" variant="filled" disabled={!ready || refusal !== undefined} title={refusal} loading={test.pending}>{t("klaviyo.test_key")}</Button>
          {refusal === undefined ? <span className={css["small"]}>{t("klaviyo.test_keeps_nothing")}</span> : <span className={css["why"]}><RefusalText refusal={refusal} /></span>}
        </div>
        <p className={css["small"]}>{t(info?.keychain_available === false ? "klaviyo.key_memory" : "klaviyo.key_stays")}</p>
      </form>
    </Section>
  );
}

function MetricStep({ store, seen, keyOf, back }: { store: string; seen: KlaviyoTest; keyOf: () => string | null; back: () => void }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage_integrations");
  const [metric, setMetric] = useState<string | null>(seen.suggested?.metric_id ?? null);
  const connect = useKeyed("klaviyo_connect", store, ["klaviyo", "actions"]);
  const start = useRef<HTMLParagraphElement>(null);
  useEffect(() => start.current?.focus(), []);
  const lacking = seen.scopes.find((scope) => scope.needed && scope.state === "missing");
  const ready = metric !== null && refusal === undefined;
  return (
    <form
      className={css["stepForm"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (metric === null || !ready || connect.pending) return;
        const key = keyOf();
        void connect.ask({ metric_id: metric, ...(key === null ? {} : { key }) }).then((view) => {
          if (view !== undefined) toast(t(view.key_source === "session" ? "klaviyo.connected_for_run" : "klaviyo.connected_done"));
        });
      }}
    >
      <Columns shape="even">
        <Stack>
          <Section title={t("klaviyo.found")}>
            <p ref={start} tabIndex={-1} className={css["tested"]} role="status">
              <Icon name="check" size={14} />{t("klaviyo.key_works")} <code className={table["mono"]}>{`${seen.key_prefix}…`}</code>
            </p>
            <Facts><AccountFacts account={seen.account} /></Facts>
            <Warnings account={seen.account} warnings={seen.warnings} />
          </Section>
          <Section title={t("klaviyo.choose_title")} note={t("klaviyo.choose_note")}>
            {lacking === undefined ? <MetricPicker metrics={seen.metrics} suggested={seen.suggested} value={metric} onChange={setMetric} /> : (
              <KlaviyoProblem error={{ code: "KLAVIYO_SCOPE_MISSING", message: t("klaviyo.lacks", { scope: lacking.scope }), hint: "" }} />
            )}
            {connect.error === null ? null : <KlaviyoProblem error={connect.error} />}
            <div className={css["footer"]}>
              {refusal === undefined ? null : <span className={css["why"]}><RefusalText refusal={refusal} /></span>}
              <Button onClick={back}>{t("klaviyo.another_key")}</Button>
              <Button type="submit" variant="filled" disabled={!ready} title={refusal ?? (metric === null ? t("klaviyo.choose_metric") : undefined)} loading={connect.pending}>{t("klaviyo.connect")}</Button>
            </div>
          </Section>
        </Stack>
        <Section title={t("klaviyo.scopes")} note={t("klaviyo.scopes_note")} flush><ScopeTable scopes={seen.scopes} /></Section>
      </Columns>
    </form>
  );
}
