import { Button, Modal } from "@mantine/core";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { useKeyed } from "../data/keyed";
import type { KlaviyoTest } from "../ipc/generated/KlaviyoTest";
import type { KlaviyoView } from "../ipc/generated/KlaviyoView";
import type { KlaviyoKeyReading } from "../lib/klaviyo_key";
import { Waiting } from "../ui/Feedback";
import { Fact, Facts } from "../ui/Facts";
import { Section } from "../ui/Page";
import table from "../ui/table.module.css";
import { toast } from "../ui/Toasts";
import dialog from "./Dialog.module.css";
import css from "./Klaviyo.module.css";
import { KlaviyoKeyField, takeKey } from "./KlaviyoKeyField";
import { MetricMeaning, MetricName, MetricPicker } from "./KlaviyoMetrics";
import { KlaviyoProblem } from "./KlaviyoProblem";
import { AccountFacts } from "./KlaviyoSeen";
import { Instant } from "./Values";

/** The account that the store is connected to. */
export function AccountSection({ view }: { view: KlaviyoView }) {
  const { t } = useTranslation();
  return (
    <Section title={t("klaviyo.connection")}>
      <Facts>
        {view.account === null ? null : <AccountFacts account={view.account} />}
        {view.is_klaviyo || view.url === null ? null : <Fact name={t("klaviyo.server")}><code className={table["mono"]}>{view.url}</code></Fact>}
        <Fact name={t("klaviyo.connected_at")}>
          <Instant at={view.connected_at} />
          {view.connected_by === null || view.connected_by === "" ? null : <span className={table["dim"]}> · {t("klaviyo.by", { name: view.connected_by })}</span>}
        </Fact>
        <Fact name={t("klaviyo.revision")}><code className={table["mono"]}>{view.revision}</code></Fact>
      </Facts>
    </Section>
  );
}

/** The metric that conversions are counted by, and the way to another one. */
export function MetricSection({ store, view }: { store: string; view: KlaviyoView }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage_integrations");
  const [asking, setAsking] = useState(false);
  // The store's own key is asked with: nothing secret is handed over.
  const test = useCommand("klaviyo_test", store, ["klaviyo"]);
  const why = refusal ?? (view.key_source === "none" ? t("klaviyo.needs_key") : undefined);
  const current = view.metric?.id ?? null;
  const ask = () => {
    setAsking(true);
    test.mutate({});
  };
  const close = () => setAsking(false);
  return (
    <Section title={t("klaviyo.metric")} actions={<Button data-testid="klaviyo-change-metric" disabled={why !== undefined} title={why} onClick={ask}>{t("klaviyo.change_metric")}</Button>}>
      {view.metric === null ? <p className={table["dim"]}>{t("common.none")}</p> : (
        <div data-testid="klaviyo-metric">
          <p className={css["line"]}><MetricName metric={view.metric} /><code className={css["id"]}>{view.metric.id}</code></p>
          <MetricMeaning metric={view.metric} />
        </div>
      )}
      <Modal opened={asking} onClose={close} size="lg" title={t("klaviyo.change_title")} closeButtonProps={{ "aria-label": t("common.close") }}>
        {test.error === null ? null : <KlaviyoProblem error={test.error} retry={ask} />}
        {test.data === undefined ? (test.isPending ? <Waiting rows={6} /> : null) : <Choice store={store} seen={test.data} current={current} close={close} />}
      </Modal>
    </Section>
  );
}

function Choice({ store, seen, current, close }: { store: string; seen: KlaviyoTest; current: string | null; close: () => void }) {
  const { t } = useTranslation();
  const [metric, setMetric] = useState<string | null>(seen.suggested?.metric_id ?? current);
  const set = useCommand("klaviyo_set_metric", store, ["klaviyo", "actions"]);
  const same = metric === current;
  return (
    <form
      className={dialog["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (metric === null || same || set.isPending) return;
        set.mutate({ metric_id: metric }, {
          onSuccess: ({ resyncs }) => {
            const reports = resyncs.map((report) => t(`klaviyo.report.${report}`)).join(t("klaviyo.and"));
            toast(resyncs.length === 0 ? t("klaviyo.metric_same") : t("klaviyo.metric_set", { reports }));
            close();
          },
        });
      }}
    >
      <MetricPicker metrics={seen.metrics} suggested={seen.suggested} value={metric} onChange={setMetric} />
      <p className={css["small"]}>{t(same ? "klaviyo.metric_same" : "klaviyo.metric_resyncs")}</p>
      {set.error === null ? null : <KlaviyoProblem error={set.error} />}
      <div className={dialog["buttons"]}>
        <Button onClick={close}>{t("common.cancel")}</Button>
        <Button type="submit" variant="filled" disabled={metric === null || same} loading={set.isPending}>{t("klaviyo.change_do")}</Button>
      </div>
    </form>
  );
}

const EMPTY: KlaviyoKeyReading = { kind: "empty" };

/** The key: where it is, and another one in its place without disconnecting. */
export function KeySection({ store, view }: { store: string; view: KlaviyoView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const refusal = useRefusal("manage_integrations");
  const field = useRef<HTMLInputElement>(null);
  const [reading, setReading] = useState<KlaviyoKeyReading>(EMPTY);
  const [asked, setAsked] = useState(false);
  const rotate = useKeyed("klaviyo_rotate", store, ["klaviyo", "actions"]);
  const shown = refusal === undefined && (asked || view.key_source === "none" || view.code === "KLAVIYO_KEY_REJECTED");
  const submit = async () => {
    const key = takeKey(field);
    setReading(EMPTY);
    const now = await rotate.ask({ key });
    if (now === undefined) return;
    setAsked(false);
    toast(t(now.key_source === "session" ? "klaviyo.rotated_for_run" : "klaviyo.rotated"));
  };
  return (
    <Section
      title={t("klaviyo.key_title")}
      actions={shown ? undefined : <Button data-testid="klaviyo-rotate" disabled={refusal !== undefined} title={refusal} onClick={() => setAsked(true)}>{t("klaviyo.rotate")}</Button>}
    >
      <p className={css["line"]} data-testid="klaviyo-key">
        {view.key_prefix === null ? null : <code className={table["mono"]}>{`${view.key_prefix}…`}</code>}
        <span>{t(`key_source.${view.key_source}`)}</span>
        {view.checked_at === null ? null : <span className={table["dim"]}>{t("klaviyo.key_checked", { time: format.instant(view.checked_at) })}</span>}
      </p>
      {shown ? (
        <form
          className={css["form"]}
          onSubmit={(event) => {
            event.preventDefault();
            if (reading.kind === "key" && !rotate.pending) void submit();
          }}
        >
          <KlaviyoKeyField field={field} label={t("klaviyo.new_key")} reading={reading} onRead={setReading} />
          {rotate.error === null ? null : <KlaviyoProblem error={rotate.error} />}
          <div className={css["buttons"]}>
            <Button type="submit" variant="filled" disabled={reading.kind !== "key"} loading={rotate.pending}>{t("klaviyo.rotate_do")}</Button>
            {asked ? <Button onClick={() => { takeKey(field); setReading(EMPTY); rotate.forget(); setAsked(false); }}>{t("common.cancel")}</Button> : null}
          </div>
          <p className={css["small"]}>{t(view.key_source === "environment" ? "klaviyo.rotate_environment" : "klaviyo.rotate_note")}</p>
        </form>
      ) : null}
    </Section>
  );
}
