// Until when something is put off.

import { addDays, dayOf } from "./time";

export const SNOOZES = ["hour", "tomorrow", "days", "week"] as const;
export type Snooze = (typeof SNOOZES)[number];

const MORNING = 8;

/** The instant a snooze ends: an hour from now, or the morning of a later day where the store is. */
export function snoozeUntil(snooze: Snooze, now: number, timeZone: string): number {
  if (snooze === "hour") return now + 3600;
  const days = { tomorrow: 1, days: 3, week: 7 }[snooze];
  return morningOf(addDays(dayOf(now, timeZone), days), timeZone);
}

/** Eight in the morning of a day where the store is, in unix seconds. */
export function morningOf(day: string, timeZone: string): number {
  const wanted = Date.parse(`${day}T00:00:00Z`) / 1000 + MORNING * 3600;
  // Twice: the first correction may land on the other side of a change of clocks.
  const once = wanted - offsetAt(wanted, timeZone);
  return wanted - offsetAt(once, timeZone);
}

/** Seconds that a time zone is ahead of UTC at an instant. */
function offsetAt(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(at * 1000);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((found) => found.type === type)?.value ?? 0);
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) / 1000 - at;
}
