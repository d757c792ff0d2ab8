// The part of the URL behind `?`, as plain text both ways: `?q=0012` stays `0012`.

export type UrlQuery = Record<string, string | undefined>;

/** Reads `?a=1&b=`: names to texts; the last of equal names wins. */
export function parseUrlQuery(text: string): UrlQuery {
  return Object.fromEntries(new URLSearchParams(text.startsWith("?") ? text.slice(1) : text));
}

/** Writes names and texts; undefined is left out, the empty text is kept. */
export function writeUrlQuery(query: Record<string, unknown>): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === false) continue;
    if (Array.isArray(value)) {
      if (value.length > 0) pairs.set(name, value.join(","));
    } else {
      pairs.set(name, value === true ? "1" : String(value));
    }
  }
  const text = pairs.toString();
  return text === "" ? "" : `?${text}`;
}

/** A text of the query; undefined where it is absent. */
export function queryText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The members of `allowed` that a query value names, separated by commas. */
export function queryList<T extends string>(value: unknown, allowed: readonly T[]): T[] {
  const named = Array.isArray(value) ? value : typeof value === "string" ? value.split(",") : [];
  return allowed.filter((item) => named.includes(item));
}

/** The one member of `allowed` that a query value names. */
export function queryOne<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((item) => item === value);
}

/** Whether a flag is set. */
export function queryFlag(value: unknown): boolean | undefined {
  return value === true || value === "1" ? true : undefined;
}

/** The record without the names whose value is undefined, so that equal filters are equal URLs. */
export function withoutAbsent<T extends object>(record: T): T {
  const kept = { ...record };
  for (const name of Object.keys(kept)) {
    if (Reflect.get(kept, name) === undefined) Reflect.deleteProperty(kept, name);
  }
  return kept;
}
