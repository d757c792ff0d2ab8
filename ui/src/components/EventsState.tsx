import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { useKlaviyoWords } from "../data/klaviyo_words";
import type { EventsView } from "../ipc/generated/EventsView";
import { sentence, sentences } from "../lib/sentence";
import { Cell, Cells } from "../ui/Cells";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import { WayOut } from "./Blocked";
import css from "./Klaviyo.module.css";
import own from "./KlaviyoEvents.module.css";
import { Instant } from "./Values";

/** Who tells Klaviyo of orders, since when, why nothing goes out, what is missing and what was sent from here. */
export function EventsState({ view, ask }: { view: EventsView; ask: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useKlaviyoWords();
  const { gaps, sent } = view;
  const n = (count: number) => ({ count, n: format.count(count) });
  const held = view.held === null ? null : words.trouble({ code: view.held, message: view.held, hint: "" });
  return (
    <section className={css["state"]} aria-label={t("klaviyo_events.state")} data-testid="events-state" data-policy={view.policy}>
      <Cells fit="close">
        <Cell name={t("klaviyo_events.policy")}>
          <span className={own["policy"]}>
            <Tag tone={held !== null ? "amber" : view.policy === "send_all" ? "violet" : view.policy === "fill_gaps" ? "accent" : "grey"} dot>{t(`event_policy.${view.policy}`)}</Tag>
            <Button size="compact-xs" data-testid="events-policy" onClick={ask}>{t("klaviyo_events.change_policy")}</Button>
          </span>
        </Cell>
        <Cell name={t("klaviyo_events.policy_since")}>{view.policy_since === null ? t("klaviyo_events.from_the_start") : <Instant at={view.policy_since} />}</Cell>
        <Cell name={t("klaviyo_events.looked_at")}>{view.looked_at === null ? t("klaviyo_events.never") : <Instant at={view.looked_at} />}</Cell>
        <Cell name={t("klaviyo_events.shop_told")}>{view.shop_told_at === null ? t("klaviyo_events.not_in_30_days") : <Instant at={view.shop_told_at} />}</Cell>
        <Cell name={t("klaviyo_events.missing")}>
          {gaps.events === 0 ? t("klaviyo_events.nothing") : (
            <span data-testid="event-gaps">
              {t("klaviyo_events.events_count", n(gaps.events))}
              <span className={table["dim"]}>
                {" · "}{t("klaviyo_events.orders_count", n(gaps.orders))} · {t("klaviyo_events.people_count", n(gaps.people))}
                {gaps.unsubscribed === 0 ? null : <> · {t("klaviyo_events.want_no_mail", n(gaps.unsubscribed))}</>}
              </span>
            </span>
          )}
        </Cell>
        <Cell name={t("klaviyo_events.sent_here")}>
          {sent.sent + sent.confirmed + sent.lost === 0 ? t("klaviyo_events.nothing") : (
            <span data-testid="events-sent">
              {t("klaviyo_events.confirmed", { n: format.count(sent.confirmed) })}
              {sent.sent === 0 ? null : <span className={table["dim"]}> · {t("klaviyo_events.on_the_way", { n: format.count(sent.sent) })}</span>}
              {sent.lost === 0 ? null : <span className={own["lost"]}> · {t("klaviyo_events.lost", { n: format.count(sent.lost) })}</span>}
            </span>
          )}
        </Cell>
      </Cells>
      {held === null ? <p className={css["meaning"]}>{t(`event_policy_meaning.${view.policy}`)}</p> : (
        <p className={own["held"]} role="alert" data-testid="events-held">
          <strong>{t("klaviyo_events.held")}</strong> {sentences(sentence(held.message), sentence(held.hint))} <WayOut code={held.code} /> <code className={table["mono"]}>{held.code}</code>
        </p>
      )}
    </section>
  );
}
