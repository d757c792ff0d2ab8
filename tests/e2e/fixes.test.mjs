// Fixes in the real window: each is planned, shown, confirmed and read again; the sandbox saw each effect once.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, it } from "node:test";

import { lastPicture, open, picture, quit, start, stop, stopAll } from "./foredeck.mjs";
import { until } from "./webdriver.mjs";

const FOLDER = process.env.FOREDECK_E2E_FOLDER;
const PICTURES = process.env.FOREDECK_E2E_PICTURES;
const PILL = '[data-testid="freshness"]';
const DIALOG = '[role="dialog"]';
const SANDBOX = process.env.FOREDECK_SANDBOX;
const EMAIL = "grace.e2e@example.com";
const KEY = `rk_test_${"e2e".padEnd(32, "0")}`;
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
  await page.pressLast('[role="dialog"] button[type="submit"]', button);
  const said = await until("the outcome", async () => {
    const text = (await page.texts(OUTCOME))[0] ?? "";
    return /as it is planned|it is as planned|Kept here|does not show|found out|Failed|refus/i.test(text) ? text : undefined;
  });
  assert.match(said, /it is as planned|Kept here/, `${name}: ${said}`);
  await picture(page, `fix-${name}-outcome`);
  await page.press("Done");
}

/** Takes an order for a customer, and follows it until it is paid. */
async function takeOrder(page, shop, go) {
  await go("new-preorder");
  await fill(page, "E-mail", EMAIL);
  await fill(page, "Name", "Grace Murray");
  await fill(page, "Colour", "red");
  await fill(page, "Locale", "en");
  // Whichever price comes first.
  await page.click('input[placeholder="Choose what is bought"]');
  await page.choose('input[placeholder="Choose what is bought"]', "");
  await picture(page, "preorder-form");
  await page.press("Show the plan…");
  await until("the plan", async () => (await page.texts("main button")).includes("Back"));
  await picture(page, "preorder-plan");
  await page.click('main form button[type="submit"]');
  const link = await until("the link", async () => (await page.run(() => document.querySelector('[data-testid="outcome"] code[title^="http"]')?.title)) ?? undefined);
  await until("it was read again", async () => (await page.texts(OUTCOME)).some((text) => text.includes("it is as planned")));
  await picture(page, "preorder-link");
  const session = (await shop.effects()).findLast((effect) => effect.path === "/v1/checkout/sessions").object;
  assert.ok(link.includes(session), `${link} leads to ${session}`);
  await page.press("Done");
  await page.find('[data-testid="preorder-row"]');
  await page.type('[data-search="jump"]', EMAIL);
  await until("the order in the search", async () => (await page.texts('[role="option"]')).some((hit) => hit.includes(EMAIL)), 30_000);
  await page.type('[data-search="jump"]', "\uE007");
  await until("it is being processed", async () => (await page.text("h1")).includes("Processing"), 30_000);
  await shop.tell("story", { op: "pay", args: { session } });
  await until("it is paid", async () => (await page.text("h1")).includes("Paid"), 30_000);
  await picture(page, "preorder-paid");
}

/** Snoozes, dismisses and resolves a finding each, with keys alone. */
async function sayOfFindings(page, go) {
  const inHand = () => page.run(() => document.querySelector('[data-testid="finding-row"][aria-selected="true"]')?.dataset.id ?? null);
  const press = (keys) => page.type('[data-grid="findings"]', keys);
  const said = [];
  const say = async (key, state, fillIn) => {
    await page.find('[data-grid="findings"]');
    // Down and up again: the first row is in hand.
    await press("jjk");
    const id = await until("a finding in hand", async () => (await inHand()) ?? undefined);
    await press(key);
    await page.find(DIALOG);
    await fillIn();
    await until(`${id} leaves the list`, () => page.run((one) => document.querySelector(`[data-testid="finding-row"][data-id="${one}"]`) === null, id));
    said.push({ state, id });
  };
  const note = (text) => async () => {
    await page.type(`${DIALOG} textarea`, text);
    await page.type(`${DIALOG} textarea`, "\uE009\uE007");
  };
  await say("s", "snoozed", () => page.type(`${DIALOG} button[data-autofocus]`, "1"));
  await say("d", "dismissed", note("the customer knows"));
  await say("r", "resolved", note("called them"));
  for (const { state, id } of said) {
    await go(`stuck?state=${state}`);
    await until(`${id} is ${state}`, () => page.run((one) => document.querySelector(`[data-testid="finding-row"][data-id="${one}"]`) !== null, id));
  }
  await picture(page, "stuck-resolved");
}

