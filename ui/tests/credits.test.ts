import { describe, expect, it } from "vitest";

import type { PaymentKind } from "../src/ipc/generated/PaymentKind";
import type { PlanRule } from "../src/ipc/generated/PlanRule";
import type { WalletEntry } from "../src/ipc/generated/WalletEntry";
import { readDifferenceFilter, readPurchaseFilter, readWalletFilter, walletPageArgs } from "../src/lib/credits_filter";
import { importPlace, runningBalances } from "../src/lib/ledger";
import { formatSigned } from "../src/lib/number";
import { readMatched, refusedPlace, ruleFor, ruleText, withRules } from "../src/lib/plan_rule";
import { parseUrlQuery, writeUrlQuery } from "../src/lib/url_query";

const entry = (credits: number): WalletEntry => ({ owner: "u", at: 1, kind: "grant", credits, cause: "pi_1", payment_id: "pi_1", note: null, ours: false });

describe("filters of the pages about credits", () => {
  it("come back from the URL the same", () => {
    const purchases = { status: "paid", coverage: "unmapped", plan: "Pack & more", q: "0012", sel: "pi_1" } as const;
    expect(readPurchaseFilter(parseUrlQuery(writeUrlQuery(purchases)))).toEqual(purchases);
    const wallets = { q: "user_", below: true, sort: "balance", asc: true } as const;
    expect(readWalletFilter(parseUrlQuery(writeUrlQuery(wallets)))).toEqual(wallets);
    const differences = { kind: "applied_twice", owner: "a+b@example.org" } as const;
    expect(readDifferenceFilter(parseUrlQuery(writeUrlQuery(differences)))).toEqual(differences);
  });

  it("leave out what cannot be meant", () => {
    expect(readPurchaseFilter({ status: "flown", coverage: "drop table", q: "  ", plan: "" })).toEqual({});
    expect(readWalletFilter({ sort: "owner", asc: "1", below: "maybe" })).toEqual({});
    expect(readDifferenceFilter({ kind: "nonsense", owner: " " })).toEqual({});
  });

  it("ask for a search by owner, as the engine answers it", () => {
    expect(walletPageArgs({ q: "user_", sort: "balance" })).toEqual({ search: "user_", negative: false, sort: "owner", ascending: false });
  });
});

describe("a rule", () => {
  it("is the same in whatever order its fields come", () => {
    const form: PlanRule = { by: "price", value: "price_1", plan: "Pack", credits: 5 };
    const reply: PlanRule = { by: "price", credits: 5, plan: "Pack", value: "price_1" };
    expect(ruleText(form)).toBe(ruleText(reply));
    expect(ruleText({ ...form, credits: 6 })).not.toBe(ruleText(reply));
  });
});

describe("a ledger", () => {
  it("runs up to the wallet's own balance, whatever is older than the entries at hand", () => {
    expect(runningBalances([entry(500), entry(-200), entry(50)], 1350)).toEqual([1500, 1300, 1350]);
    expect(runningBalances([], 12)).toEqual([]);
  });

  it("tells a row of the shop from every other cause", () => {
    expect(importPlace("import:5:17")).toEqual({ batch: 5, line: 17 });
    for (const cause of ["local:3", "pi_import:5:17", "import:5", "import:5:17:1"]) expect(importPlace(cause)).toBeNull();
  });

  it("writes changes with their sign and grouping", () => {
    expect(formatSigned(12_500, "en")).toBe("+12,500");
    expect(formatSigned(-3, "en")).toBe("-3");
    expect(formatSigned(-0, "en")).toBe("0");
  });
});

describe("rules of a plan table", () => {
  it("are read from what the engine writes beside a purchase", () => {
    expect(readMatched("price price_1, product prod_2")).toEqual([{ by: "price", value: "price_1" }, { by: "product", value: "prod_2" }]);
    expect(readMatched("credits")).toEqual([{ by: "credits", value: "" }]);
    expect(readMatched("plan Gold, monthly")).toEqual([{ by: "plan", value: "Gold, monthly" }]);
    expect(readMatched("amount 900 eur")).toEqual([{ by: "amount", value: "900 eur" }]);
  });

  it("are found by the place that a refusal names", () => {
    expect(refusedPlace("rule 2 (price \"prod_1\"): a price id starts with price_")).toBe(1);
    expect(refusedPlace("the mirror cannot be written")).toBeNull();
  });

  it("are proposed by the surest thing a payment has", () => {
    const kind: PaymentKind = { items: [], plan: null, credits: null, amount_minor: 900, currency: "eur", payments: 1 };
    expect(ruleFor(kind, [])).toMatchObject({ by: "amount", value: "900 eur" });
    expect(ruleFor({ ...kind, credits: 5 }, [])).toMatchObject({ by: "credits", value: "" });
    expect(ruleFor({ ...kind, plan: "pro", credits: 5 }, [])).toMatchObject({ by: "plan", value: "pro" });
    expect(ruleFor({ ...kind, items: [{ price: null, product: "prod_1", lookup_key: "pro", quantity: 1 }] }, [])).toMatchObject({ by: "lookup_key", value: "pro" });
    // A line item that has its rule already is not proposed again: the other one is what keeps the payment unmapped.
    const items = ["price_pack", "price_lamp"].map((price) => ({ price, product: null, lookup_key: null, quantity: 1 }));
    expect(ruleFor({ ...kind, items }, [{ by: "price", value: "price_pack", plan: "p", credits: 1 }])).toMatchObject({ by: "price", value: "price_lamp" });
  });

  it("are replaced where they look at the same, and added where they do not", () => {
    const rule = (value: string, credits: number): PlanRule => ({ by: "price", value, plan: "p", credits });
    expect(withRules([rule("price_1", 1), rule("price_2", 2)], [rule("price_2", 9), rule("price_3", 3)])).toEqual([rule("price_1", 1), rule("price_2", 9), rule("price_3", 3)]);
  });
});
