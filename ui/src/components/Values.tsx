// Values in cells: money, instants and free text that the engine may not know, and credits.

import { useTranslation } from "react-i18next";

import { useMinute } from "../data/now";
import { useFormat } from "../data/format";
import css from "../ui/table.module.css";

const ABSENT = "–";

/** An amount with its currency, or a dash. */
export function Money({ minor, currency }: { minor: number | null; currency: string | null }) {
  const format = useFormat();
  if (minor === null || currency === null) return <span className={css["faint"]}>{ABSENT}</span>;
  return <span>{format.money(minor, currency)}</span>;
}

/** An instant, short, with the whole of it in its title; or a dash. */
export function Instant({ at }: { at: number | null }) {
  const format = useFormat();
  const now = useMinute();
  if (at === null) return <span className={css["faint"]}>{ABSENT}</span>;
  return <time dateTime={new Date(at * 1000).toISOString()} title={format.instant(at)}>{format.short(at, now)}</time>;
}

/** Who did something: an operator, or the store's policy; no operator can be called as that is. */
export function useDoer(): (name: string) => string {
  const { t } = useTranslation();
  return (name) => (name === "(policy)" ? t("doer.policy") : name);
}

export function Doer({ name }: { name: string }) {
  return <bdi className={css["text"]}>{useDoer()(name)}</bdi>;
}

/** Text that someone else wrote: shown as text, in its own direction; or a dash. */
export function Given({ text }: { text: string | null }) {
  if (text === null || text === "") return <span className={css["faint"]}>{ABSENT}</span>;
  return <bdi className={css["text"]}>{text}</bdi>;
}

/** Credits with grouping. What is below zero stands out. */
export function Credits({ credits }: { credits: number }) {
  const format = useFormat();
  return <span className={credits < 0 ? css["below"] : credits === 0 ? css["faint"] : undefined}>{format.count(credits)}</span>;
}

/** A change of credits with its sign. */
export function CreditChange({ credits }: { credits: number }) {
  return <span>{useFormat().signed(credits)}</span>;
}
