// Opens the built window (ui/dist) under the shell's Content-Security-Policy and walks through every page, in light and dark:
// `npm run build && npm run check:build`. Fails on a violated policy, a message on the console, or an accessibility fault that axe
// calls serious. The shell is played by fixtures. Needs a Chromium: CHROMIUM=/path, default `chromium` on the PATH.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";
import { createServer } from "vite";

/** What tauri.conf.json should say under app.security.csp. */
const POLICY = [
  "default-src 'self'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "font-src 'none'",
  "connect-src ipc: http://ipc.localhost", "object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join("; ");

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, "../dist");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const http = createHttpServer((request, response) => {
  const file = request.url === "/" ? "/index.html" : new URL(request.url, "http://x").pathname;
  try {
    const body = readFileSync(path.join(dist, path.normalize(file)));
    response.writeHead(200, { "content-type": TYPES[path.extname(file)] ?? "application/octet-stream", "content-security-policy": POLICY });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => { http.listen(0, "127.0.0.1", resolve); });
const origin = `http://127.0.0.1:${http.address().port}`;

const vite = await createServer({ root: path.join(here, ".."), server: { middlewareMode: true, hmr: false, ws: false }, appType: "custom", logLevel: "error" });
const { fixtureTransport } = await vite.ssrLoadModule("/dev/fixtures/transport.ts");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? execFileSync("which", ["chromium"], { encoding: "utf8" }).trim(),
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

const S = "/s/k7m2qxa";
const routes = [
  ["welcome", "/welcome"], ["full", `${S}/overview`], ["full", `${S}/funnel`], ["full", `${S}/preorders`], ["full", "open"], ["full", `${S}/stuck`], ["full", `${S}/leads`], ["full", `${S}/new-preorder`], ["full", `${S}/audit`], ["full", `${S}/bulk`], ["stopped", `${S}/stuck`], ["locked", `${S}/stuck`], ["viewer", `${S}/settings`], ["full", `${S}/health`],
  ["full", `${S}/klaviyo-events`], ["empty", `${S}/klaviyo-events`], ["full", `${S}/klaviyo-events?verdict=missing`], ["viewer", `${S}/klaviyo-events`],
  ["full", "policy"], ["full", "fill"],
  ["full", `${S}/audiences`], ["full", `${S}/audiences?audience=successful&currency=eur&least=100&with_disputed=1`], ["empty", `${S}/audiences`], ["full", "export"],
  ["full", `${S}/klaviyo`], ["empty", `${S}/klaviyo`], ["rejected", `${S}/klaviyo`], ["throttled", `${S}/klaviyo`], ["viewer", `${S}/klaviyo`],
  ["full", `${S}/settings`], ["offline", `${S}/health`], ["empty", `${S}/preorders`], ["readonly", "/s/file-aurora/overview"],
];

/** Routes that are a page with something opened on it: the page, and what is pressed. */
const opened = {
  policy: [`${S}/klaviyo-events`, "events-policy"], fill: [`${S}/klaviyo-events`, "events-fill"], export: [`${S}/audiences`, "audience-export"],
};

const faults = [];
for (const theme of ["light", "dark"]) {
  for (const [scene, route] of routes) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: theme, reducedMotion: "reduce" });
    const page = await context.newPage();
    const where = `${theme} ${scene} ${route}`;
    const fault = (text) => faults.push(`${where}: ${text}`);
    page.on("console", (message) => { if (["error", "warning"].includes(message.type())) fault(message.text()); });
    page.on("pageerror", (error) => fault(error.message));
    page.on("request", (request) => { if (!request.url().startsWith(origin) && !request.url().startsWith("data:")) fault(`asked ${request.url()}`); });
    const shell = fixtureTransport(scene);
    await page.exposeFunction("fixtureCall", async (name, store, args) => {
      try {
        return { reply: await shell.call(name, store, args) };
      } catch (error) {
        return { error };
      }
    });
    await page.addInitScript(() => {
      let next = 1;
      window.__TAURI_INTERNALS__ = {
        transformCallback: () => next++,
        unregisterCallback: () => undefined,
        invoke: async (command, args) => {
          if (command !== "call") return 0;
          const { reply, error } = await window.fixtureCall(args.name, args.store, args.args);
          if (error !== undefined) throw error;
          return reply;
        },
      };
    });
    const [at, pressed] = opened[route] ?? [route];
    await page.goto(`${origin}/#${route === "open" ? `${S}/preorders?status=refunded` : at}`);
    await page.locator("h1").first().waitFor();
    if (route === "open") {
      await page.getByTestId("preorder-row").first().click();
      await page.getByTestId("timeline-entry").first().waitFor();
    }
    if (pressed !== undefined) {
      await page.getByTestId(pressed).click();
      await page.getByRole("dialog").waitFor();
    }
    await page.waitForTimeout(300);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }));
    for (const { id, impact, nodes } of violations) {
      if (impact === "serious" || impact === "critical") fault(`axe ${id}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 140)} ${node.any[0]?.message ?? ""}`).join(" | ")}`);
    }
    await context.close();
  }
}
await browser.close();
await vite.close();
http.close();
for (const line of faults) console.error(line);
console.log(faults.length === 0 ? `${routes.length * 2} pages are sound under: ${POLICY}` : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
