import { Button, Modal, Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { planFill } from "../data/klaviyo_event_queries";
import { useMinute } from "../data/now";
import type { EventsView } from "../ipc/generated/EventsView";
import type { KlaviyoFillArgs } from "../ipc/generated/KlaviyoFillArgs";
import { countOf, ORDER_EVENTS } from "../lib/event_filter";
import { AGES } from "../lib/lead_filter";
import { withoutAbsent } from "../lib/url_query";
import { Remarks } from "../ui/Remarks";
import { BulkFlow } from "./BulkDialog";
import dialog from "./Dialog.module.css";
import css from "./KlaviyoEvents.module.css";
import { KlaviyoProblem } from "./KlaviyoProblem";

const DAYS = { day: 1, week: 7, month: 30 } as const;
const DAY_S = 86_400;

/** Sends what is missing: which events and whether anybody is mailed, the plan, one confirmation, and how far it is. */
export function EventFillDialog({ view, store, close }: { view: EventsView; store: string; close: () => void }) {
  const { t } = useTranslation();
  const [args, setArgs] = useState<KlaviyoFillArgs | null>(null);
  return (
    <Modal opened onClose={close} size={720} title={t("klaviyo_events.fill_title")} closeButtonProps={{ "aria-label": t("common.close") }}>
      {args === null ? <Ask view={view} close={close} submit={setArgs} /> : (
        <BulkFlow
          about={["klaviyo_events_fill", store, args]} ask={() => planFill(store, args)} trouble={KlaviyoProblem}
          close={(done) => { if (done) close(); else setArgs(null); }}
        />
      )}
    </Modal>
  );
}

function Ask({ view, close, submit }: { view: EventsView; close: () => void; submit: (args: KlaviyoFillArgs) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useMinute();
  const [event, setEvent] = useState<KlaviyoFillArgs["event"]>();
  const [age, setAge] = useState<keyof typeof DAYS>();
  const [mail, setMail] = useState(false);
  const n = (kind: KlaviyoFillArgs["event"]) => format.count(countOf(view.counts, kind, "missing"));
  return (
    <form
      className={dialog["form"]}
      onSubmit={(submitted) => {
        submitted.preventDefault();
        submit(withoutAbsent<KlaviyoFillArgs>({ event, mail, since: age === undefined ? undefined : now - DAYS[age] * DAY_S }));
      }}
    >
      <div className={css["two"]}>
        <Select
          label={t("klaviyo_events.which")} allowDeselect={false} value={event ?? "both"}
          data={[{ value: "both", label: t("klaviyo_events.both", { n: n(undefined) }) }, ...ORDER_EVENTS.map((kind) => ({ value: kind, label: `${t(`klaviyo_event.${kind}`)} (${n(kind)})` }))]}
          onChange={(value) => setEvent(ORDER_EVENTS.find((known) => known === value))}
        />
        <Select
          label={t("klaviyo_events.from_when")} allowDeselect={false} value={age ?? "any"}
          data={[{ value: "any", label: t("klaviyo_events.any_time", { count: view.check_days }) }, ...AGES.map((value) => ({ value, label: t(`leads.ages.${value}`) }))]}
          onChange={(value) => setAge(AGES.find((known) => known === value))}
        />
      </div>
      <div className={css["options"]} role="radiogroup" aria-label={t("klaviyo_events.whom")}>
        {[false, true].map((flows) => (
          <label key={String(flows)} className={css["option"]} data-chosen={flows === mail}>
            <input type="radio" name="event-mail" value={flows ? "mail" : "backfill"} checked={flows === mail} onChange={() => setMail(flows)} />
            <strong>{t(flows ? "klaviyo_events.flows" : "klaviyo_events.backfill")}</strong>
            <span>{t(flows ? "klaviyo_events.flows_meaning" : "klaviyo_events.backfill_meaning")}</span>
          </label>
        ))}
      </div>
      {mail ? (
        <Remarks
          role="alert"
          warnings={[t("klaviyo_events.flows_warning", { count: view.gaps.people - view.gaps.unsubscribed, n: format.count(view.gaps.people - view.gaps.unsubscribed) })]}
          notes={view.gaps.unsubscribed === 0 ? [] : [t("klaviyo_events.flows_left_out", { count: view.gaps.unsubscribed, n: format.count(view.gaps.unsubscribed) })]}
        />
      ) : null}
      <p className={dialog["note"]}>{t("klaviyo_events.looks_first")}</p>
      <div className={dialog["buttons"]}>
        <Button onClick={close}>{t("common.cancel")}</Button>
        <Button type="submit" variant="filled" data-autofocus>{t("fix.show_plan")}</Button>
      </div>
    </form>
  );
}

