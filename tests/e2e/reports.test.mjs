// Report syncs in the real window: started, watched, cancelled, asked for again, paced, read from a chart, and told to a report server.
// After each step the mirror holds what the page says, and the chart what the practice Klaviyo itself answers.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { afterEach, describe, it } from "node:test";

import { APP, lastPicture, open, picture, quit, readMirror, start, stop, stopAll } from "./foredeck.mjs";
import { until } from "./webdriver.mjs";

const FOLDER = process.env.FOREDECK_E2E_FOLDER;
const PICTURES = process.env.FOREDECK_E2E_PICTURES;
const SANDBOX = process.env.FOREDECK_SANDBOX;
const PILL = '[data-testid="freshness"]';
const DIALOG = '[role="dialog"]';
const OVER = "\uE009a\uE000";
const KEY = `pk_${"e2ereports".padEnd(34, "0")}`;
const SERVER_KEY = "a-made-up-key-of-a-report-server";

afterEach(stopAll);

/** What the mirror file holds of reports, read past the program. */
function mirror(folder) {
  return readMirror(folder, `{
  "records": {row[0]: dict(zip(("state", "reason", "code", "windows", "done"), row[1:])) for row in rows("SELECT kind, state, reason, code, windows, windows_done FROM report_record")},
  "planned": dict(rows("SELECT kind, count(*) FROM report_plan GROUP BY kind")),
  "metric": rows("SELECT metric_id FROM klaviyo_connection")[0][0],
  "flows": dict(rows("SELECT date(day * 86400, 'unixepoch'), sum(recipients) FROM report_message_day WHERE kind = 'flows' GROUP BY day")),
  "read": {row[0]: row[1] for row in rows("SELECT kind, count(*) FROM report_window WHERE state = 'done' GROUP BY kind")},
  "told": rows("SELECT reason, state, attempts, http_status FROM report_trigger ORDER BY seq"),
}`);
}

/** How syncs stand, as another process is told. */
function status(folder, store) {
  const line = ["--data-dir", folder, "--store", store, "--json", "reports", "status"];
  return JSON.parse(execFileSync(path.join(path.dirname(APP), "foredeckctl"), line, { encoding: "utf8", timeout: 20_000 }));
}

/** What the practice Klaviyo itself says that flows sent, by day. */
async function truth(klaviyo, metric, from, to) {
  const attributes = { statistics: ["recipients"], timeframe: { start: `${from}T00:00:00+00:00`, end: `${to}T23:59:59+00:00` }, interval: "daily", conversion_metric_id: metric };
  const answer = await fetch(`${klaviyo}/api/flow-series-reports`, {
    method: "POST", body: JSON.stringify({ data: { type: "flow-series-report", attributes } }), signal: AbortSignal.timeout(20_000),
    headers: { authorization: `Klaviyo-API-Key ${KEY}`, revision: "2026-07-15", accept: "application/vnd.api+json", "content-type": "application/vnd.api+json" },
  });
  const body = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(body));
  const { results, date_times: at } = body.data.attributes;
  return at.map((_instant, place) => results.reduce((sum, one) => sum + one.statistics.recipients[place], 0));
}

/** A report server that takes what it is told, and keeps it. */
async function reportServer() {
  const told = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => { body += part; });
    request.on("end", () => {
      if (request.method === "POST") told.push({ url: request.url, body, key: request.headers["x-api-key"], once: request.headers["idempotency-key"] });
      response.writeHead(request.headers["x-api-key"] !== SERVER_KEY ? 401 : request.method === "POST" ? 202 : 405).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { told, url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } };
}

