import { describe, expect, it } from "vitest";

import type { KlaviyoMetric } from "../src/ipc/generated/KlaviyoMetric";
import { readKlaviyoKey } from "../src/lib/klaviyo_key";
import { findMetrics, metricSource } from "../src/lib/klaviyo_metric";

const usual = `pk_${"4a7f".repeat(8)}01`;

describe("a pasted Klaviyo key", () => {
  it("is taken with blanks and line ends around it, and what is said of it does not hold it", () => {
    expect(readKlaviyoKey(`  ${usual}\n`)).toEqual({ kind: "key", usual: true });
  });

  it.each([`${usual}9`, usual.slice(0, -1), "pk_x", "pk_a-b_c"])("%s of another length is said, not refused", (text) => {
    expect(readKlaviyoKey(text)).toEqual({ kind: "key", usual: false });
  });

  it.each([
    [["sk", "test", "4eC39HqLyjWD"].join("_"), "stripe"],
    [["rk", "live", "4eC39HqLyjWD"].join("_"), "stripe"],
    [["pk", "live", "4eC39HqLyjWD"].join("_"), "stripe"],
    [["pk", "test", "4eC39HqLyjWD"].join("_"), "stripe"],
    ["whsec_5f3b9a7c", "stripe"],
    ["XqT4fL", "public_id"],
    ["Klaviyo-API-Key pk_abc", "prefix"],
    ["PK_ABC", "prefix"],
    ["pk_", "characters"],
    ["pk_abc def", "characters"],
    ["pk_abcdéf", "characters"],
    ["pk_abc\r\nX-Y: z", "characters"],
    [`pk_${"a".repeat(253)}`, "characters"],
  ] as const)("%s is refused", (text, why) => {
    expect(readKlaviyoKey(text)).toEqual({ kind: "refused", why });
  });

  it("is not yet judged while empty", () => {
    expect(readKlaviyoKey(" \n")).toEqual({ kind: "empty" });
  });
});

describe("metrics", () => {
  const made = (id: string, name: string, from: string | null): KlaviyoMetric => ({
    id, name, custom: from === null, do_not_order_sync: true, integration: from === null ? null : { id: null, key: from.toLowerCase(), name: from, category: null },
  });
  const all = [made("RkQ2xT", "Placed Order", "Shopify"), made("Zx81Po", "Placed Order", "API"), made("abc", "Big order", null)];

  it("are found by name, integration and id, and keep their order", () => {
    expect(findMetrics(all, "").map((one) => one.id)).toEqual(["RkQ2xT", "Zx81Po", "abc"]);
    expect(findMetrics(all, "ORDER").map((one) => one.id)).toEqual(["RkQ2xT", "Zx81Po", "abc"]);
    expect(findMetrics(all, "order api").map((one) => one.id)).toEqual(["Zx81Po"]);
    expect(findMetrics(all, "rkq2").map((one) => one.id)).toEqual(["RkQ2xT"]);
    expect(findMetrics(all, "nothing")).toEqual([]);
  });

  it("name where their events come from, as far as Klaviyo does", () => {
    expect(all.map(metricSource)).toEqual(["Shopify", "API", null]);
    expect(metricSource({ ...made("a", "b", "C"), integration: { id: "0eMvjm", key: null, name: null, category: null } })).toBe("0eMvjm");
  });
});
