// Klaviyo in the real window: a key is tested before it is kept, and after each step the keychain and the mirror hold what they should.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, it } from "node:test";

import { APP, filesBelow, filesWith, lastPicture, open, outputs, picture, quit, readMirror, start, stop, stopAll } from "./foredeck.mjs";
import { until } from "./webdriver.mjs";

const FOLDER = process.env.FOREDECK_E2E_FOLDER;
const PICTURES = process.env.FOREDECK_E2E_PICTURES;
const SANDBOX = process.env.FOREDECK_SANDBOX;
const PILL = '[data-testid="freshness"]';
const STATE = '[data-testid="klaviyo-state"]';
const FIELD = 'input[name="klaviyo-key"]';
const DIALOG = '[role="dialog"]';
const OVER = "\uE009a\uE000";

/** Keys of no account but the practice one's. */
const key = (name) => `pk_${name.padEnd(34, "0")}`;
const [FULL, NEXT, NARROW, WRONG] = ["e2efull", "e2enext", "e2enarrow", "e2ewrong"].map(key);

afterEach(stopAll);

/** What the keychain has for a store and a server; null where it has nothing. */
function keychain(store, url) {
  const entry = ["lookup", "service", "com.foredeck.console", "username", `klaviyo:${store}:${url}`];
  const found = spawnSync("secret-tool", entry, { encoding: "utf8", timeout: 10_000 });
  return found.stdout === "" ? null : found.stdout;
}

/** What the mirror file holds of Klaviyo, read past the program. */
function mirror(folder) {
  return readMirror(folder, `{
  "connection": rows("SELECT status, public_id, metric_id, do_not_order_sync FROM klaviyo_connection"),
  "syncs": rows("SELECT kinds, reason, state FROM report_sync ORDER BY seq"),
  "waits": rows("SELECT endpoint FROM klaviyo_wait"),
  "audit": [row[0] for row in rows("SELECT event FROM audit WHERE event LIKE 'klaviyo%' ORDER BY seq")],
  "preorders": rows("SELECT count(*) FROM preorder")[0][0],
}`);
}

/** What another process is told of the connection, which finds the key by itself. */
function status(folder, store) {
  const line = ["--data-dir", folder, "--store", store, "--json", "klaviyo", "status"];
  return JSON.parse(execFileSync(path.join(path.dirname(APP), "foredeckctl"), line, { encoding: "utf8", timeout: 20_000 }));
}

const stateIs = (page, wanted) => until(`Klaviyo is ${wanted}`, async () => (await page.attribute(STATE, "data-status")) === wanted);
const alertSays = (page, code) => until(`${code} is said`, async () => (await page.texts('main [role="alert"]')).find((text) => text.includes(code)));
const fieldIsEmpty = async (page) => assert.equal(await page.run((css) => document.querySelector(css).value, FIELD), "", "the key left its field");

