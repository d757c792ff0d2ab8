// Credits in the real window: a plan is edited and its difference seen, the shop's rows are imported, and a double grant is opened
// down to its two events and taken back.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, it } from "node:test";

import { lastPicture, open, picture, quit, stopAll } from "./foredeck.mjs";
import { until } from "./webdriver.mjs";

const FOLDER = process.env.FOREDECK_E2E_FOLDER;
const PICTURES = process.env.FOREDECK_E2E_PICTURES;
const PILL = '[data-testid="freshness"]';
const DIALOG = '[role="dialog"]';

afterEach(stopAll);

const number = (text) => Number(text.replace(/[^\d-]/g, ""));

/** The shop's purchases as its back office has them, with one payment that two events were taken for. */
async function booksWithADoubleGrant(stripe) {
  for (let seed = 1; seed < 200; seed += 1) {
    const read = async (name) => {
      const answer = await fetch(`${stripe}/_sandbox/books/${name}?faults=${seed}`);
      assert.ok(answer.ok, `${name}: ${answer.status}`);
      return answer.text();
    };
    const planted = (await read("planted.jsonl")).trim().split("\n").map((line) => JSON.parse(line));
    const double = planted.find((fault) => fault.fault === "applied_twice" && fault.variant === "two_events");
    if (double !== undefined) {
      // Amounts are in minor units, which a column named so says.
      const purchases = (await read("purchases.csv")).replace(/^(.*,)amount,/, "$1amount_minor,");
      return { double, purchases };
    }
  }
  throw new Error("no seed plants a double grant by two events");
}

async function walk(page, folder) {
  await until("freshness live", async () => (await page.attribute(PILL, "data-state")) === "live", 120_000);
  const [store] = JSON.parse(readFileSync(path.join(folder, "stores.json"), "utf8")).stores;
  const go = (to) => page.go(`#/s/${store.public_id}/${to}`);

  // The plan table, from the account's prices.
  await go("settings");
  await page.press("Fill from products and prices…");
  await page.press("Add 12 rules");
  await page.press("Show what changes…");
  await page.find(DIALOG);
  await until("the difference", async () => (await page.text(DIALOG)).includes("Credits of all payments"));
  assert.ok((await page.texts(`${DIALOG} tbody tr`)).length > 0, "payments buy something else");
  await picture(page, "plans-preview");
  await page.press("Save the plan table");
  await until("the rules", async () => (await page.texts('[data-testid="plan-rule"]')).length === 12);

  // An edit shows what it would do before it is made.
  const first = await until("a rule that covers payments", () => page.run(() => {
    const used = Array.from(document.querySelectorAll('[data-testid="plan-rule"]')).find((row) => Number(row.cells[4].textContent) > 0);
    return used?.querySelector("button").getAttribute("aria-label") ?? false;
  }));
  await page.press(first);
  // Control and A selects what is there; then the number goes over it.
  await page.type('input[name="credits"]', "\uE009a\uE000");
  await page.type('input[name="credits"]', "77");
  await page.press("Keep");
  await page.press("Show what changes…");
  await until("the difference of one rule", async () => (await page.text(DIALOG)).includes("77 credits"));
  await picture(page, "plans-edit");
  await page.press("Cancel");
  await page.press("Discard");

  // The shop's own purchases.
  const { double, purchases } = await booksWithADoubleGrant(store.stripe_url);
  const file = path.join(folder, "purchases.csv");
  writeFileSync(file, purchases);
  await go("imports?kind=purchases");
  await page.type('input[name="import-file"]', file);
  await page.press("Look at it");
  await page.find('[data-testid="field-payment_intent"]');
  await page.press("Check the file");
  const fresh = await until("new rows", async () => number((await page.texts('[data-testid="import-new"]'))[0] ?? "0") || undefined);
  assert.equal(fresh, purchases.trim().split("\n").length - 1);
  await picture(page, "imports");
  await page.press(`Import ${fresh.toLocaleString("en")} rows`);
  await page.find('[data-testid="import-batch"]');

  // What does not add up, and why.
  await go("reconciliation");
  await page.click('[data-testid="kind-applied_twice"]');
  await until("the double grant", async () => (await page.texts('[data-testid="difference-row"]')).some((row) => row.includes(double.payment_intent)));
  await picture(page, "reconciliation");
  await page.pressLast(`[data-testid="difference-row"] a[title="${double.payment_intent}"]`);
  await page.find('[data-testid="applied-twice"]');
  const claims = await page.texts('[data-testid="claim"][data-by="row"]');
  assert.equal(claims.length, 2, "two rows of the shop");
  const events = await page.run(() => Array.from(
    document.querySelectorAll('[data-testid="applied-twice"] button[aria-expanded]'), (one) => one.textContent.trim()));
  assert.equal(new Set(events).size, 2, `two events: ${events}`);
  await page.pressLast('[data-testid="applied-twice"] button[aria-expanded]');
  await until("the stored event", async () => (await page.text('[data-testid="applied-twice"]')).includes('"object": "event"'));
  await picture(page, "double-grant");

  // What was granted once too often is taken back, by a plan; the second time there is nothing left to take.
  await page.press("Take credits back…");
  await page.find('[data-testid="fix-reverse_grant"]');
  const filled = await page.run(() => Array.from(document.querySelectorAll('[role="dialog"] input'), (one) => one.value));
  assert.equal(filled[1], double.payment_intent);
  assert.ok(number(filled[2]) > 0, "what to take back is filled in");
  await page.press("Show the plan…");
  await until("the plan", async () => (await page.text(DIALOG)).includes("Back"));
  await picture(page, "take-back-plan");
  await page.pressLast('[role="dialog"] button[type="submit"]');
  await until("it is done", async () => (await page.texts('[data-testid="outcome"]')).some((text) => text.includes("Kept here")));
  await picture(page, "take-back-outcome");
  await page.press("Done");
  await go(`wallets/${encodeURIComponent(filled[0])}`);
  await until("it stands in the wallet's ledger", async () => (await page.text("main")).includes(`${double.payment_intent} was granted twice`));
  await picture(page, "take-back-wallet");
  await go(`purchases/${double.payment_intent}`);
  await page.press("Take credits back…");
  await page.find('[data-testid="fix-reverse_grant"]');
  await page.press("Show the plan…");
  await until("it is refused", async () => (await page.text(DIALOG)).includes("ALREADY_REVERSED"));
  return events;
}

describe("credits", () => {
  it("are followed from the plan table to the two events of a double grant, which is taken back once", async (t) => {
    const folder = mkdtempSync(path.join(FOLDER, "credits-"));
    const window = await open(["--data-dir", folder, "--sandbox"]);
    try {
      t.diagnostic(`one payment, taken for two by ${(await walk(window.page, folder)).join(" and ")}`);
    } catch (error) {
      await lastPicture(path.join(PICTURES, "failed: credits.png"));
      throw error;
    }
    await quit(window);
  });
});
