import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { formatMoney } from "../lib/money";
import { formatBytes, formatChange, formatCount, formatPoints, formatRate, formatSigned } from "../lib/number";
import { formatClock, formatDay, formatDistance, formatInstant, formatShort } from "../lib/time";
import { useTimeZone } from "./active_store";

/** The formatters of lib, bound to the language on screen and the store's time zone. */
export function useFormat() {
  const { i18n } = useTranslation();
  const language = i18n.language;
  const timeZone = useTimeZone();
  return useMemo(
    () => ({
      language,
      timeZone,
      money: (minor: number, currency: string) => formatMoney(minor, currency, language),
      count: (count: number) => formatCount(count, language),
      signed: (count: number) => formatSigned(count, language),
      rate: (part: number, whole: number) => formatRate(part, whole, language),
      change: (now: number, before: number) => formatChange(now, before, language),
      points: (now: [number, number], before: [number, number]) => formatPoints(now, before, language),
      bytes: (bytes: number) => formatBytes(bytes, language),
      clock: (at: number) => formatClock(at, language, timeZone),
      instant: (at: number) => formatInstant(at, language, timeZone),
      short: (at: number, now: number) => formatShort(at, now, language, timeZone),
      day: (day: string, length?: "short" | "long") => formatDay(day, language, length),
      distance: (at: number, now: number) => formatDistance(at, now, language),
    }),
    [language, timeZone],
  );
}

export type Format = ReturnType<typeof useFormat>;
