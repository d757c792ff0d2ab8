import { useTranslation } from "react-i18next";

import type { FixWords } from "../data/fix_words";
import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import type { Words } from "../data/words";
import { useWords } from "../data/words";
import type { TimelineEntry } from "../ipc/generated/TimelineEntry";
import { dayOf } from "../lib/time";
import { CopyButton } from "../ui/Copy";
import { Tag } from "../ui/Tag";
import css from "./Timeline.module.css";
import { Money, useDoer } from "./Values";

/** What happened to an order, oldest first, a heading a day. */
export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (entries.length === 0) return <p className={css["none"]}>{t("sheet.no_timeline")}</p>;

  const days: { day: string; entries: { entry: TimelineEntry; key: string }[] }[] = [];
  for (const [index, entry] of entries.entries()) {
    const day = dayOf(entry.at, format.timeZone);
    const item = { entry, key: `${entry.event_id ?? entry.object_id} ${index}` };
    const last = days.at(-1);
    if (last?.day === day) last.entries.push(item);
    else days.push({ day, entries: [item] });
  }
  return (
    <ol className={css["days"]}>
      {days.map(({ day, entries: list }) => (
        <li key={day}>
          <h3 className={css["day"]}>{format.day(day, "long")}</h3>
          <ol>{list.map(({ entry, key }) => <Entry key={key} entry={entry} />)}</ol>
        </li>
      ))}
    </ol>
  );
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useWords();
  const fix = useFixWords();
  const doer = useDoer();
  const said = words.timeline(entry.kind);
  return (
    <li className={css["entry"]} data-testid="timeline-entry" data-tone={entry.kind.startsWith("action_") ? ACTION_TONES[entry.status ?? ""] : toneOf(entry.kind)}>
      <time className={css["time"]} dateTime={new Date(entry.at * 1000).toISOString()} title={format.instant(entry.at)}>{format.clock(entry.at)}</time>
      <span className={css["mark"]} aria-hidden="true" />
      <div className={css["what"]}>
        <p className={css["head"]}>
          <span className={css["said"]}>{said}</span>
          {entry.amount_minor === null ? null : <Money minor={entry.amount_minor} currency={entry.currency} />}
          {entry.status === null || says(entry.kind, entry.status) ? null : (
            <span className={css["status"]}>{statusOf(words, entry.kind, entry.status)}</span>
          )}
          {entry.detail === null ? null : <bdi className={css["detail"]} title={entry.detail}>{detailOf(fix, entry.kind, entry.detail)}</bdi>}
          {entry.pending_webhooks === null || entry.pending_webhooks === 0 ? null : (
            <Tag tone="amber" title={t("sheet.pending_meaning")}>{t("sheet.pending", { count: entry.pending_webhooks })}</Tag>
          )}
        </p>
        <p className={css["foot"]}>
          {said === entry.kind || entry.event_id === null ? null : <code>{entry.kind}</code>}
          <span className={css["origin"]}>{entry.operator === null ? words.origin(entry.origin) : t("sheet.by", { name: doer(entry.operator) })}</span>
          <span className={css["id"]}>
            <code title={entry.event_id ?? entry.object_id}>{entry.event_id ?? entry.object_id}</code>
            <CopyButton text={entry.event_id ?? entry.object_id} label={entry.event_id === null ? t("sheet.object_id") : t("sheet.event_id")} />
          </span>
        </p>
      </div>
    </li>
  );
}

/** `charge.succeeded` says already that it `succeeded`, and `checkout.session.completed` that it is `complete`. */
function says(kind: string, status: string): boolean {
  return kind.slice(kind.lastIndexOf(".") + 1).startsWith(status);
}

function statusOf(words: Words, kind: string, status: string): string {
  if (kind.startsWith("action_")) return words.actionState(status);
  return kind === "local_finding" ? words.findingState(status) : words.objectStatus(status);
}

/** Why, in words where Stripe says it by a code; what people wrote, as they wrote it. */
function detailOf(fix: FixWords, kind: string, detail: string): string {
  if (/^(charge\.)?dispute/.test(kind)) return fix.disputeReason(detail);
  if (/^(charge\.)?refund[._]|^payment_intent\.canceled/.test(kind)) return fix.refundReason(detail);
  return /^(charge|payment_intent|intent)[._]/.test(kind) ? fix.decline(detail) : detail;
}

/** What operators did: by what it came to. */
const ACTION_TONES: Record<string, "good" | "bad" | "back"> = { succeeded: "good", failed: "bad", unknown: "back" };

function toneOf(kind: string): "good" | "bad" | "back" | "plain" {
  if (/succeeded|session\.completed|captured|paid/.test(kind) && !kind.startsWith("refund")) return "good";
  if (/failed|dispute|declined/.test(kind)) return "bad";
  if (/refund|expired|canceled|deleted/.test(kind)) return "back";
  return "plain";
}
