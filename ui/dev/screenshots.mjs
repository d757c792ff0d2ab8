// Takes pictures of every page from fixtures: `npm run screenshots [-- --out DIR --only NAME --look en.dark --width 1024]`.
// With `--readme` only the two pictures of the README, into docs/screenshots.
// Needs a Chromium: CHROMIUM=/path, default `chromium` on the PATH.

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { chromium } from "playwright-core";
import { createServer } from "vite";

const here = path.dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: { out: { type: "string", default: path.join(here, "../dist-screenshots") }, only: { type: "string" }, look: { type: "string" }, width: { type: "string", default: "1280" }, readme: { type: "boolean", default: false } },
});

const S = "/s/k7m2qxa";
const pages = [
  ["welcome", "welcome", "/welcome"],
  ["overview", "full", `${S}/overview`],
  ["overview-empty", "empty", `${S}/overview`],
  ["overview-offline", "offline", `${S}/overview`],
  ["overview-backfill", "backfill", `${S}/overview`],
  ["overview-restricted", "restricted", `${S}/overview`],
  ["overview-broken", "broken", `${S}/overview`],
  ["funnel", "full", `${S}/funnel`],
  ["funnel-90", "full", `${S}/funnel?days=90&by=source&sort=paid`],
  ["funnel-empty", "empty", `${S}/funnel`],
  ["preorders", "full", `${S}/preorders`],
  ["preorders-filtered", "full", `${S}/preorders?status=failed,disputed,refunded&sort=amount`],
  ["preorders-none", "full", `${S}/preorders?q=nobody`],
  ["preorders-empty", "empty", `${S}/preorders`],
  ["preorders-rejected", "rejected", `${S}/preorders`],
  ["preorders-readonly", "readonly", "/s/file-aurora/preorders"],
  ["sheet-refunded", "full", `${S}/preorders?status=refunded`, "open"],
  ["sheet-disputed", "full", `${S}/preorders?status=disputed`, "open"],
  ["sheet-failed", "full", `${S}/preorders?status=failed`, "open"],
  ["sheet-missing", "full", `${S}/preorders/po_nothing`],
  ["stuck", "full", `${S}/stuck`],
  ["stuck-rule", "full", `${S}/stuck?rule=orphan_payment`],
  ["stuck-empty", "empty", `${S}/stuck`],
  ["stuck-offline", "offline", `${S}/stuck`],
  ["stuck-stopped", "stopped", `${S}/stuck`],
  ["stuck-guarded", "guarded", `${S}/stuck`],
  ["stuck-locked", "locked", `${S}/stuck`],
  ["stuck-viewer", "viewer", `${S}/stuck`],
  ["stuck-broken", "broken", `${S}/stuck`],
  ["stuck-bulk", "full", `${S}/stuck?rule=payment_failed`, ["key:x", "key:j", "key:j", "key:X"]],
  ["stuck-snooze", "full", `${S}/stuck`, ["key:s"]],
  ["fix-refund", "full", `${S}/stuck?rule=paid_twice`, ["key:f"]],
  ["fix-link", "full", `${S}/stuck?rule=orphan_payment`, ["key:f"]],
  ["fix-details", "full", `${S}/stuck?rule=missing_address`, ["key:f"]],
  ["fix-guarded", "guarded", `${S}/stuck?rule=payment_failed`, ["key:f"]],
  ["plan-refund", "full", `${S}/stuck?rule=paid_twice`, ["key:f", "submit"]],
  ["plan-link", "full", `${S}/stuck?rule=expires_after_attempt`, ["key:f", "submit"]],
  ["outcome-link", "full", `${S}/stuck?rule=expires_after_attempt`, ["key:f", "submit", "submit"]],
  ["order-stuck", "full", `${S}/stuck?rule=payment_failed`, ["key:Enter"]],
  ["stop", "full", `${S}/overview`, ["click:stop-writes"]],
  ["leads", "full", `${S}/leads`],
  ["leads-empty", "empty", `${S}/leads`],
  ["settings-rules", "full", `${S}/settings`, ["scroll:rules"]],
  ["new-preorder", "full", `${S}/new-preorder`],
  ["audit", "full", `${S}/audit`],
  ["audit-empty", "empty", `${S}/audit`],
  ["bulk", "full", `${S}/bulk`],
  ["bulk-empty", "empty", `${S}/bulk`],
  ["settings-safety", "stopped", `${S}/settings`, ["scroll:safety"]],
  ["settings-operators", "viewer", `${S}/settings`, ["scroll:operators"]],
  ["purchases", "full", `${S}/purchases`],
  ["purchases-unmapped", "full", `${S}/purchases?coverage=unmapped`],
  ["purchases-noplans", "noplans", `${S}/purchases`],
  ["wallets", "full", `${S}/wallets?sort=balance`],
  ["wallet", "full", `${S}/wallets/user_1000`],
  ["reconciliation", "full", `${S}/reconciliation`],
  ["reconciliation-unimported", "unimported", `${S}/reconciliation`],
  ["reconciliation-balanced", "balanced", `${S}/reconciliation`],
  ["imports", "full", `${S}/imports`],
  ["health", "full", `${S}/health`],
  ["health-offline", "offline", `${S}/health`],
  ["health-restricted", "restricted", `${S}/health`],
  ["settings", "full", `${S}/settings`],
  ["settings-nokey", "nokey", `${S}/settings`],
  ["klaviyo", "full", `${S}/klaviyo`],
  ["klaviyo-checked", "full", `${S}/klaviyo`, ["click:klaviyo-check"]],
  ["klaviyo-metric", "full", `${S}/klaviyo`, ["click:klaviyo-change-metric"]],
  ["klaviyo-disconnect", "full", `${S}/klaviyo`, ["click:klaviyo-disconnect"]],
  ["klaviyo-rotate", "full", `${S}/klaviyo`, ["click:klaviyo-rotate"]],
  ["klaviyo-none", "empty", `${S}/klaviyo`],
  ["klaviyo-found", "empty", `${S}/klaviyo`, ["key-of-klaviyo:pk_4a7f0123456789abcdef0123456789abcdef"]],
  ["klaviyo-narrow", "empty", `${S}/klaviyo`, ["key-of-klaviyo:pk_narrow"]],
  ["klaviyo-wrong", "empty", `${S}/klaviyo`, ["key-of-klaviyo:pk_wrong"]],
  ["klaviyo-rejected", "rejected", `${S}/klaviyo`],
  ["klaviyo-offline", "offline", `${S}/klaviyo`],
  ["klaviyo-throttled", "throttled", `${S}/klaviyo`],
  ["klaviyo-viewer", "viewer", `${S}/klaviyo`],
  ["klaviyo-readonly", "readonly", "/s/file-aurora/klaviyo"],
  ["klaviyo-test", "late", "/s/p3w9tzd/klaviyo"],
  ["klaviyo-broken", "broken", `${S}/klaviyo`],
  ["events", "full", `${S}/klaviyo-events`],
  ["events-missing", "full", `${S}/klaviyo-events?verdict=missing`],
  ["events-policy", "full", `${S}/klaviyo-events`, ["click:events-policy", "radio:send_all"]],
  ["events-fill", "full", `${S}/klaviyo-events`, ["click:events-fill", "radio:mail"]],
  ["events-plan", "full", `${S}/klaviyo-events`, ["click:events-fill", "submit"]],
  ["events-run", "full", `${S}/klaviyo-events`, ["click:events-fill", "submit", "submit"]],
  ["events-held", "held", `${S}/klaviyo-events`],
  ["events-stopped", "stopped", `${S}/klaviyo-events`],
  ["events-one-plan", "full", `${S}/klaviyo-events?verdict=missing`, ["key:j", "key:Enter", "send", "submit"]],
  ["events-none", "empty", `${S}/klaviyo-events`],
  ["events-order", "full", `${S}/klaviyo-events?verdict=missing`, ["key:j", "key:Enter", "scroll:order-events"]],
  ["events-settings", "full", `${S}/settings`, ["scroll:klaviyo"]],
  ["events-stuck", "full", `${S}/stuck?rule=success_event_missing`],
  ["audiences", "full", `${S}/audiences`],
  ["audiences-export", "full", `${S}/audiences?audience=successful`, ["click:audience-export"]],
  ["audiences-narrowed", "full", `${S}/audiences?audience=successful&currency=eur&least=10000&from=2026-10-01&to=2026-11-20&with_refunded=1`],
  ["audiences-segment", "full", `${S}/audiences?segment=Yb3Kx1`, ["press:Hold against Klaviyo|与 Klaviyo 核对"]],
  ["audiences-none", "empty", `${S}/audiences`],
  ["reports", "full", `${S}/reports`],
  ["reports-running", "reports_running", `${S}/reports`],
  ["reports-waiting", "reports_waiting", `${S}/reports`],
  ["reports-failed", "reports_failed", `${S}/reports`],
  ["reports-server", "reports_server", `${S}/reports`],
  ["reports-engine", "reports_running", `${S}/reports`, ["click:report-engine", "radio:server"]],
  ["reports-rejected", "rejected", `${S}/reports`],
  ["reports-viewer", "viewer", `${S}/reports`],
  ["reports-none", "empty", `${S}/reports`],
  ["numbers-campaigns", "full", `${S}/reports/campaigns`],
  ["numbers-selected", "full", `${S}/reports/campaigns?days=90&stat=open_rate&sel=01KCA2&sort=value`],
  ["numbers-flows", "reports_failed", `${S}/reports/flows?stat=value`],
  ["numbers-segments", "full", `${S}/reports/segments?days=90&stat=total_members`],
  ["numbers-part", "reports_running", `${S}/reports/campaigns`],
  ["numbers-unread", "full", `${S}/reports/forms`],
  ["funnel-sends", "full", `${S}/funnel`],
  ["funnel-part", "reports_running", `${S}/funnel?sends=campaigns`],
  ["practice", "full", "/s/sandbox/overview"],
  ["test", "late", "/s/p3w9tzd/overview"],
];

