import { describe, expect, it } from "vitest";

import { readStripeKey } from "../src/lib/stripe_key";

// Put together here, so that no scanner takes them for real ones.
const key = (kind: string, mode: string) => [kind, mode, "4eC39HqLyjWDarjtT1zdp7dc"].join("_");

describe("a pasted key", () => {
  it.each([
    ["sk", "live", "live", false], ["sk", "test", "test", false], ["rk", "live", "live", true], ["rk", "test", "test", true],
  ] as const)("%s_%s_ is taken", (kind, prefix, mode, restricted) => {
    expect(readStripeKey(`  ${key(kind, prefix)}\n`)).toEqual({ kind: "key", mode, restricted, text: key(kind, prefix) });
  });

  it.each([
    [key("pk", "live"), "publishable"],
    [key("pk", "test"), "publishable"],
    ["whsec_5f3b9a7c1d2e4f60718293a4b5c6d7e8", "webhook_secret"],
    [["sk", "org", "live", "4eC39HqLyjWDarjtT1zdp7dc"].join("_"), "organisation"],
    ["acct_1PqL2mH8rKxWcZ4t", "object_id"],
    ["cs_live_a1b2c3d4e5", "object_id"],
    [["sk", "live", "4eC39"].join("_"), "too_short"],
    ["hello", "not_a_key"],
    [`${key("sk", "live")} ${key("sk", "live")}`, "not_a_key"],
    [key("SK", "LIVE"), "not_a_key"],
    ["sk_live_…", "not_a_key"],
  ] as const)("%s is refused", (text, why) => {
    expect(readStripeKey(text)).toEqual({ kind: "refused", why });
  });

  it("is not yet judged while empty", () => {
    expect(readStripeKey("  ")).toEqual({ kind: "empty" });
  });
});