async function walk(page, folder, klaviyo) {
  await until("freshness live", async () => (await page.attribute(PILL, "data-state")) === "live", 120_000);
  const [{ public_id: store }] = JSON.parse(readFileSync(path.join(folder, "stores.json"), "utf8")).stores;
  const kept = () => ({ key: keychain(store, klaviyo), ...mirror(folder) });
  const nothing = (when) => {
    const { key: found, connection, syncs, waits } = kept();
    assert.deepEqual({ found, connection, syncs, waits }, { found: null, connection: [], syncs: [], waits: [] }, when);
  };
  await page.click('[data-testid="nav-klaviyo"]');
  await stateIs(page, "not_configured");
  nothing("before anything is done");

  // What is no key is said as it is typed; what is one, but of nobody, by Klaviyo.
  await page.type(FIELD, "SbXk7Q");
  await until("a word about the public id", async () => (await page.text("main form")).includes("This is the public id"));
  await page.type(FIELD, OVER);
  await page.type(FIELD, WRONG);
  await page.press("Test key");
  assert.match(await alertSays(page, "KLAVIYO_KEY_REJECTED"), /Make a new private key/);
  await fieldIsEmpty(page);
  await picture(page, "klaviyo-wrong-key");
  nothing("after a wrong key");

  // A key that may not read metrics shows what it lacks, and connects nothing.
  await page.type(FIELD, NARROW);
  await page.press("Test key");
  await alertSays(page, "KLAVIYO_SCOPE_MISSING");
  const lacking = await page.run(() => Array.from(document.querySelectorAll('[data-testid="scope"][data-state="missing"]'), (row) => row.dataset.scope));
  assert.deepEqual(lacking, ["metrics:read", "lists:read"]);
  assert.ok(await page.run(() => document.querySelector('main form button[type="submit"]').disabled), "nobody connects with it");
  await picture(page, "klaviyo-narrow-key");
  nothing("after a narrow key");
  await page.press("Another key");

  // The right one: account, scopes, metrics in order, one suggested; another one is chosen.
  await page.type(FIELD, FULL);
  await page.press("Test key");
  const metrics = await until("the metrics", async () => {
    const rows = await page.texts('[data-testid="metric"]');
    return rows.length > 0 ? rows : undefined;
  });
  assert.match(metrics[0], /^Placed OrderShopifysuggested/);
  assert.ok((await page.text("main")).includes("Lanternfish Workshop"));
  nothing("after a test, which keeps nothing");
  await page.type('input[aria-label="Search metrics"]', "placed order api");
  await until("one metric", async () => (await page.texts('[data-testid="metric"]')).length === 1);
  await page.click('[data-testid="metric"] input');
  await until("what it means", async () => (await page.text('[data-testid="chosen-metric"]')).includes("does not sync orders"));
  assert.equal(await page.attribute('[data-testid="chosen-metric"] p', "title"), "do_not_order_sync: true");
  const chosen = await page.attribute('[data-testid="metric"]', "data-id");
  await picture(page, "klaviyo-metric");
  await page.press("Connect");
  await stateIs(page, "connected");
  assert.deepEqual({ ...kept(), preorders: undefined }, {
    key: FULL, connection: [["connected", "SbXk7Q", chosen, 1]], syncs: [["campaigns,flows,segments,forms", "connected", "queued"]], waits: [],
    audit: ["klaviyo_connected"], preorders: undefined,
  });
  const other = status(folder, store);
  assert.deepEqual([other.status, other.key_source, other.key_prefix, other.metric.id], ["connected", "keychain", FULL.slice(0, 7), chosen]);
  await picture(page, "klaviyo-connected");

  // The test page.
  await page.click('[data-testid="klaviyo-check"]');
  const checked = await page.text('[data-testid="klaviyo-checked"]');
  assert.match(checked, /asked 2026-07-15, answered 2026-07-15/);
  assert.match(checked, /lists?/);
  await page.run(() => document.querySelector('[data-testid="klaviyo-checked"]').scrollIntoView());
  await picture(page, "klaviyo-checked");

  // Another metric: what is counted by it is in the sync that waits already; one that was begun is followed by another.
  await page.click('[data-testid="klaviyo-change-metric"]');
  await page.find(`${DIALOG} [data-testid="metric"]`);
  await page.click(`${DIALOG} [data-testid="metric"] input`);
  await until("what is synced again", async () => (await page.text(DIALOG)).includes("synced again from the start"));
  await page.press("Change metric");
  await until("the metric in the mirror", () => kept().connection[0][3] === 0);
  const [first, ...more] = kept().syncs;
  assert.deepEqual(first, ["campaigns,flows,segments,forms", "connected", "queued"]);
  assert.ok(more.length === 0 || (more.length === 1 && more[0][0] === "campaigns,flows" && more[0][1] === "metric_changed"), JSON.stringify(more));

  // Another key of the same account takes the place of the first.
  await page.click('[data-testid="klaviyo-rotate"]');
  await page.type(FIELD, WRONG);
  await page.press("Check and set");
  await alertSays(page, "KLAVIYO_KEY_REJECTED");
  assert.equal(keychain(store, klaviyo), FULL, "a refused key takes nothing's place");
  await page.type(FIELD, NEXT);
  await page.press("Check and set");
  await until("the new key in the keychain", () => keychain(store, klaviyo) === NEXT);
  await stateIs(page, "connected");
  assert.equal(kept().connection.length, 1);

  // No key is anywhere but in the keychain.
  const [seen, page_kept] = [await page.source(), await page.run(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href)];
  for (const secret of [FULL, NEXT, NARROW, WRONG]) {
    assert.ok(!seen.includes(secret) && !page_kept.includes(secret), "the page has no key");
    assert.deepEqual(filesWith(filesBelow(folder), secret), [], "the data folder and its logs have none");
    assert.deepEqual(filesWith(outputs, secret), [], "and nothing printed one");
  }

  // Disconnecting says first what it clears, and asks for the account's id.
  await page.click('[data-testid="klaviyo-disconnect"]');
  const preview = await page.text('[data-testid="disconnect-preview"]');
  assert.match(preview, /[12] report syncs?/);
  await picture(page, "klaviyo-disconnect");
  assert.ok(await page.run(() => document.querySelector('[role="dialog"] button[type="submit"]').disabled));
  await page.type(`${DIALOG} input`, "SbXk7Q");
  const { preorders } = kept();
  await page.press("Disconnect");
  await stateIs(page, "not_configured");
  nothing("after disconnecting");
  const last = kept();
  assert.deepEqual(last.audit, ["klaviyo_connected", "klaviyo_metric_changed", "klaviyo_key_rotated", "klaviyo_disconnected"]);
  assert.ok(last.preorders >= preorders && preorders > 0, "every order is still there");
  assert.equal(status(folder, store).code, "DISCONNECTED");
  await picture(page, "klaviyo-disconnected");
}

describe("Klaviyo", () => {
  it("is connected, tested, given another metric and key, and disconnected; each step keeps what it should", async () => {
    const folder = mkdtempSync(path.join(FOLDER, "klaviyo-"));
    const sandbox = start(SANDBOX, [
      "--port", "0", "--klaviyo", "0", "--klaviyo-key", `${FULL}:`, "--klaviyo-key", `${NEXT}:`, "--klaviyo-key", `${NARROW}:metrics:read,lists:read`,
    ]);
    const klaviyo = await until("the practice Klaviyo", () => /^klaviyo listening on (\S+)/m.exec(readFileSync(sandbox.output, "utf8"))?.[1] ?? undefined);
    const window = await open(["--data-dir", folder, "--sandbox"], { FOREDECK_KLAVIYO_URL: klaviyo });
    try {
      await walk(window.page, folder, klaviyo);
    } catch (error) {
      await lastPicture(path.join(PICTURES, "failed: klaviyo.png"));
      throw error;
    }
    await quit(window);
    await stop(sandbox);
  });
});
