import { describe, expect, it } from "vitest";

import { currencyExponent, formatMoney } from "../src/lib/money";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("money", () => {
  it.each([
    [24900, "eur", "en", "€249.00"],
    [24900, "usd", "en", "$249.00"],
    [24900, "usd", "zh-CN", "US$249.00"],
    [38800, "jpy", "en", "¥38,800"],
    [1, "jpy", "en", "¥1"],
    [82500, "kwd", "en", "KWD 82.500"],
    [5120, "kwd", "en", "KWD 5.120"],
    [-1050, "gbp", "en", "-£10.50"],
    [0, "eur", "en", "€0.00"],
    [5, "usd", "en", "$0.05"],
    [9_007_199_254_740, "usd", "en", "$90,071,992,547.40"],
  ])("%i %s in %s is %s", (minor, currency, language, shown) => {
    expect(plain(formatMoney(minor, currency, language))).toBe(shown);
  });

  it("shows krónur and shillings whole although Stripe counts hundredths of them", () => {
    expect(currencyExponent("isk")).toBe(2);
    expect(plain(formatMoney(3_690_000, "isk", "en"))).toBe("ISK 36,900");
    expect(plain(formatMoney(500_000, "ugx", "en"))).toBe("UGX 5,000");
  });

  it("never hides hundredths that should not be there", () => {
    expect(plain(formatMoney(150, "isk", "en"))).toBe("ISK 1.50");
  });

  it("takes a currency in any case", () => {
    expect(formatMoney(500, "JPY", "en")).toBe(formatMoney(500, "jpy", "en"));
  });

  it("shows a currency that cannot exist as it came", () => {
    expect(formatMoney(1234, "<b>", "en")).toBe("12.34 <b>");
  });
});
