import { useTranslation } from "react-i18next";

import type { EventStand } from "../ipc/generated/EventStand";
import type { EventVerdict } from "../ipc/generated/EventVerdict";
import { useFormat } from "../data/format";
import type { Tone } from "../ui/Tag";
import { Tag } from "../ui/Tag";
import css from "./KlaviyoEvents.module.css";

const TONES: Record<EventVerdict, Tone> = {
  double: "red", missing: "amber", wrong_value: "amber", wrong_color: "amber", wrong_name: "violet", no_email: "grey", waiting: "accent", sent: "accent", present: "green",
};

/** How an event stands, in one word that says what it means when pointed at. */
export function VerdictTag({ verdict }: { verdict: EventVerdict }) {
  const { t } = useTranslation();
  return <Tag tone={TONES[verdict]} dot title={t(`event_verdict_meaning.${verdict}`)}>{t(`event_verdict.${verdict}`)}</Tag>;
}

function Drift({ names }: { names: string }) {
  const { t } = useTranslation();
  const said = t("klaviyo_events.drift", { names });
  return <span className={css["drift"]} title={said}>{said}</span>;
}

/** What an event says that is wrong, and what is to be known of its person. */
export function EventSays({ stand }: { stand: EventStand }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <span className={css["says"]}>
      {stand.verdict === "double" ? <span title={stand.detail ?? undefined}>{t("klaviyo_events.times", { n: format.count(stand.count) })}</span> : null}
      {stand.detail === null || stand.verdict === "double" ? null : <bdi title={stand.detail}>{stand.detail}</bdi>}
      {stand.drift === null ? null : <Drift names={stand.drift.split(",").join(", ")} />}
      {stand.unsubscribed ? <Tag tone="grey" title={t("klaviyo_events.unsubscribed_meaning")}>{t("klaviyo_events.unsubscribed")}</Tag> : null}
    </span>
  );
}
