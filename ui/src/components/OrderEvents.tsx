import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useRefusal } from "../data/desk";
import { orderEventsQuery } from "../data/klaviyo_event_queries";
import type { EventVerdict } from "../ipc/generated/EventVerdict";
import type { FixSubject } from "../lib/fix_choice";
import { CopyId } from "../ui/Copy";
import { ErrorPanel } from "../ui/Feedback";
import { Section } from "../ui/Page";
import { EventSays, VerdictTag } from "./EventWords";
import css from "./KlaviyoEvents.module.css";
import { Instant } from "./Values";

/** What is not at Klaviyo can be sent. */
const SENDABLE: ReadonlySet<EventVerdict> = new Set(["missing", "waiting"]);

/** What Klaviyo was told of one order. Nothing where it was not looked at. */
export function OrderEvents({ order, store, fix }: { order: string; store: string; fix: (subject: FixSubject) => void }) {
  const { t } = useTranslation();
  const refusal = useRefusal("repair");
  const { data, error, isError, refetch } = useQuery(orderEventsQuery(store, order));
  if (isError && data === undefined) return <Section title={t("order_events.title")}><ErrorPanel error={error} retry={() => void refetch()} /></Section>;
  if (data === undefined || data.events.length === 0) return null;
  return (
    <div id="order-events"><Section title={t("order_events.title")} actions={<Link className={css["link"]} to="/s/$store/klaviyo-events" params={{ store }}>{t("order_events.all")}</Link>}>
      <ul className={css["events"]} data-testid="order-events">
        {data.events.map((stand) => (
          <li key={stand.kind} data-kind={stand.kind} data-verdict={stand.verdict}>
            <strong>{t(`klaviyo_event.${stand.kind}`)}</strong>
            <VerdictTag verdict={stand.verdict} />
            <EventSays stand={stand} />
            <span className={css["when"]}><Instant at={stand.happened_at} /></span>
            {SENDABLE.has(stand.verdict) ? (
              <Button size="compact-xs" disabled={refusal !== undefined} title={refusal} onClick={() => fix({ order, prefer: "send_event", klaviyo: stand.kind })}>{t("order_events.send")}</Button>
            ) : null}
            {stand.event_id === null && stand.sent_at === null ? null : (
              <span className={css["small"]}>
                {stand.event_id === null ? null : <CopyId id={stand.event_id} label={t("order_events.event_id")} />}
                {stand.sent_at === null ? null : <span>{t("order_events.sent")} <Instant at={stand.sent_at} /></span>}
              </span>
            )}
          </li>
        ))}
      </ul>
    </Section></div>
  );
}
