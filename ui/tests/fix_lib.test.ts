import { describe, expect, it } from "vitest";

import { plainAmount, readAmount } from "../src/lib/money";
import { mailDraft } from "../src/lib/mail_draft";
import { callOf } from "../src/lib/step_name";
import { morningOf, snoozeUntil } from "../src/lib/snooze";
import { readFindingFilter } from "../src/lib/finding_filter";

describe("a write", () => {
  it.each([
    ["/v1/refunds", "refund"], ["/v1/checkout/sessions", "checkout"], ["/v1/checkout/sessions/cs_1", "checkout_change"], ["/v1/checkout/sessions/cs_1/expire", "checkout_end"],
    ["/v1/payment_intents/pi_1/capture", "capture"], ["/v1/events/evt_1/retry", "event"], ["/api/events", "klaviyo_event"], ["/v1/refunds/re_1", null], ["/v2/refunds", null],
  ])("to %s is known as %s", (path, name) => expect(callOf(path)).toBe(name));
});

describe("a read", () => {
  it.each([
    ["/v1/customers", "find_customer"], ["/v1/checkout/sessions/cs_1", "read_checkout"], ["/v1/charges/ch_1", "read_charge"], ["/v1/refunds", null], ["/api/events", null],
  ])("of %s is known as %s", (path, name) => expect(callOf(path, "GET")).toBe(name));
});

describe("a typed amount", () => {
  it.each([
    ["269", "usd", 26_900], ["269.00", "usd", 26_900], ["269,5", "eur", 26_950], ["38800", "jpy", 38_800], ["5.120", "kwd", 5120], [" 1 000.10 ", "eur", 100_010], ["0.07", "eur", 7],
  ])("%s %s is %d minor units", (text, currency, minor) => expect(readAmount(text, currency)).toBe(minor));

  it.each([["26.999", "usd"], ["1.5", "jpy"], ["", "eur"], ["-5", "eur"], ["1,234.50", "eur"], ["1e3", "eur"], ["12a", "eur"]])("%s %s is none", (text, currency) => {
    expect(readAmount(text, currency)).toBeNull();
  });

  it("is shown as it can be typed", () => {
    for (const [minor, currency] of [[26_900, "usd"], [38_800, "jpy"], [5120, "kwd"]] as const) expect(readAmount(plainAmount(minor, currency), currency)).toBe(minor);
  });
});

describe("a snooze", () => {
  it("of a day ends at eight in the morning where the store is, also when clocks change", () => {
    expect(new Date(morningOf("2026-03-29", "Europe/Berlin") * 1000).toISOString()).toBe("2026-03-29T06:00:00.000Z");
    expect(new Date(morningOf("2026-03-28", "Europe/Berlin") * 1000).toISOString()).toBe("2026-03-28T07:00:00.000Z");
    expect(new Date(morningOf("2026-11-22", "Pacific/Auckland") * 1000).toISOString()).toBe("2026-11-21T19:00:00.000Z");
  });

  it("counts days from the store's day, not the machine's", () => {
    const late = Date.parse("2026-11-21T23:30:00Z") / 1000;
    expect(snoozeUntil("tomorrow", late, "UTC")).toBe(morningOf("2026-11-22", "UTC"));
    expect(snoozeUntil("tomorrow", late, "Asia/Tokyo")).toBe(morningOf("2026-11-23", "Asia/Tokyo"));
    expect(snoozeUntil("hour", late, "UTC")).toBe(late + 3600);
  });
});

describe("a mail draft", () => {
  it("carries hostile text as text", () => {
    const url = mailDraft("a+b@example.org?bcc=x@example.org", "Hi & bye", "1\n2");
    expect(url).toBe("mailto:a%2Bb@example.org%3Fbcc%3Dx@example.org?subject=Hi%20%26%20bye&body=1%0A2");
  });
});

describe("the filter of findings", () => {
  it("leaves out what cannot be meant", () => {
    expect(readFindingFilter({ state: "open", severity: "huge", rule: " ", q: " a " })).toEqual({ q: "a" });
    expect(readFindingFilter({ state: "gone", severity: "info", rule: "paid_twice" })).toEqual({ state: "gone", severity: "info", rule: "paid_twice" });
  });
});
