// Money as Stripe counts it: integer minor units and a lower-case currency. Every amount on screen passes here.

/** Stripe's zero-decimal currencies: the amount is whole units. https://docs.stripe.com/currencies#zero-decimal */
const ZERO_DECIMAL = new Set([
  "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
]);

/** Three decimals. https://docs.stripe.com/currencies#three-decimal */
const THREE_DECIMAL = new Set(["bhd", "jod", "kwd", "omr", "tnd"]);

/** No cents in daily life, but two decimals in Stripe's API: 100 is one króna, one shilling. */
const TWO_DECIMAL_SHOWN_WHOLE = new Set(["isk", "ugx"]);

/** How many of an amount's digits stand behind the point. */
export function currencyExponent(currency: string): number {
  const code = currency.toLowerCase();
  if (ZERO_DECIMAL.has(code)) return 0;
  if (THREE_DECIMAL.has(code)) return 3;
  return 2;
}

/** Minor units as a number of whole units. For drawing only; amounts are added and compared in minor units. */
export function majorUnits(minor: number, currency: string): number {
  return minor / 10 ** currencyExponent(currency);
}

const formatters = new Map<string, Intl.NumberFormat | null>();

function formatterFor(language: string, currency: string, digits: number): Intl.NumberFormat | null {
  const key = `${language} ${currency} ${digits}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  let made: Intl.NumberFormat | null;
  try {
    made = new Intl.NumberFormat(language, {
      style: "currency",
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  } catch {
    made = null; // not three letters: shown as a number and the text that came
  }
  formatters.set(key, made);
  return made;
}

/** `12.00 €`, `¥1,200`, `KWD 5.120`: in the language's own form, with the currency's own decimals. */
export function formatMoney(minor: number, currency: string, language: string): string {
  const code = currency.toLowerCase();
  const exponent = currencyExponent(code);
  const shownWhole = TWO_DECIMAL_SHOWN_WHOLE.has(code) && minor % 100 === 0;
  const digits = shownWhole ? 0 : exponent;
  const value = majorUnits(minor, code);
  const formatter = formatterFor(language, code.toUpperCase(), digits);
  if (formatter !== null) return formatter.format(value);
  const plain = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${plain.format(value)} ${currency}`;
}

/** The amount as a person types it: `249.00`, `1200`, `5.120`. */
export function plainAmount(minor: number, currency: string): string {
  return majorUnits(minor, currency).toFixed(currencyExponent(currency));
}

/** Reads a typed amount into minor units; null for what is none, or has more digits than the currency. */
export function readAmount(text: string, currency: string): number | null {
  const plain = text.trim().replace(/[\s'’]/g, "");
  const found = /^(\d{1,12})(?:[.,](\d{1,3}))?$/.exec(plain);
  if (found === null) return null;
  const exponent = currencyExponent(currency);
  const digits = found[2] ?? "";
  if (digits.length > exponent) return null;
  // By text: no amount passes through a fraction.
  return Number(`${found[1] ?? ""}${digits.padEnd(exponent, "0")}`);
}
