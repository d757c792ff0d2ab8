// The real window, walked through as a person would: `tests/e2e/run.sh` starts what it needs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import path from "node:path";
import { afterEach, describe, it } from "node:test";

import { APP, filesBelow, filesWith, lastPicture, memory, open, outputs, quit, start, stop, stopAll } from "./foredeck.mjs";
import { until } from "./webdriver.mjs";

const FOLDER = process.env.FOREDECK_E2E_FOLDER;
const PICTURES = process.env.FOREDECK_E2E_PICTURES;
const SANDBOX = process.env.FOREDECK_SANDBOX;
const EMAIL = "marit.e2e+first@example.com";
const PILL = '[data-testid="freshness"]';
const FIGURE = '[data-testid="figure"] [class*="figureValue"]';

const newFolder = (name) => mkdtempSync(path.join(FOLDER, `${name}-`));
const stores = (folder) => JSON.parse(readFileSync(path.join(folder, "stores.json"), "utf8")).stores;
const number = (text) => Number(text.replace(/\D/g, ""));
const toPage = (page, name) => page.click(`[data-testid="nav-${name}"]`);
const pillState = (page, state, withinMs = 60_000) =>
  until(`freshness ${state}`, async () => (await page.attribute(PILL, "data-state")) === state, withinMs);

afterEach(stopAll);

/** A test that leaves a picture of what it saw last when it fails. */
function step(name, work) {
  it(name, async (t) => {
    try {
      await work(t);
    } catch (error) {
      await lastPicture(path.join(PICTURES, `failed: ${name.replace(/\W+/g, " ")}.png`));
      throw error;
    }
  });
}

async function placeOrder(stripe, order) {
  const answer = await fetch(`${stripe}/_sandbox/order`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(order),
  });
  assert.ok(answer.ok, await answer.text());
}

/** Finds an order by the start of its e-mail, opens it and reads its timeline. */
async function readTimeline(page, email) {
  await page.type('[data-search="jump"]', email.slice(0, -4));
  await until("the order in the search", async () => (await page.texts('[role="option"]')).some((hit) => hit.includes(email)));
  await page.type('[data-search="jump"]', "\uE007");
  await page.find('[data-testid="timeline-entry"]');
  assert.match(await page.text("h1"), new RegExp(email.replace(/[+.]/g, "\\$&")));
  return page.texts('[data-testid="timeline-entry"]');
}

/** Takes a picture of every page, in both themes and languages. */
async function takePictures(page, store) {
  const preorder = await page.run(() => location.hash);
  for (const theme of ["light", "dark"]) {
    for (const language of ["en", "zh-CN"]) {
      await page.run((chosen, spoken) => {
        localStorage.setItem("foredeck-theme", chosen);
        localStorage.setItem("foredeck-language", spoken);
      }, theme, language);
      await page.reload();
      for (const name of ["overview", "funnel", "preorders", "preorder", "purchases", "wallets", "reconciliation", "imports", "health", "settings", "welcome"]) {
        const hash = name === "preorder" ? preorder : name === "welcome" ? "#/welcome" : `#/s/${store}/${name}`;
        await page.go(hash);
        await until(`${name} is read`, () => page.run(() => document.querySelector("main [aria-busy=true]") === null));
        writeFileSync(path.join(PICTURES, `${name}-${theme}-${language}.png`), await page.stillPicture());
      }
    }
  }
}

