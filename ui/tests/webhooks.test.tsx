import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { webhooksOf } from "../dev/fixtures/webhooks";
import { fixtureTransport } from "../dev/fixtures/transport";
import { replaceTransport } from "../src/ipc/call";
import { setLanguage } from "../src/i18n/setup";
import { openWindow } from "./window";

const HEALTH = "/s/k7m2qxa/health";

describe("webhooks in Health", () => {
  it("names both paths of an overlap, what it leads to, and what to do", async () => {
    openWindow("full", HEALTH);
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("2 enabled endpoints take checkout.session.completed");
    expect(within(alert).getByText("/api/payment/webhook")).toBeTruthy();
    expect(within(alert).getByText("/api/stripe/webhook")).toBeTruthy();
    expect(alert.textContent).toContain("granted twice");
    expect(alert.textContent).toContain("Disable all but one in Stripe's dashboard");
  });

  it("lists every endpoint with its status, version and types, and hostile addresses as text", async () => {
    openWindow("full", HEALTH);
    const rows = within(await screen.findByRole("table", { name: "Webhook endpoints" })).getAllByRole("row").slice(1);
    expect(rows.map((row) => (row.textContent.includes("Disabled") ? "disabled" : "enabled"))).toEqual(["enabled", "disabled", "enabled"]);
    expect(rows[0]?.textContent).toContain("2022-11-15");
    expect(rows[0]?.textContent).toContain("and 2 more");
    expect(rows[0]?.textContent).toContain("without charge.refunded");
    expect(rows[1]?.textContent).toContain("/hooks/<img src=x>");
    expect(rows[2]?.textContent).toContain("every type");
    expect(document.querySelector("img[src='x']")).toBeNull();
  });

  it("groups what did not arrive by type and by order, and each order is a link", async () => {
    openWindow("full", HEALTH);
    const types = await screen.findByRole("list", { name: "Undelivered events by type" });
    expect(within(types).getAllByRole("listitem")[0]?.textContent).toContain("checkout.session.completed5");
    const orders = screen.getByRole("table", { name: "Undelivered events by order" });
    const links = within(orders).getAllByRole("link");
    expect(links).toHaveLength(6);
    expect(links[0]?.getAttribute("href")).toContain("/s/k7m2qxa/preorders/");
  });

  it("says why an event could never be delivered, and what is not known", async () => {
    openWindow("full", HEALTH);
    const never = await screen.findByRole("table", { name: "Never deliverable" });
    for (const reason of ["No known endpoint existed", "No endpoint took this type then", "Only disabled endpoints took it"]) {
      expect(within(never).getAllByText(new RegExp(reason)).length).toBeGreaterThan(0);
    }
    expect(never.textContent).toContain("changed soon after, so it may have arrived");
    expect(screen.getByText(/An endpoint that was deleted before/)).toBeTruthy();
  });

  it("says which permission is missing, and claims nothing", async () => {
    openWindow("restricted", HEALTH);
    expect(await screen.findByText("rak_webhook_read")).toBeTruthy();
    expect(screen.getByText("The endpoints were not looked at yet.")).toBeTruthy();
    expect(screen.getByText("Not known before the endpoints were looked at.")).toBeTruthy();
    expect(screen.queryByRole("table", { name: "Webhook endpoints" })).toBeNull();
  });

  it("says so when there is no endpoint, and when nothing is wrong", async () => {
    openWindow("empty", HEALTH);
    expect(await screen.findByText(/The account has no webhook endpoints/)).toBeTruthy();
    expect(screen.getByText("Every event was delivered.")).toBeTruthy();
    expect(screen.getByText("For every payment event there was an endpoint that took it.")).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("warns of a disabled endpoint nobody stands in for, in Chinese too", async () => {
    const { client } = openWindow("full", HEALTH);
    const made = fixtureTransport("full");
    const alone = webhooksOf("full", [], 1_800_000_000);
    const off = alone.endpoints.slice(1, 2).map((one) => ({ ...one, problems: ["disabled" as const] }));
    replaceTransport({
      ...made,
      call: async (name, store, args) => {
        const reply = await made.call(name, store, args);
        return name === "webhooks" ? Object.assign({}, reply, { endpoints: off, overlaps: [], unsubscribed: ["checkout.session.completed"] }) : reply;
      },
    });
    await screen.findByRole("table", { name: "Webhook endpoints" });
    await client.invalidateQueries();
    expect(await screen.findByText(/is disabled, and nobody stands in for it/)).toBeTruthy();
    expect(screen.getByText("No enabled endpoint takes these types, which orders need")).toBeTruthy();
    await setLanguage("zh-CN");
    expect(await screen.findByText(/已停用，也没有其他端点代替/)).toBeTruthy();
    await setLanguage("en");
  });
});

describe("the overview", () => {
  it("leads from an overlap to Health", async () => {
    openWindow("full", "/s/k7m2qxa/overview");
    const link = await screen.findByRole("link", { name: /2 webhook endpoints are told of the same payments/ });
    expect(link.getAttribute("href")).toContain(HEALTH);
  });
});