const server = await createServer({ root: path.join(here, ".."), logLevel: "error", server: { port: 0, strictPort: false } });
await server.listen();
const address = server.httpServer.address();
const origin = `http://127.0.0.1:${address.port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? execFileSync("which", ["chromium"], { encoding: "utf8" }).trim(),
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

let bad = 0;
// One context a look: what the development server sends is then cached from page to page.
const openLook = (look) =>
  browser.newContext({
    viewport: { width: Number(values.width), height: 800 }, locale: look.language, colorScheme: look.theme, timezoneId: "Europe/Berlin", reducedMotion: "reduce",
  });

async function shoot(context, name, fixture, route, look, file, act) {
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      bad += 1;
      console.error(`${name}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => {
    bad += 1;
    console.error(`${name}: ${error.message}`);
  });
  await page.clock.install({ time: new Date("2026-11-21T13:04:24Z") });
  await page.addInitScript(([language, theme]) => {
    localStorage.setItem("foredeck-language", language);
    localStorage.setItem("foredeck-theme", theme);
  }, [look.language, look.theme]);
  await page.goto(`${origin}/?fixture=${fixture}#${route}`);
  await page.locator("h1").first().waitFor();
  await page.clock.runFor(800);
  if (act === "open") {
    await page.getByTestId("preorder-row").first().click();
    await page.getByTestId("timeline-entry").first().waitFor();
    await page.clock.runFor(400);
  }
  for (const [what, of] of (Array.isArray(act) ? act : []).map((step) => step.split(":"))) {
    if (what === "key") await page.keyboard.press(of);
    else if (what === "click") await page.getByTestId(of).first().click();
    else if (what === "radio") await page.locator(`[role="dialog"] input[value="${of}"]`).click();
    else if (what === "press") await page.getByRole("button", { name: new RegExp(of) }).first().click();
    else if (what === "send") await page.getByTestId("order-events").getByRole("button", { name: /Send|发送/ }).first().click();
    else if (what === "scroll") await page.locator(`#${of}`).evaluate((part) => part.scrollIntoView());
    else if (what === "key-of-klaviyo") {
      await page.locator('input[name="klaviyo-key"]').fill(of);
      await page.locator('main form button[type="submit"]').click();
    } else await page.locator('[role="dialog"] button[type="submit"]').click();
    await page.clock.runFor(600);
    await page.waitForTimeout(150);
    await page.clock.runFor(600);
  }
  await page.screenshot({ path: file });
  await page.close();
}

const looks = values.readme
  ? [{ language: "en", theme: "light" }, { language: "en", theme: "dark" }]
  : [{ language: "en", theme: "light" }, { language: "en", theme: "dark" }, { language: "zh-CN", theme: "light" }, { language: "zh-CN", theme: "dark" }];
const out = values.readme ? path.join(here, "../../docs/screenshots") : values.out;
mkdirSync(out, { recursive: true });
for (const look of looks) {
  if (values.look !== undefined && values.look !== `${look.language}.${look.theme}`) continue;
  const context = await openLook(look);
  for (const [name, fixture, route, act] of pages) {
    if (values.readme ? name !== "overview" : values.only !== undefined && !name.startsWith(values.only)) continue;
    const file = values.readme ? `${name}-${look.theme}.png` : `${name}.${look.language}.${look.theme}.png`;
    await shoot(context, name, fixture, route, look, path.join(out, file), act);
  }
  await context.close();
}
await browser.close();
await server.close();
if (bad > 0) {
  console.error(`${bad} messages on the console`);
  process.exitCode = 1;
}
