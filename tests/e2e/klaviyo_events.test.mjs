// Klaviyo's events and audiences in the real window: what is missing is sent once, as planned; what the shop told is not told again.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, it } from "node:test";

import { chooseFile, lastPicture, open, picture, quit, readMirror, start, stop, stopAll } from "./foredeck.mjs";
import { until } from "./webdriver.mjs";

const FOLDER = process.env.FOREDECK_E2E_FOLDER;
const PICTURES = process.env.FOREDECK_E2E_PICTURES;
const SANDBOX = process.env.FOREDECK_SANDBOX;
const PILL = '[data-testid="freshness"]';
const DIALOG = '[role="dialog"]';
const OUTCOME = '[data-testid="outcome"]';
const SUBMIT = '[role="dialog"] button[type="submit"]';
const STRIPE_KEY = `rk_test_${"e2eevents".padEnd(32, "0")}`;
const KLAVIYO_KEY = `pk_${"e2eevents".padEnd(34, "0")}`;
/** What settings say that events are called unless they are changed. */
const [STARTED, SUCCESS] = ["Rolitt Preorder Started", "Rolitt Preorder Success"];
/** Older than the hour in which a shop may still tell. */
const AGO_S = 7200;

afterEach(stopAll);

const email = (name) => `${name}@example.com`;
const order = (name) => `pre_ev_${name}`;

/** The practice Stripe and the Klaviyo beside it, told stories by hand. */
class Shop {
  constructor(stripe, klaviyo) {
    this.stripe = stripe;
    this.klaviyo = klaviyo;
  }