describe("the window", () => {
  const folder = newFolder("practice");
  let entries;

  step("shows live preorders on the practice store", async (t) => {
    const window = await open(["--data-dir", folder, "--sandbox"]);
    const { page } = window;
    await page.find(FIGURE);
    t.diagnostic(`a new practice store is on screen after ${Math.round(performance.now() - window.began)} ms`);
    await pillState(page, "live");
    t.diagnostic(`it is live after ${Math.round(performance.now() - window.began)} ms`);
    const [store] = stores(folder);

    const before = number(await page.text(FIGURE));
    const placed = performance.now();
    await placeOrder(store.stripe_url, { email: EMAIL, outcome: "paid", color: "sand" });
    await until("the new order on Overview", async () => (await page.texts("main table")).some((table) => table.includes(EMAIL)), 30_000);
    t.diagnostic(`a new order is on screen after ${Math.round(performance.now() - placed)} ms`);
    await until("a larger count of today", async () => number(await page.text(FIGURE)) > before);

    await toPage(page, "funnel");
    const started = number(await page.text('[data-testid="funnel-total-started"]'));
    const paid = number(await page.text('[data-testid="funnel-total-paid"]'));
    assert.ok(started >= paid && paid > 0, `${started} started, ${paid} paid`);

    await toPage(page, "preorders");
    await page.find('[data-testid="preorder-row"]');
    await readTimeline(page, EMAIL);
    // Stripe shows a checkout at once, and its events within seconds.
    entries = await until("the order's events", async () => {
      const shown = await page.texts('[data-testid="timeline-entry"]');
      return shown.length >= 3 ? shown : undefined;
    }, 30_000);
    t.diagnostic(`memory, MiB: ${JSON.stringify(memory(window.pid))}`);

    await takePictures(page, store.public_id);

    const second = start(APP, ["--data-dir", folder, "--sandbox"]);
    const [code] = await once(second, "exit");
    assert.equal(code, 0, "a second start hands over to the first and ends");
    t.diagnostic(`closed within ${await quit(window)} ms`);
  });

  step("reads on when Stripe is away, and says so", async (t) => {
    const window = await open(["--data-dir", folder, "--no-sandbox"]);
    const { page } = window;
    await page.find(FIGURE);
    t.diagnostic(`the mirror is on screen after ${Math.round(performance.now() - window.began)} ms`);
    await pillState(page, "offline");
    assert.notEqual(await page.attribute(PILL, "data-tone"), "fresh");
    assert.ok((await readTimeline(page, EMAIL)).length >= entries.length);
    await quit(window);
  });

  step("goes on with the same world after a restart", async () => {
    const window = await open(["--data-dir", folder]);
    await pillState(window.page, "live");
    assert.ok((await readTimeline(window.page, EMAIL)).length >= entries.length);
    await quit(window);
  });

  step("opens a copied mirror file read-only, without key and network", async () => {
    const mirror = readdirSync(folder).find((name) => name.endsWith(".mirror"));
    const elsewhere = newFolder("elsewhere");
    const copy = path.join(elsewhere, "colleague.mirror");
    copyFileSync(path.join(folder, mirror), copy);
    const before = readFileSync(copy);
    const empty = path.join(elsewhere, "data");
    const window = await open(["--data-dir", empty, "--file", copy], { FOREDECK_KEYCHAIN: "off" });
    await pillState(window.page, "read_only");
    assert.ok((await readTimeline(window.page, EMAIL)).length >= 3);
    assert.ok(readFileSync(copy).equals(before), "the copy is not touched");
    assert.ok(!existsSync(path.join(empty, "stores.json")), "and no store is made");
    await quit(window);
  });

  step("says what is wrong with a file that is no mirror, and goes on", async () => {
    const elsewhere = newFolder("no-mirror");
    const file = path.join(elsewhere, "notes.mirror");
    writeFileSync(file, "not a mirror at all");
    const window = await open(["--data-dir", path.join(elsewhere, "data"), "--file", file]);
    assert.match(await window.page.text('[role="alert"]'), /NOT_A_MIRROR/);
    await quit(window);
  });

  step("opens and says so where the data folder cannot be used", async () => {
    const elsewhere = newFolder("no-folder");
    writeFileSync(path.join(elsewhere, "file"), "");
    const window = await open(["--data-dir", path.join(elsewhere, "file", "data")]);
    assert.match(await window.page.text('[role="alert"]'), /DATA_FOLDER/);
    await quit(window);
  });

  step("opens and says so without a keychain", async () => {
    const window = await open(["--data-dir", newFolder("no-keychain")], { FOREDECK_KEYCHAIN: "off" });
    await until("a word about the keychain", async () => (await window.page.source()).includes("keychain is switched off"));
    await quit(window);
  });

  step("keeps a pasted key in the keychain and nowhere else", async () => {
    const data = newFolder("keyed");
    const key = `rk_test_marked${"0123456789".repeat(4)}`;
    const sandbox = start(SANDBOX, ["--port", "0", "--orders", "60", "--days", "5", "--restricted", `${key}:`]);
    const stripe = await until("the sandbox", () => /^listening on (\S+)/m.exec(readFileSync(sandbox.output, "utf8"))?.[1] ?? undefined);
    const window = await open(["--data-dir", data], { FOREDECK_STRIPE_URL: stripe });
    const { page } = window;
    await page.type('form input[maxlength="60"]', "Keyed shop");
    await page.type('form input[name="stripe-key"]', key);
    await page.click('form button[type="submit"]');
    await pillState(page, "live");
    await toPage(page, "settings");
    await page.find("h1");
    const seen = await page.source();
    const kept = await page.run(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href);
    await quit(window);

    const [store] = stores(data);
    const entry = ["lookup", "service", "com.foredeck.console", "username", `stripe:${store.public_id}:${stripe}`];
    assert.equal(execFileSync("secret-tool", entry, { encoding: "utf8", timeout: 10_000 }), key, "the keychain has it");
    assert.ok(!seen.includes(key) && !kept.includes(key), "the page does not");
    assert.deepEqual(filesWith(filesBelow(data), key), [], "the data folder and its logs do not");
    assert.deepEqual(filesWith(outputs, key), [], "and nothing printed it");

    const again = await open(["--data-dir", data]);
    await pillState(again.page, "live");
    await quit(again);

    const without = await open(["--data-dir", data], { FOREDECK_KEYCHAIN: "off" });
    await pillState(without.page, "no_key");
    assert.match(await without.page.text('[data-tone="amber"][role="status"]'), /has no key.*keychain/s, "and without it the mirror is read");
    await quit(without);
    await stop(sandbox);
  });
});
