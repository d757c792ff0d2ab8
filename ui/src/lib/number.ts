/** `12,345` */
export function formatCount(count: number, language: string): string {
  return new Intl.NumberFormat(language).format(count);
}

/** `+12,345`, `-3`, `0`: a change with its sign. */
export function formatSigned(count: number, language: string): string {
  return new Intl.NumberFormat(language, { signDisplay: "exceptZero" }).format(count);
}

/** `41.2%`; null where there is nothing to divide by. */
export function formatRate(part: number, whole: number, language: string): string | null {
  if (whole === 0) return null;
  return new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(part / whole);
}

/** `+12%`, `-3%`, `0%`: how a count changed; null where there was nothing before. */
export function formatChange(now: number, before: number, language: string): string | null {
  if (before === 0) return null;
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" }).format(
    (now - before) / before,
  );
}

/** `2.4 pp` as a signed number of percentage points with one decimal; null where a rate is missing. */
export function formatPoints(now: [number, number], before: [number, number], language: string): string | null {
  if (now[1] === 0 || before[1] === 0) return null;
  const points = (now[0] / now[1] - before[0] / before[1]) * 100;
  return new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" }).format(points);
}

/** `118 MB` */
export function formatBytes(bytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(language, {
    style: "unit", unit: units[unit] ?? "byte", unitDisplay: "short", maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
}

/** Ticks for an axis from 0 to at least `max`: whole, evenly spaced, at most `count` steps. */
export function axisTicks(max: number, count = 4): number[] {
  if (max <= 0) return [0, 1];
  const rough = max / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough);
  const ticks = [];
  for (let tick = 0; tick < max + step; tick += step) ticks.push(tick);
  return ticks;
}