  static async tell(url, what, body) {
    const answer = await fetch(`${url}/_sandbox/${what}`, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
    const text = await answer.text();
    assert.ok(answer.ok, `${what} ${JSON.stringify(body)}: ${answer.status} ${text}`);
    return text === "" ? {} : JSON.parse(text);
  }

  async now() {
    return (await (await fetch(`${this.stripe}/_sandbox/health`)).json()).now;
  }

  /** Places an order, and what the shop's own site told Klaviyo of it; gives the seconds between which that was. */
  async order(name, outcome, told) {
    const from = await this.now();
    await Shop.tell(this.stripe, "order", { preorder_id: order(name), email: email(name), name: "Ada Byron", color: "red", locale: "en", outcome });
    const to = await this.now();
    for (const metric of told) await this.site(name, metric, from);
    return { from, to };
  }

  site(name, metric, time) {
    return Shop.tell(this.klaviyo, "shop_sends", { metric, email: email(name), time });
  }

  async truth() {
    return (await fetch(`${this.klaviyo}/_sandbox/truth`)).json();
  }

  /** Everything that was ever accepted of somebody and a metric, there or not. */
  async told(name, metric) {
    const { events, on_their_way: coming, repeated, lost } = await this.truth();
    return [...events, ...coming, ...repeated, ...lost].filter((event) => event.email === email(name) && event.metric === metric);
  }
}

/** What the mirror file holds of events, read past the program. */
function mirror(folder) {
  return readMirror(folder, `{
  "chosen": {unique: state for unique, state in rows("SELECT unique_id, state FROM klaviyo_event")},
  "verdicts": {id + ":" + kind: verdict for id, kind, verdict in rows("SELECT p.id, c.kind, c.verdict FROM event_check c JOIN preorder p ON p.key = c.preorder")},
  "missing": [id for (id,) in rows("SELECT p.id FROM finding f JOIN preorder p ON p.key = f.preorder WHERE f.rule = 'success_event_missing'")],
  "audit": [[event, body] for event, body in rows("SELECT event, body FROM audit ORDER BY seq")],
}`);
}

/** From the form of the one event that is to be sent to its outcome; `meanwhile` happens between plan and confirmation. */
async function send(page, name, meanwhile = () => {}) {
  await page.press("Show the plan…");
  await page.find(`${DIALOG} [data-testid="plan"]`);
  const plan = await page.text(DIALOG);
  assert.match(plan, /sent as backfill/, "nobody is mailed unless somebody wants it");
  assert.match(plan, /Foredeck sends no mail for this/);
  assert.match(plan, new RegExp(`${email(name)}.*${order(name)}`, "s"));
  await picture(page, `events-${name}-plan`);
  await meanwhile();
  await page.pressLast(SUBMIT, "Send Klaviyo event");
  const said = await until("the outcome", async () => (await page.texts(OUTCOME)).find((text) => /Seen at Klaviyo|not to be seen|Failed|refus/.test(text)));
  assert.match(said, /^Done.*Seen at Klaviyo: it is there\./s, `${name}: ${said}`);
  await picture(page, `events-${name}-outcome`);
  await page.press("Done");
}

/** Chooses an option of a field whose list opens with a click. */
async function choose(page, field, text) {
  await page.click(field);
  await page.choose(field, text);
}

async function connect(page, folder) {
  await page.type('form input[maxlength="60"]', "Events shop");
  await page.type('form input[name="stripe-key"]', STRIPE_KEY);
  await page.click('form button[type="submit"]');
  await until("freshness live", async () => (await page.attribute(PILL, "data-state")) === "live", 120_000);
  const [{ public_id: store }] = JSON.parse(readFileSync(path.join(folder, "stores.json"), "utf8")).stores;
  const go = (to) => page.go(`#/s/${store}/${to}`);
  await go("klaviyo-events");
  await until("it says that Klaviyo is not connected", async () => (await page.text("main")).includes("Klaviyo is not connected"));
  await go("klaviyo");
  await page.type('input[name="klaviyo-key"]', KLAVIYO_KEY);
  await page.press("Test key");
  await page.find('[data-testid="metric"]');
  await page.press("Connect");
  await until("Klaviyo is connected", async () => (await page.attribute('[data-testid="klaviyo-state"]', "data-status")) === "connected");
  return go;
}

/** The order's own time, and not that of telling. */
function isWithin(time, { from, to }) {
  assert.ok(from <= time && time <= to, `${time} is from ${from} to ${to}`);
}

const row = (name, kind) => `[data-testid="event-row"][data-id="${order(name)}:${kind}"]`;

/** Looks at Klaviyo until the page counts so many missing events. */
async function look(page, go, missing) {
  await go("klaviyo-events");
  await page.click('[data-testid="events-check"]');
  await until(`${missing} missing events`, async () => (await page.texts('[data-testid="event-gaps"]'))[0]?.startsWith(`${missing} event`));
}

async function oneByOne(page, go, shop, folder, paid) {
  // An order whose success event is missing is listed, opened, and its event sent with the order's own time.
  await look(page, go, 10);
  await page.click('[data-testid="verdict-missing"]');
  await page.find(row("quiet", "success"));
  assert.deepEqual(await page.texts(row("told", "success")), [], "what the shop told is not missing");
  await picture(page, "events-missing");
  assert.equal(mirror(folder).verdicts[`${order("told")}:success`], "present");
  await page.click(row("quiet", "success"));
  await page.press("Send…");
  await send(page, "quiet");
  const quiet = await shop.told("quiet", SUCCESS);
  assert.deepEqual(quiet.map(({ by, backfill, unique_id: id }) => ({ by, backfill, id })), [{ by: "api", backfill: true, id: `${order("quiet")}:success` }]);
  isWithin(quiet[0].time, paid.quiet);
  await until("the order says that it is there", async () =>
    (await page.run(() => document.querySelector('[data-testid="order-events"] [data-kind="success"]')?.dataset.verdict)) === "present");
  assert.ok(!(await page.texts('[data-testid="order-events"] button')).includes("Send…"), "and offers nothing more to be sent");
  await picture(page, "events-quiet-order");

  // The shop tells between plan and confirmation: nothing is sent, and it is there once.
  await go(`preorders/${order("raced")}`);
  await until("the other order's events", async () => (await page.text("h1")).includes("raced") || (await page.text("main")).includes(email("raced")));
  await page.press("Send…");
  await send(page, "raced", async () => {
    await shop.site("raced", SUCCESS, paid.raced.from);
    await until("the shop's event is there", async () => (await shop.truth()).events.some((event) => event.email === email("raced") && event.metric === SUCCESS));
  });
  assert.deepEqual((await shop.told("raced", SUCCESS)).map(({ by }) => by), ["shop"], "who was told already is not told again");

  // The finding is fixed from the Stuck page, and goes by itself.
  await go("stuck?rule=success_event_missing");
  await page.pressLast('[data-testid="finding-row"]', email("stuck"));
  await until("the finding in hand", async () => (await page.texts('[data-testid="finding-card"]'))[0]?.includes(email("stuck")));
  await picture(page, "events-stuck");
  assert.ok(mirror(folder).missing.includes(order("stuck")));
  await page.pressLast('[data-testid="finding-card"] button', "Send Klaviyo event");
  await send(page, "stuck");
  await until("the finding is gone from the page", async () => !(await page.texts('[data-testid="finding-row"]')).some((text) => text.includes(email("stuck"))));
  await until("and from the mirror", () => !mirror(folder).missing.includes(order("stuck")));
  const stuck = await shop.told("stuck", SUCCESS);
  assert.deepEqual(stuck.map(({ by }) => by), ["api"]);
  isWithin(stuck[0].time, paid.stuck);
  await go("audit");
  await until("its audit rows", async () => (await page.texts('[data-testid="audit-row"]')).some((text) => text.includes("Verified") && text.includes(order("stuck"))));
  const told = (event) => mirror(folder).audit.filter(([name, body]) => name === event && JSON.parse(body).unique_id === `${order("stuck")}:success`).length;
  assert.equal(told("intended"), 1, "the audit has what was about to be sent, once");
  await picture(page, "events-audit");
}

/** From observing to filling gaps: what that does is said before, and nothing old is sent by it. */
async function policy(page, go, shop, folder) {
  const before = (await shop.truth()).events.length;
  await look(page, go, 7);
  await page.click('[data-testid="events-policy"]');
  await page.click(`${DIALOG} input[value="fill_gaps"]`);
  const effects = await page.text('[data-testid="policy-effects"]');
  assert.match(effects, /60 minutes after it happened/);
  assert.match(effects, /no flow mails anybody/);
  assert.match(effects, /What was missing before now is left to you/);
  await picture(page, "events-policy");
  await page.pressLast(SUBMIT, "Set it");
  await until("the policy holds", async () => (await page.attribute('[data-testid="events-state"]', "data-policy")) === "fill_gaps");
  assert.equal(mirror(folder).audit.filter(([event]) => event === "settings_set").length, 1);
  assert.equal((await shop.truth()).events.length, before, "nothing is sent because of it");
  assert.equal((await page.texts('[data-testid="events-held"]')).length, 0);
}

/** What is missing, in bulk: with a mail it says how many get one; without, it is run, and each event is there once. */
async function fill(page, shop, folder) {
  await page.click('[data-testid="events-fill"]');
  await page.click(`${DIALOG} input[value="mail"]`);
  assert.match(await page.text(`${DIALOG} [role="alert"]`), /Up to 3 people may get mail now.*1 person who wants no mail is left out/s);
  await page.pressLast(SUBMIT);
  const mails = await page.text('[data-testid="bulk-plan"]');
  assert.match(mails, /5/, mails);
  assert.match(await page.text('[data-testid="bulk-mailed"]'), /3 of these events may make a flow mail/);
  await picture(page, "events-fill-mails");
  await page.press("Cancel");
  await page.click(`${DIALOG} input[value="backfill"]`);
  await page.pressLast(SUBMIT);
  await until("nobody is mailed", async () => (await page.texts('[data-testid="bulk-mailed"]'))[0]?.includes("Nobody is mailed"));
  await picture(page, "events-fill-plan");
  await page.pressLast(SUBMIT, "Do all 7");
  await until("the run has ended", async () => /7 of 7.*7 done/s.test((await page.texts('[data-testid="bulk-run"]'))[0] ?? ""));
  await picture(page, "events-fill-run");
  await page.press("Done");
  await until("nothing is missing", async () => (await page.text('[data-testid="events-state"]')).match(/MISSING\s*nothing/i) !== null);
  await until("each was seen there", () => Object.values(mirror(folder).chosen).every((state) => state === "confirmed"));
  const { events, on_their_way: coming, repeated, lost, mails: sent } = await shop.truth();
  assert.deepEqual([coming, repeated, lost], [[], [], []]);
  const ours = events.filter((event) => event.by === "api");
  assert.equal(ours.length, 9, "one by one two, in bulk seven");
  assert.equal(new Set(ours.map((event) => event.unique_id)).size, 9);
  assert.ok(ours.every((event) => event.backfill));
  assert.deepEqual(sent.filter((mail) => mail.by === "api"), [], "nobody was mailed");
  const told = new Set(events.map((event) => `${event.email} ${event.metric}`));
  assert.equal(told.size, events.length, "nobody was told twice");
  await page.click('[data-testid="events-check"]');
  await until("all that was sent is counted", async () => (await page.texts('[data-testid="events-sent"]'))[0]?.startsWith("9 seen there"));
  await picture(page, "events-filled");
}

async function audiences({ page, pid }, go, folder) {
  await go("audiences?audience=successful");
  const count = async (audience) => Number((/^\D+\n(\d+)\n/.exec(await page.text(`[data-testid="audience-${audience}"]`)))?.[1]);
  await until("who bought", async () => (await count("successful")) === 6);
  assert.match((await page.texts('[data-testid="audience-successful"]'))[0], /no mail wanted 1/);
  await picture(page, "audiences-successful");

  // Narrowed, and back again: the URL has it.
  await page.type('input[aria-label="Currency"]', "eur\uE007");
  await until("the currency in the URL", async () => (await page.run(() => location.hash)).includes("currency=eur"));
  await page.type('input[aria-label="Worth at least"]', "9999\uE007");
  await until("nobody is worth so much", async () => (await count("successful")) === 0 && (await page.run(() => location.hash)).includes("least=999900"));
  await picture(page, "audiences-narrowed");
  await page.press("Clear filters");
  await until("everybody again", async () => (await count("successful")) === 6);

  // The customer list is written where the file dialog says, and its e-mails are hashed.
  const file = path.join(folder, "buyers-meta.csv");
  await page.click('[data-testid="audience-export"]');
  await choose(page, `${DIALOG} input[role="combobox"]`, "Meta");
  await picture(page, "audiences-export");
  await page.press("Choose a file…");
  chooseFile(pid, file);
  await until("the file is written", async () => (await page.source()).includes("6 people written to"));
  const [head, ...lines] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  assert.match(head, /^email,/);
  const hashed = createHash("sha256").update(email("told")).digest("hex");
  assert.equal(lines.filter((line) => line.startsWith(hashed)).length, 1);
  assert.equal(lines.length, 6);
  assert.ok(!readFileSync(file, "utf8").includes("@"), "no address is readable");
  assert.equal(statSync(file).mode & 0o077, 0, "and nobody else may read the file");
  const exported = mirror(folder).audit.filter(([event]) => event === "audience_exported").map(([, body]) => JSON.parse(body));
  assert.deepEqual(exported.map(({ format, rows, audience, hashed: is }) => ({ format, rows, audience, hashed: is })), [{ format: "meta", rows: 6, audience: "successful", hashed: true }]);

  // A segment is picked by name, and both counts stand side by side.
  await choose(page, 'input[aria-label="Klaviyo segment"]', "Preorder successful");
  await page.press("Hold against Klaviyo");
  const both = await page.text('[data-testid="segment"]');
  assert.match(both, /^Preorder successful: 6 here, 7 at Klaviyo/, "Klaviyo counts who wants no mail too");
  await picture(page, "audiences-segment");

  await page.click('[data-testid="audience-abandoned"]');
  await until("who left an order", async () => (await page.texts('[data-testid="audience-row"]')).length === 2);
  await picture(page, "audiences-abandoned");
}

/** Orders two hours ago, of each kind that matters, and the shop's own site that told of some. */
async function launch() {
  const sandbox = start(SANDBOX, ["--port", "0", "--behind", String(AGO_S), "--restricted", `${STRIPE_KEY}:`, "--klaviyo", "0", "--klaviyo-key", `${KLAVIYO_KEY}:`]);
  const said = (what) => until(what, () => new RegExp(`^${what} (\\S+)`, "m").exec(readFileSync(sandbox.output, "utf8"))?.[1]);
  const shop = new Shop(await said("listening on"), await said("klaviyo listening on"));
  await shop.order("told", "paid", [STARTED, SUCCESS]);
  const paid = {};
  for (const name of ["quiet", "raced", "stuck"]) paid[name] = await shop.order(name, "paid", [STARTED]);
  for (const name of ["gapone", "gaptwo", "nomail"]) await shop.order(name, "paid", []);
  await shop.order("gapleft", "expired", []);
  await shop.order("left", "expired", [STARTED]);
  await Shop.tell(shop.klaviyo, "consents", { email: email("nomail"), consent: "unsubscribed" });
  await Shop.tell(shop.stripe, "advance", { seconds: AGO_S });
  return { sandbox, shop, paid };
}

describe("Klaviyo events", () => {
  it("that are missing are sent once, by hand and in bulk; audiences are narrowed, exported and compared", async () => {
    const folder = mkdtempSync(path.join(FOLDER, "klaviyo-events-"));
    const { sandbox, shop, paid } = await launch();
    const window = await open(["--data-dir", folder], { FOREDECK_STRIPE_URL: shop.stripe, FOREDECK_KLAVIYO_URL: shop.klaviyo });
    try {
      const go = await connect(window.page, folder);
      await oneByOne(window.page, go, shop, folder, paid);
      await policy(window.page, go, shop, folder);
      await fill(window.page, shop, folder);
      await audiences(window, go, folder);
    } catch (error) {
      await lastPicture(path.join(PICTURES, "failed: klaviyo-events.png"));
      throw error;
    }
    await quit(window);
    await stop(sandbox);
  });
});
