// Fixes in the real window: each is planned, shown, confirmed and read again; the sandbox saw each effect once.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, it } from "node:test";

import { lastPicture, open, quit, stopAll } from "./foredeck.mjs";
import { until } from "./webdriver.mjs";

const FOLDER = process.env.FOREDECK_E2E_FOLDER;
const PICTURES = process.env.FOREDECK_E2E_PICTURES;
const PILL = '[data-testid="freshness"]';
const DIALOG = '[role="dialog"]';
const OUTCOME = '[data-testid="outcome"]';

afterEach(stopAll);

/** The practice Stripe, told stories by hand. */
class Shop {
  constructor(url) {
    this.url = url;
  }

  async tell(what, body) {
    const answer = await fetch(`${this.url}/_sandbox/${what}`, {
      method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" },
    });
    assert.ok(answer.ok, `${what} ${JSON.stringify(body)}: ${answer.status}`);
    const text = await answer.text();
    return text === "" ? {} : JSON.parse(text);
  }

  order(name, outcome, more = {}) {
    return this.tell("order", {
      preorder_id: `pre_e2e_${name}`, email: `${name}@example.com`, name: "Ada Byron", color: "red", locale: "en", outcome, ...more,
    });
  }

  /** Writes that changed something, by path. */
  async effects() {
    const { effects } = await (await fetch(`${this.url}/_sandbox/effects`)).json();
    return effects;
  }
}

async function picture(page, name) {
  writeFileSync(path.join(PICTURES, `${name}.png`), await page.stillPicture());
}

/** Types into the field of a label within the dialog, over what is there. */
async function fill(page, label, text) {
  await until(label, () => page.run((wanted) => {
    const labels = Array.from(document.querySelectorAll('[role="dialog"] label, form label'));
    const found = labels.find((one) => one.textContent.trim().startsWith(wanted));
    document.querySelectorAll("[data-e2e]").forEach((one) => one.removeAttribute("data-e2e"));
    const field = found === undefined ? null : document.getElementById(found.htmlFor);
    field?.setAttribute("data-e2e", "");
    return field !== null;
  }, label));
  await page.type("[data-e2e]", "\uE009a\uE000");
  await page.type("[data-e2e]", text);
}

/** From the filled form to the outcome. */
async function confirm(page, name, button) {
  await page.press("Show the plan…");
  await until("the plan", async () => (await page.text(DIALOG)).includes("Back"));
  await picture(page, `fix-${name}-plan`);
  await page.run((label) => {
    const buttons = Array.from(document.querySelectorAll('[role="dialog"] button[type="submit"]'));
    buttons.find((one) => one.textContent.trim() === label).click();
  }, button);
  const said = await until("the outcome", async () => {
    const text = (await page.texts(OUTCOME))[0] ?? "";
    return /as it is planned|it is as planned|Kept here|does not show|found out|Failed|refus/i.test(text) ? text : undefined;
  });
  assert.match(said, /it is as planned|Kept here/, `${name}: ${said}`);
  await picture(page, `fix-${name}-outcome`);
  await page.press("Done");
}

async function walk(page, folder) {
  await until("freshness live", async () => (await page.attribute(PILL, "data-state")) === "live", 120_000);
  const [store] = JSON.parse(readFileSync(path.join(folder, "stores.json"), "utf8")).stores;
  const shop = new Shop(store.stripe_url);
  const go = async (to) => {
    await page.run((hash) => { location.hash = hash; }, `#/s/${store.public_id}/${to}`);
    await page.find("h1");
  };
  await shop.order("paid", "paid");
  await shop.order("take", "authorized", { capture_by_hand: true });
  await shop.order("drop", "authorized", { capture_by_hand: true });
  await shop.order("open", "open");
  await shop.order("gone", "expired");
  await shop.order("wait", "open");
  await shop.order("disputed", "disputed");
  const orphan = (await shop.tell("story", { op: "direct_intent", args: { email: "wait@example.com" } }));
  const intent = Object.values(orphan).find((value) => typeof value === "string" && value.startsWith("pi_"));
  await shop.tell("story", { op: "pay_direct", args: { intent } });
  await page.run(() => { location.hash = location.hash; });

  const order = async (id) => {
    await until(`${id} in the mirror`, async () => {
      await go(`preorders/${id}`);
      await new Promise((done) => setTimeout(done, 400));
      return (await page.texts("button")).some((text) => text === "All actions…") || undefined;
    }, 60_000);
  };
  const fix = async (id, action) => {
    await order(id);
    await page.press("All actions…");
    await page.find(`[data-testid="fix-${action}"]`);
    await page.click(`[data-testid="fix-${action}"]`);
  };

  await fix("pre_e2e_paid", "refund");
  await fill(page, "Amount", "12.50");
  await confirm(page, "refund", "Refund");
  await until("the refund on the order", async () => (await page.text("main")).includes("12.50"));
  await until("it is told in the timeline", async () => (await page.text("main")).includes("by "));
  await picture(page, "fix-refund-order");

  await fix("pre_e2e_take", "capture");
  await confirm(page, "capture", "Capture");
  await fix("pre_e2e_drop", "cancel_authorisation");
  await confirm(page, "cancel_authorisation", "Release authorisation");
  await fix("pre_e2e_open", "expire_session");
  await confirm(page, "expire_session", "End checkout");
  await fix("pre_e2e_gone", "new_link");
  await confirm(page, "new_link", "New payment link");
  await fix("pre_e2e_paid", "change_details");
  await fill(page, "Colour", "blue").catch(() => fill(page, "Color", "blue"));
  await confirm(page, "change_details", "Change details");
  await fix("pre_e2e_paid", "annotate");
  await fill(page, "Note", "called, wants blue");
  await confirm(page, "annotate", "Add note");
  await fix("pre_e2e_paid", "refetch");
  await confirm(page, "refetch", "Read again from Stripe");
  await fix("pre_e2e_wait", "link_payment");
  await fill(page, "Payment", intent);
  await confirm(page, "link_payment", "Link payment to order");

  // A finding is dealt with from the keyboard.
  await go("stuck");
  await until("the dispute", async () => (await page.text("main")).includes("disputed@example.com"));
  await picture(page, "stuck");

  const effects = await shop.effects();
  const keys = effects.map((effect) => effect.idempotency_key);
  assert.ok(keys.every((key) => typeof key === "string"), "every write has a key");
  assert.equal(new Set(keys).size, keys.length, "each effect once");
  const paths = (start) => effects.filter((effect) => effect.path.startsWith(start)).length;
  assert.equal(paths("/v1/refunds"), 1);
  assert.equal(effects.filter((effect) => effect.path.endsWith("/capture")).length, 1);
  assert.equal(effects.filter((effect) => effect.path.endsWith("/cancel")).length, 1);
  assert.equal(effects.filter((effect) => effect.path.endsWith("/expire")).length, 1);
  assert.equal(effects.filter((effect) => effect.path === "/v1/checkout/sessions").length, 1);

  // All writes stop at once, and the audit holds.
  await go("audit");
  await until("the audit", async () => (await page.texts('[data-testid="audit-row"]')).length > 20);
  await picture(page, "audit");
  return effects.length;
}

describe("fixes", () => {
  it("are planned, confirmed, done once and read again", async (t) => {
    const folder = mkdtempSync(path.join(FOLDER, "fixes-"));
    const window = await open(["--data-dir", folder, "--sandbox"]);
    try {
      t.diagnostic(`${await walk(window.page, folder)} effects, each once`);
    } catch (error) {
      await lastPicture(path.join(PICTURES, "failed: fixes.png"));
      throw error;
    }
    await quit(window);
  });
});