const card = (kind) => `[data-testid="report-${kind}"]`;
const stateOf = (page, kind) => page.attribute(card(kind), "data-state");
const stateIs = (page, kind, ...wanted) => until(`${kind} are ${wanted.join(" or ")}`, async () => wanted.includes(await stateOf(page, kind)));
const dayBefore = (day, days) => new Date(Date.parse(`${day}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);

async function connect(page) {
  await until("freshness live", async () => (await page.attribute(PILL, "data-state")) === "live", 120_000);
  await page.click('[data-testid="nav-reports"]');
  await until("that nothing is connected", async () => (await page.text("main")).includes("Klaviyo is not connected"));
  await picture(page, "reports-not-connected");
  await page.click('main a[href*="/klaviyo"]');
  await page.type('input[name="klaviyo-key"]', KEY);
  await page.press("Test key");
  await page.find('[data-testid="metric"]');
  await page.press("Connect");
  await until("the connection", async () => (await page.attribute('[data-testid="klaviyo-state"]', "data-status")) === "connected");
}

/** Watched, cancelled, asked for again, and paced. */
async function syncs(page, folder, store) {
  await page.click('[data-testid="nav-reports"]');
  const progress = await until("progress of campaigns", async () => {
    const text = await page.text(`${card("campaigns")} [role="status"]`);
    const [, done, all] = /([\d,]+) of ([\d,]+) calls/.exec(text) ?? [];
    return Number(done) > 0 ? { done: Number(done), all: Number(all) } : undefined;
  });
  assert.ok(progress.all > 600 && progress.done < progress.all, JSON.stringify(progress));
  assert.equal(await stateOf(page, "campaigns"), "running");
  assert.match(await page.text('[data-testid="report-cost-campaigns"]'), /^\d+ calls to go: \d+ today, the rest from .+ on, about 3 more days\.$/);
  await until("several kinds under way", async () => Number(await page.text('[data-testid="report-calls-flows"]')) < 225);
  await picture(page, "reports-running");
  const { records } = mirror(folder);
  assert.equal(records.campaigns.windows, progress.all);
  assert.ok(records.campaigns.done >= progress.done);

  await page.press("Cancel: Campaigns");
  await stateIs(page, "campaigns", "partial");
  assert.match(await page.text('[data-testid="report-trouble-campaigns"]'), /Somebody cancelled this sync\. What was read stays\./);
  const cancelled = mirror(folder);
  assert.deepEqual([cancelled.records.campaigns.state, cancelled.records.campaigns.code, cancelled.planned.campaigns ?? 0], ["partial", "REPORTS_CANCELLED", 0]);
  assert.ok(cancelled.read.campaigns >= progress.done, "what was read stays");
  await picture(page, "reports-cancelled");

  await page.press("Try again: Campaigns");
  await until("the rest is planned again", () => (mirror(folder).planned.campaigns ?? 0) > 600);
  await stateIs(page, "campaigns", "running");
  const again = mirror(folder);
  assert.equal(again.records.campaigns.reason, "asked");
  assert.ok(again.records.campaigns.windows <= progress.all, "it goes on, and does not begin anew");

  await page.type('[data-testid="report-hours-flows"]', OVER);
  await page.type('[data-testid="report-hours-flows"]', "12");
  await page.click('[data-testid="report-pace-flows"]');
  await until("the pace in the settings", () => status(folder, store).kinds.find((one) => one.kind === "flows").every_h === 12);
  await until("the page says it", () => page.run(() => document.querySelector('[data-testid="report-pace-flows"]') === null));
  await picture(page, "reports-paced");
}

/** Numbers and a chart, held against the practice Klaviyo's own. */
async function numbers(page, folder, klaviyo) {
  await page.click('[data-testid="report-tab-flows"]');
  await until("rows", async () => (await page.texts('[data-testid="report-row"]')).length > 0);
  await until("thirty days that are read", async () => (await page.text('[data-testid="report-reading"]')).startsWith("All 30 days are read"));
  const charted = () => page.run(() => Array.from(document.querySelectorAll('[data-testid="series-table"] tbody tr'), (row) =>
    [row.querySelector("time").getAttribute("datetime"), row.dataset.known, Number(row.querySelector("td").dataset.value ?? 0)]));
  const days = await charted();
  assert.equal(days.length, 30);
  // Today still grows, and is left out.
  const past = days.slice(0, -1);
  const own = await truth(klaviyo, mirror(folder).metric, past[0][0], past.at(-1)[0]);
  assert.deepEqual(past, own.map((count, place) => [dayBefore(days.at(-1)[0], 29 - place), "true", count]), "the chart says what Klaviyo says");
  const kept = mirror(folder).flows;
  assert.deepEqual(past.map(([day, , count]) => [day, count]), past.map(([day]) => [day, kept[day] ?? 0]), "and what the mirror holds");
  assert.ok(own.reduce((sum, count) => sum + count, 0) > 100, "with something in it");
  assert.match(await page.attribute('[data-testid="series"]', "aria-label"), /^Recipients\. Most: [\d,]+ on /);
  await picture(page, "reports-flows");

  // One row alone.
  await page.click('[data-testid="report-row"]');
  const name = await page.text('[data-testid="report-row"] [data-column="report_name"] bdi');
  await until("the chart of one flow", async () => (await page.text('[data-testid="charted"]')) === name);
  await until("its own days", async () => {
    const one = await charted();
    return one.some(([, , count]) => count > 0) && one.every(([, , count], place) => count <= days[place][2]) && one.some(([, , count], place) => count < days[place][2]);
  });
  assert.equal(await page.attribute('[data-testid="report-row"]', "aria-selected"), "true");
  await picture(page, "reports-flow");

  // Campaigns are read in part: which days are not is said.
  await page.click('[data-testid="report-tab-campaigns"]');
  const reading = await page.text('[data-testid="report-reading"]');
  assert.match(reading, /^\d+ of 30 days are read; what is counted is of those alone/);
  assert.match(reading, /not read yet/);
  await picture(page, "reports-part-read");

  await page.click('[data-testid="nav-funnel"]');
  await page.find('[data-testid="sends-flows"]');
  const spoken = await page.run(() => Array.from(document.querySelectorAll("figure ol a"), (day) => day.getAttribute("aria-label")));
  const sent = spoken.map((text) => Number(/([\d,]+) messages? of flows/.exec(text)?.[1].replaceAll(",", "") ?? 0));
  const [, biggest] = past.reduce((most, [, , count], place) => (count > most[1] ? [place, count] : most), [0, 0]);
  assert.ok(sent.includes(biggest), "the funnel's days say what flows sent");
  assert.ok(spoken.some((text) => text.includes("campaigns not read")), "and what is not known");
  await picture(page, "reports-funnel");
}

/** The shop's own server is told instead. */
async function told(page, folder, store, server) {
  await page.click('[data-testid="nav-reports"]');
  await page.click('[data-testid="report-engine"]');
  await page.click(`${DIALOG} input[value="server"]`);
  await until("what is called off", async () => (await page.text('[data-testid="engine-effects"]')).includes("called off"));
  await page.press("Set it");
  await until("the other engine", async () => (await page.attribute('[data-testid="reports-state"]', "data-engine")) === "server");
  await page.type('[data-testid="report-url"]', server.url);
  await page.type('[data-testid="report-header"]', OVER);
  await page.type('[data-testid="report-header"]', "X-Api-Key");
  await page.press("Save");
  await until("the address in use", async () => (await page.text("main")).includes(`In use: ${server.url}`));
  await page.click('[data-testid="report-test"]');
  await until("a refused key", async () => (await page.texts('main [role="alert"]')).some((text) => text.includes("REPORT_SERVER_KEY_REJECTED")));
  await page.type('input[name="report-server-key"]', SERVER_KEY);
  await page.press("Set the key");
  await until("the key in the keychain", async () => (await page.text('[data-testid="report-key"]')).includes("keychain"));
  await page.click('[data-testid="report-test"]');
  assert.match(await page.text('[data-testid="report-tested"]'), /The server answered in \d+ ms, as it should/);
  assert.equal(await page.attribute('[data-testid="report-tested"]', "data-status"), "405");
  assert.equal(server.told.length, 0, "a test tells it nothing");
  await page.click('[data-testid="reports-sync"]');
  await until("it is told", async () => (await page.run(() => document.querySelector('[data-testid="report-trigger"]')?.dataset.state)) === "accepted");
  assert.deepEqual(server.told.map(({ url, body, key }) => ({ url, body, key })), [{
    url: "/api/v1/reports/full_sync", body: JSON.stringify({ klaviyo_public_id: "SbXk7Q", store_public_id: store, do_not_order_sync: false }), key: SERVER_KEY,
  }]);
  assert.deepEqual(mirror(folder).told, [["asked", "accepted", 1, 202]]);
  assert.ok(!(await page.source()).includes(SERVER_KEY), "the page has no key");
  await picture(page, "reports-server");
}

describe("Reports", () => {
  it("are synced, watched, cancelled, asked for again, paced, charted and told to a report server", async () => {
    const folder = mkdtempSync(path.join(FOLDER, "reports-"));
    const sandbox = start(SANDBOX, ["--port", "0", "--klaviyo", "0", "--klaviyo-key", `${KEY}:`]);
    const klaviyo = await until("the practice Klaviyo", () => /^klaviyo listening on (\S+)/m.exec(readFileSync(sandbox.output, "utf8"))?.[1] ?? undefined);
    const server = await reportServer();
    const window = await open(["--data-dir", folder, "--sandbox"], { FOREDECK_KLAVIYO_URL: klaviyo });
    try {
      await connect(window.page);
      const [{ public_id: store }] = JSON.parse(readFileSync(path.join(folder, "stores.json"), "utf8")).stores;
      await syncs(window.page, folder, store);
      await numbers(window.page, folder, klaviyo);
      await told(window.page, folder, store, server);
    } catch (error) {
      await lastPicture(path.join(PICTURES, "failed: reports.png"));
      throw error;
    } finally {
      server.close();
    }
    await quit(window);
    await stop(sandbox);
  });
});
