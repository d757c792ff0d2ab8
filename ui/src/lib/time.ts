// Instants (unix seconds) as text, in the store's time zone. Every time on screen passes here.

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(language: string, timeZone: string, shape: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${timeZone} ${shape}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  let made: Intl.DateTimeFormat;
  try {
    made = new Intl.DateTimeFormat(language, { ...options, timeZone });
  } catch {
    made = new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC", timeZoneName: "short" });
  }
  formatters.set(key, made);
  return made;
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

/** `14:03:22` */
export function formatClock(at: number, language: string, timeZone: string): string {
  return formatterFor(language, timeZone, "clock", { ...CLOCK, second: "2-digit" }).format(at * 1000);
}

/** `Nov 21, 2026, 14:03:22`: whole and unambiguous; for sheets, titles and anything that gets copied. */
export function formatInstant(at: number, language: string, timeZone: string): string {
  return formatterFor(language, timeZone, "instant", {
    ...CLOCK, second: "2-digit", year: "numeric", month: "short", day: "numeric",
  }).format(at * 1000);
}

/** Short for table cells: `14:03:22` today, `Nov 20, 14:03` this year, `Nov 20, 2025` before. */
export function formatShort(at: number, now: number, language: string, timeZone: string): string {
  const day = dayOf(at, timeZone);
  const today = dayOf(now, timeZone);
  if (day === today) return formatClock(at, language, timeZone);
  if (day.slice(0, 4) === today.slice(0, 4)) {
    return formatterFor(language, timeZone, "short", { ...CLOCK, month: "short", day: "numeric" }).format(at * 1000);
  }
  return formatterFor(language, timeZone, "dated", { year: "numeric", month: "short", day: "numeric" }).format(at * 1000);
}

/** The calendar day an instant falls on in a time zone, `YYYY-MM-DD`. */
export function dayOf(at: number, timeZone: string): string {
  // By its parts: how a language orders them differs between versions of ICU (en-CA was `2026-11-21` and `11/21/2026`).
  const parts = formatterFor("en", timeZone, "day", { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(at * 1000);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((found) => found.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

/** A calendar day (`YYYY-MM-DD`) as `Nov 21`, or `Sat, Nov 21, 2026` when long. Days have no zone. */
export function formatDay(day: string, language: string, length: "short" | "long" = "short"): string {
  const options: Intl.DateTimeFormatOptions =
    length === "short"
      ? { month: "short", day: "numeric" }
      : { weekday: "short", year: "numeric", month: "short", day: "numeric" };
  return formatterFor(language, "UTC", `calendar-${length}`, options).format(Date.parse(`${day}T00:00:00Z`));
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** `3 min. ago`, `in 2 hr.`: how far an instant is from now. */
export function formatDistance(at: number, now: number, language: string): string {
  const formatter = new Intl.RelativeTimeFormat(language, { numeric: "always", style: "short" });
  const distance = at - now;
  for (const [unit, seconds] of STEPS) {
    if (Math.abs(distance) >= seconds) return formatter.format(Math.trunc(distance / seconds), unit);
  }
  return formatter.format(Math.trunc(distance), "second");
}

/** Adds calendar days to a day. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** How many days a span has, both ends included. */
export function spanDays(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
}

/** Whether a text is a calendar day that exists. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

/** Every IANA time zone this web view knows, with UTC and the one in use. */
export function timeZones(current: string): string[] {
  return [...new Set(["UTC", current, ...Intl.supportedValuesOf("timeZone")])].filter((zone) => zone !== "").sort();
}
