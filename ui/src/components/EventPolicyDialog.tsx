import { Button, Checkbox, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { guardQuery } from "../data/fix_queries";
import { useFormat } from "../data/format";
import { settingsQuery } from "../data/queries";
import type { EventPolicy } from "../ipc/generated/EventPolicy";
import type { EventsView } from "../ipc/generated/EventsView";
import type { Settings } from "../ipc/generated/Settings";
import type { SettingsDocument } from "../ipc/generated/SettingsDocument";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Remarks } from "../ui/Remarks";
import { toast } from "../ui/Toasts";
import { RefusalText } from "./Blocked";
import dialog from "./Dialog.module.css";
import css from "./KlaviyoEvents.module.css";
import { KlaviyoProblem } from "./KlaviyoProblem";

const POLICIES = ["observe", "fill_gaps", "send_all"] as const satisfies readonly EventPolicy[];

/** Chooses who tells Klaviyo of orders. What that will do is said before it does. */
export function EventPolicyDialog({ view, store, close }: { view: EventsView; store: string; close: () => void }) {
  const { t } = useTranslation();
  const { data, error, isError, refetch } = useQuery(settingsQuery(store));
  return (
    <Modal opened onClose={close} size="lg" title={t("klaviyo_events.policy_title")} closeButtonProps={{ "aria-label": t("common.close") }}>
      {data === undefined ? (isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Waiting rows={5} />) : <Choice view={view} settings={data} store={store} close={close} />}
    </Modal>
  );
}

function Choice({ view, settings, store, close }: { view: EventsView; settings: SettingsDocument; store: string; close: () => void }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage_integrations");
  const [policy, setPolicy] = useState<EventPolicy>(view.policy);
  const [sure, setSure] = useState(false);
  const set = useCommand("settings_set", store, ["settings", "klaviyo"]);
  const same = policy === view.policy;
  const ready = !same && refusal === undefined && (policy !== "send_all" || sure);
  return (
    <form
      className={dialog["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || set.isPending) return;
        set.mutate({ ...settings, klaviyo: { ...settings.klaviyo, policy } }, {
          onSuccess: () => {
            toast(t("klaviyo_events.policy_set", { policy: t(`event_policy.${policy}`) }));
            close();
          },
        });
      }}
    >
      <div className={css["options"]} role="radiogroup" aria-label={t("klaviyo_events.policy")}>
        {POLICIES.map((one) => (
          <label key={one} className={css["option"]} data-chosen={one === policy}>
            <input type="radio" name="event-policy" value={one} checked={one === policy} disabled={refusal !== undefined} onChange={() => { setPolicy(one); set.reset(); }} />
            <strong>{t(`event_policy.${one}`)}</strong>
            <span>{t(`event_policy_meaning.${one}`)}</span>
          </label>
        ))}
      </div>
      {same ? null : <Effects policy={policy} view={view} settings={settings} store={store} />}
      {policy !== "send_all" || same ? null : (
        <Checkbox label={t("klaviyo_events.shop_is_quiet")} checked={sure} onChange={(event) => setSure(event.currentTarget.checked)} />
      )}
      {set.error === null ? null : <KlaviyoProblem error={set.error} />}
      <div className={dialog["buttons"]}>
        <Button onClick={close}>{t("common.cancel")}</Button>
        <Button type="submit" variant="filled" disabled={!ready} title={refusal} loading={set.isPending}>{t("klaviyo_events.set_policy")}</Button>
      </div>
      {refusal === undefined ? null : <p className={dialog["why"]}><RefusalText refusal={refusal} /></p>}
    </form>
  );
}

/** What setting it does, from now on. */
function Effects({ policy, view, settings, store }: { policy: EventPolicy; view: EventsView; settings: Settings; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const guard = useQuery(guardQuery(store)).data?.guard;
  const stopped = policy === "observe" || guard === undefined || (guard.writing && !guard.stopped) ? [] : [t(guard.stopped ? "klaviyo_events.effect_stopped" : "klaviyo_events.effect_writing_off")];
  const told = policy === "send_all" && view.shop_told_at !== null ? [t("klaviyo_events.effect_shop_told", { time: format.instant(view.shop_told_at) })] : [];
  const lines: Record<EventPolicy, string[]> = {
    observe: [t("klaviyo_events.effect_nothing"), t("klaviyo_events.effect_by_hand")],
    fill_gaps: [t("klaviyo_events.effect_fill", { count: settings.klaviyo.missing_after_min }), t("klaviyo_events.effect_no_mail"), t("klaviyo_events.effect_before")],
    send_all: [t("klaviyo_events.effect_all"), t("klaviyo_events.effect_mails", { count: guard?.daily_mails ?? 0, n: format.count(guard?.daily_mails ?? 0) }), t("klaviyo_events.effect_old"), t("klaviyo_events.effect_before")],
  };
  return <Remarks title={t("klaviyo_events.effects")} testId="policy-effects" warnings={[...told, ...stopped]} notes={lines[policy]} />;
}