async function walk(page, folder) {
  await until("freshness live", async () => (await page.attribute(PILL, "data-state")) === "live", 120_000);
  const [store] = JSON.parse(readFileSync(path.join(folder, "stores.json"), "utf8")).stores;
  const shop = new Shop(store.stripe_url);
  const go = (to) => page.go(`#/s/${store.public_id}/${to}`);
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

  // Support takes an order: form, plan, link. Its customer pays, and the poll tells.
  await takeOrder(page, shop, go);

  // Findings are dealt with from the keyboard.
  await go("stuck");
  await until("the dispute", async () => (await page.text("main")).includes("disputed@example.com"));
  await picture(page, "stuck");
  await sayOfFindings(page, go);

  const effects = await shop.effects();
  const keys = effects.map((effect) => effect.idempotency_key);
  assert.ok(keys.every((key) => typeof key === "string"), "every write has a key");
  assert.equal(new Set(keys).size, keys.length, "each effect once");
  const paths = (start) => effects.filter((effect) => effect.path.startsWith(start)).length;
  assert.equal(paths("/v1/refunds"), 1);
  assert.equal(effects.filter((effect) => effect.path.endsWith("/capture")).length, 1);
  assert.equal(effects.filter((effect) => effect.path.endsWith("/cancel")).length, 1);
  assert.equal(effects.filter((effect) => effect.path.endsWith("/expire")).length, 1);
  assert.equal(effects.filter((effect) => effect.path === "/v1/checkout/sessions").length, 2);

  // All writes stop at once, and the audit holds.
  await go("audit");
  await until("the audit", async () => (await page.texts('[data-testid="audit-row"]')).length > 20);
  await picture(page, "audit");
  return effects.length;
}

/** A practice Stripe in which an order's events were not taken, long enough ago that they count as not delivered. */
async function shopWithUndelivered() {
  const ago = 1200;
  const now = Math.floor(Date.now() / 1000);
  const sandbox = start(SANDBOX, ["--port", "0", "--virtual", String(now - ago), "--restricted", `${KEY}:`]);
  const url = await until("the sandbox", () => /^listening on (\S+)/m.exec(readFileSync(sandbox.output, "utf8"))?.[1] ?? undefined);
  const shop = new Shop(url);
  const { made: endpoint } = await shop.tell("story", { op: "new_endpoint", args: { url: "https://shop.example.com/hooks/late" } });
  await shop.tell("story", { op: "set_endpoint_health", args: { endpoint, health: "failing" } });
  await shop.order("late", "paid");
  await shop.tell("advance", { seconds: ago - 30 });
  await shop.tell("story", { op: "set_endpoint_health", args: { endpoint, health: "healthy" } });
  return { sandbox, shop, endpoint };
}

/** Switches resending on, and has one event delivered again. */
async function resend(page, folder, shop, endpoint) {
  await page.type('form input[maxlength="60"]', "Late shop");
  await page.type('form input[name="stripe-key"]', KEY);
  await page.click('form button[type="submit"]');
  await until("freshness live", async () => (await page.attribute(PILL, "data-state")) === "live", 120_000);
  const [store] = JSON.parse(readFileSync(path.join(folder, "stores.json"), "utf8")).stores;
  const go = (to) => page.go(`#/s/${store.public_id}/${to}`);
  const ask = async () => {
    await go("health");
    await page.click('button[aria-label^="Resend evt_"]', 90_000);
    await page.click('[data-testid="fix-resend_event"]');
  };

  // Off until somebody wants it: Stripe does not document it.
  await ask();
  await until("it says so", async () => /Resending is switched off\s*Switch it on under Safety in Settings\./.test(await page.text(DIALOG)));
  assert.ok(await page.run(() => document.querySelector('[role="dialog"] button[type="submit"]')?.disabled));
  await picture(page, "resend-off");
  await page.press("Cancel");
  await go("settings");
  await page.pressLast('#safety [role="switch"]');
  await page.press("Save safety");
  await until("it is saved", async () => (await page.source()).includes("Safety saved."));

  await ask();
  await page.click('[role="dialog"] input[placeholder="Choose an endpoint"]');
  await page.choose('[role="dialog"] input[placeholder="Choose an endpoint"]', "/hooks/late");
  const event = await page.run(() => Array.from(document.querySelectorAll('[role="dialog"] input')).map((one) => one.value).find((text) => text.startsWith("evt_")));
  await page.press("Show the plan…");
  await until("the plan", async () => (await page.text(DIALOG)).includes("Back"));
  assert.match(await page.text(DIALOG), /undocumented|not document/i);
  await picture(page, "resend-plan");
  await page.pressLast('[role="dialog"] button[type="submit"]');
  await until("it was sent", async () => (await page.texts(OUTCOME)).some((text) => text.startsWith("Succeeded") || text.includes("Done")));
  await picture(page, "resend-outcome");
  const effects = await shop.effects();
  assert.deepEqual(effects.map((effect) => effect.path), [`/v1/events/${event}/retry`], "one delivery, asked for once");
  assert.ok(JSON.stringify(effects[0]).includes(endpoint), "of the endpoint that was chosen");
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

  it("ask Stripe to deliver an event again only where that was switched on", async () => {
    const folder = mkdtempSync(path.join(FOLDER, "resend-"));
    const { sandbox, shop, endpoint } = await shopWithUndelivered();
    // What the desktop is asked to show, whether or not something is there that shows it.
    const desktop = start("dbus-monitor", ["--session", "interface='org.freedesktop.Notifications',member='Notify'"]);
    const window = await open(["--data-dir", folder], { FOREDECK_STRIPE_URL: shop.url });
    try {
      await resend(window.page, folder, shop, endpoint);
      await until("a notification", () => /"Late shop: \d+ new findings?"/.test(readFileSync(desktop.output, "utf8")), 10_000);
      assert.ok(!readFileSync(desktop.output, "utf8").includes("late@example.com"), "a desktop may be seen by others");
    } catch (error) {
      await lastPicture(path.join(PICTURES, "failed: resend.png"));
      throw error;
    }
    await quit(window);
    await stop(desktop);
    await stop(sandbox);
  });
});
