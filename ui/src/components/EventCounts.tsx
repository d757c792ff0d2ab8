import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import type { EventCount } from "../ipc/generated/EventCount";
import type { EventVerdict } from "../ipc/generated/EventVerdict";
import type { OrderEvent } from "../ipc/generated/OrderEvent";
import { countOf, VERDICTS } from "../lib/event_filter";
import css from "./RuleList.module.css";

const SEVERITY: Partial<Record<EventVerdict, string>> = { double: "critical", missing: "warning", wrong_value: "warning", wrong_color: "warning" };

/** How many events stand how; one of them narrows the list. */
export function EventCounts({
  counts, kind, chosen, choose,
}: { counts: readonly EventCount[]; kind: OrderEvent | undefined; chosen: EventVerdict | undefined; choose: (verdict: EventVerdict | undefined) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <nav className={css["rules"]} aria-label={t("klaviyo_events.counts")}>
      <button type="button" className={css["rule"]} aria-pressed={chosen === undefined} onClick={() => choose(undefined)}>
        <span className={css["name"]}>{t("klaviyo_events.all")}</span>
        <span className={css["count"]}>{format.count(countOf(counts, kind))}</span>
      </button>
      {VERDICTS.filter((verdict) => verdict === chosen || countOf(counts, kind, verdict) > 0).map((verdict) => (
        <button
          key={verdict} type="button" className={css["rule"]} aria-pressed={chosen === verdict} title={t(`event_verdict_meaning.${verdict}`)} data-testid={`verdict-${verdict}`}
          onClick={() => choose(chosen === verdict ? undefined : verdict)}
        >
          <span className={css["dot"]} data-severity={SEVERITY[verdict] ?? "info"} aria-hidden="true" />
          <span className={css["name"]}>{t(`event_verdict.${verdict}`)}</span>
          <span className={css["count"]}>{format.count(countOf(counts, kind, verdict))}</span>
        </button>
      ))}
    </nav>
  );
}
