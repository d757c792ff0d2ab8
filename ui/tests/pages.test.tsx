import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { SCENES } from "../dev/fixtures/transport";
import { setLanguage } from "../src/i18n/setup";
import { call } from "../src/ipc/call";
import { openWindow } from "./window";

const PAGES = ["overview", "stuck", "funnel", "preorders", "purchases", "wallets", "reconciliation", "klaviyo", "reports", "imports", "health", "settings"] as const;
/** Pages that know a sync state by the frame alone. */
const MORE_PAGES = ["leads", "new-preorder", "audit", "bulk", "reports/campaigns", "reports/flows", "reports/segments", "reports/forms"] as const;
const MORE_SCENES = new Set(["full", "empty", "offline", "readonly", "broken"]);
/** Scenes of who may write, and the pages where that shows. */
const DESK_SCENES = new Set(["guarded", "stopped", "locked", "viewer"]);
const DESK_PAGES = ["stuck", "preorders", "klaviyo", "reports", "settings"] as const;
/** Scenes of report syncs. */
const REPORT_PAGES = ["reports", "reports/campaigns", "reports/flows", "reports/segments", "reports/forms", "funnel"] as const;
const pagesOf = (scene: string): readonly string[] => (scene.startsWith("reports_") ? REPORT_PAGES : DESK_SCENES.has(scene) ? DESK_PAGES : MORE_SCENES.has(scene) ? [...PAGES, ...MORE_PAGES] : PAGES);
const storeOf = (scene: string) => (scene === "readonly" ? "file-aurora" : "k7m2qxa");

describe("every page in every state", () => {
  for (const scene of SCENES.filter((name) => name !== "welcome")) {
    it.each(pagesOf(scene))(`${scene}: %s`, async (page) => {
      const { view } = openWindow(scene, `/s/${storeOf(scene)}/${page}`);
      await waitFor(() => expect(view.container.querySelector("h1")).not.toBeNull());
      await waitFor(() => expect(view.container.querySelector('[aria-label="Reading the mirror"]')).toBeNull());
      expect(screen.getByTestId("freshness").textContent).not.toBe("");
      expect(view.container.querySelector("script, [src='x']")).toBeNull();
    });
  }

  it("in Chinese, without a word of English keys", async () => {
    await setLanguage("zh-CN");
    openWindow("full", "/s/k7m2qxa/overview");
    expect(await screen.findByRole("heading", { level: 1, name: "概览" })).toBeTruthy();
    await setLanguage("en");
  });
});

describe("the start", () => {
  it("goes to Welcome where there is no store, and says what is wrong with the keychain", async () => {
    openWindow("welcome", "/");
    expect(await screen.findByRole("heading", { name: "Connect Stripe" })).toBeTruthy();
    expect(await screen.findByText(/No Secret Service answers/)).toBeTruthy();
  });

  it("goes to the first store where there is one", async () => {
    localStorage.clear();
    const { router } = openWindow("full", "/");
    expect(await screen.findByRole("heading", { level: 1, name: "Overview" })).toBeTruthy();
    expect(router.state.location.pathname).toBe("/s/k7m2qxa/overview");
  });

  it("takes a live key as live, refuses a publishable one with the reason, and never shows the key", async () => {
    const user = userEvent.setup();
    const { calls } = openWindow("welcome", "/welcome");
    const field = await screen.findByLabelText("Stripe key");
    expect(field.getAttribute("type")).toBe("password");
    await user.type(screen.getByLabelText("Name of the shop"), "Aurora");
    await user.type(field, ["pk", "live", "4eC39HqLyjWDarjtT1zdp7dc"].join("_"));
    expect(screen.getByText(/publishable key/)).toBeTruthy();
    expect(screen.getByRole("button", { name: "Connect" })).toHaveProperty("disabled", true);
    await user.clear(field);
    const key = ["rk", "live", "4eC39HqLyjWDarjtT1zdp7dc"].join("_");
    await user.type(field, key);
    expect(screen.getByText(/Live restricted key/)).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Connect live store" }));
    await screen.findByRole("heading", { level: 1, name: "Overview" });
    expect(calls).toContainEqual({ name: "store_add", store: null, args: { name: "Aurora", key } });
    expect(document.body.innerHTML).not.toContain(key);
  });

  it("shows why a file cannot be opened, with hint and code", async () => {
    const user = userEvent.setup();
    openWindow("welcome", "/welcome");
    await user.click(await screen.findByRole("button", { name: "Open a file…" }));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("newer Foredeck");
    expect(alert.textContent).toContain("Update Foredeck");
    expect(alert.textContent).toContain("FILE_NEWER");
    expect(within(alert).getByRole("button", { name: "Copy error" })).toBeTruthy();
  });
});

describe("preorders", () => {
  it("shows another question from its top, and the one before where it was left", async () => {
    const { router } = openWindow("full", "/s/k7m2qxa/preorders");
    await screen.findAllByTestId("preorder-row");
    const grid = screen.getByRole("grid");
    grid.scrollTop = 1800;
    fireEvent.scroll(grid);
    await router.navigate({ to: "/s/$store/preorders", params: { store: "k7m2qxa" }, search: { sort: "amount" } });
    await waitFor(() => expect(screen.getByRole("grid").scrollTop).toBe(0));
    await router.navigate({ to: "/s/$store/preorders", params: { store: "k7m2qxa" }, search: {} });
    await waitFor(() => expect(screen.getByRole("grid").scrollTop).toBe(1800));
  });

  it("keeps the filter in the URL and asks the engine for it", async () => {
    const { asked } = openWindow("full", "/s/k7m2qxa/preorders?status=failed&sort=amount");
    const rows = await screen.findAllByTestId("preorder-row");
    for (const row of rows) expect(row.textContent).toContain("Failed");
    expect(asked("preorder_page")[0]?.args).toEqual({ status: ["failed"], sort: "amount", limit: 100 });
  });

  it("moves with j and k, opens with Enter, and comes back to the same row with Escape", async () => {
    const { router } = openWindow("full", "/s/k7m2qxa/preorders");
    const first = (await screen.findAllByTestId("preorder-row"))[0];
    fireEvent.keyDown(document.body, { key: "j" });
    fireEvent.keyDown(document.body, { key: "j" });
    fireEvent.keyDown(document.body, { key: "k" });
    fireEvent.keyDown(document.body, { key: "j" });
    const selected = await waitFor(() => {
      const row = document.querySelector('[data-testid="preorder-row"][aria-selected="true"]');
      expect(row).not.toBeNull();
      return row;
    });
    expect(selected).not.toBe(first);
    const id = selected?.getAttribute("data-id") ?? "";
    fireEvent.keyDown(document.body, { key: "Enter" });
    expect((await screen.findAllByTestId("timeline-entry")).length).toBeGreaterThan(0);
    expect(router.state.location.pathname).toBe(`/s/k7m2qxa/preorders/${id}`);
    fireEvent.keyDown(document.body, { key: "Escape" });
    await screen.findAllByTestId("preorder-row");
    expect(document.querySelector(`[data-id="${id}"]`)?.getAttribute("aria-selected")).toBe("true");
  });

  it("searches from the keyboard", async () => {
    const user = userEvent.setup();
    const { router } = openWindow("full", "/s/k7m2qxa/preorders");
    await screen.findAllByTestId("preorder-row");
    await user.keyboard("/");
    expect(document.activeElement).toBe(screen.getByLabelText("Search preorders"));
    await user.keyboard("mara");
    await waitFor(() => expect(router.state.location.search).toMatchObject({ q: "mara" }));
    await waitFor(() => {
      for (const row of screen.getAllByTestId("preorder-row")) expect(row.textContent).toContain("mara");
    });
  });

  it("shows hostile text as text", async () => {
    openWindow("full", "/s/k7m2qxa/preorders?q=%3Cscript");
    const row = (await screen.findAllByTestId("preorder-row"))[0];
    expect(row?.textContent).toContain("<script>alert(1)</script>@example.org");
    expect(document.querySelector("#root script, img[src='x']")).toBeNull();
  });

  it("reads the next page before the end, and says where the end is", async () => {
    // A sort of its own: a window remembers where each list was scrolled to.
    const { asked } = openWindow("full", "/s/k7m2qxa/preorders?sort=email");
    await screen.findAllByTestId("preorder-row");
    fireEvent.keyDown(document.querySelector('[data-grid="preorders"]') ?? document.body, { key: "End" });
    await waitFor(() => expect(asked("preorder_page").some((call) => JSON.stringify(call.args).includes('"after":"100"'))).toBe(true));
  });

  it("follows a change near the top, and only of its own store", async () => {
    const { asked, tell } = openWindow("full", "/s/k7m2qxa/preorders");
    await screen.findAllByTestId("preorder-row");
    const firstPages = () => asked("preorder_page").filter((call) => !JSON.stringify(call.args).includes('"after"')).length;
    const before = firstPages();
    tell({ store: "p3w9tzd", topics: ["preorders"] });
    tell({ store: "k7m2qxa", topics: ["preorders"] });
    tell({ store: "k7m2qxa", topics: ["preorders"] });
    await waitFor(() => expect(firstPages()).toBe(before + 1));
  });
});

describe("what the frame says", () => {
  it.each([
    ["offline", "Offline."], ["throttled", "Stripe asked to slow down."], ["rejected", "Stripe refuses this store's key."],
    ["nokey", "This store has no key."], ["following", "Another Foredeck polls this store."],
  ])("%s: %s", async (scene, words) => {
    openWindow(scene, "/s/k7m2qxa/overview");
    expect(await screen.findByText(words)).toBeTruthy();
  });

  it("marks a file as read-only, and offers nothing that writes", async () => {
    openWindow("readonly", "/s/file-aurora/health");
    expect(await screen.findByText("You are reading a mirror file.")).toBeTruthy();
    expect(screen.getByTestId("store-switcher").getAttribute("data-nature")).toBe("file");
    expect(screen.queryByRole("button", { name: "Sync now" })).toBeNull();
    expect(screen.queryByRole("button", { name: "Rebuild" })).toBeNull();
  });

  it("never calls a late mirror live", async () => {
    openWindow("late", "/s/k7m2qxa/overview");
    await waitFor(() => expect(screen.getByTestId("freshness").getAttribute("data-tone")).toBe("late"));
    expect(screen.getByTestId("freshness").textContent).not.toContain("live");
  });

  it("tells the page which kinds the key may not read", async () => {
    openWindow("restricted", "/s/k7m2qxa/preorders");
    expect(await screen.findByText("rak_dispute_read")).toBeTruthy();
  });

  it("shows progress in numbers", async () => {
    openWindow("backfill", "/s/k7m2qxa/overview");
    expect(await screen.findByText(/18,400 of 52,310/)).toBeTruthy();
  });

  it("says an error with hint and code", async () => {
    openWindow("broken", "/s/k7m2qxa/overview");
    expect((await screen.findByRole("alert")).textContent).toContain("MIRROR_DAMAGED");
  });
});

describe("the funnel", () => {
  it("counts, and every number leads to its orders", async () => {
    openWindow("full", "/s/k7m2qxa/funnel");
    const table = await screen.findByRole("table", { name: "By colour" });
    const links = within(table).getAllByRole("link");
    expect(links.some((link) => link.getAttribute("href")?.includes("step=paid") === true)).toBe(true);
    const unknown = within(table).getByText("Unknown").closest("tr");
    expect(unknown?.querySelector("a")?.getAttribute("href")).toMatch(/color=(&|$)/);
    expect(Number(screen.getByTestId("funnel-total-started").textContent)).toBeGreaterThan(100);
  });
});

describe("an order", () => {
  it("opens its JSON only when asked, as text", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", "/s/k7m2qxa/preorders?status=completed");
    fireEvent.click((await screen.findAllByTestId("preorder-row"))[0] ?? document.body);
    await screen.findAllByTestId("timeline-entry");
    expect(asked("raw_fact")).toHaveLength(0);
    await user.click(screen.getAllByRole("button", { expanded: false, name: /PaymentIntent/ })[0] ?? document.body);
    expect((await screen.findByLabelText(/JSON of/)).textContent).toContain("</pre><script>");
    expect(asked("raw_fact")).toHaveLength(1);
  });

  it("says in words why a payment failed or went back", async () => {
    openWindow("full", "/s/k7m2qxa/preorders?status=refunded");
    fireEvent.click((await screen.findAllByTestId("preorder-row"))[0] ?? document.body);
    const told = (await screen.findAllByTestId("timeline-entry")).map((entry) => entry.textContent).join("\n");
    expect(told).toMatch(/Refund made.*The customer asked for it/);
    expect(told).not.toContain("requested_by_customer");
    for (const one of screen.getAllByTitle("requested_by_customer")) expect(one.textContent).toContain("The customer asked for it");
  });

  it("that nobody knows is said plainly", async () => {
    openWindow("full", "/s/k7m2qxa/preorders/po_nothing");
    expect(await screen.findByText("No order has this id")).toBeTruthy();
  });
});

describe("settings", () => {
  it("saves only what was changed, after it was asked to", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", "/s/k7m2qxa/settings");
    const field = await screen.findByLabelText("While this window is in front");
    expect(screen.getByRole("button", { name: "Save" })).toHaveProperty("disabled", true);
    await user.clear(field);
    await user.type(field, "9");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(asked("settings_set")).toHaveLength(1));
    expect(asked("settings_set")[0]?.args).toMatchObject({ poll_front_s: 9, poll_back_s: 30, time_zone: "Europe/Berlin" });
  });

  it("says that others were set elsewhere meanwhile, and shows those in force", async () => {
    const user = userEvent.setup();
    openWindow("full", "/s/k7m2qxa/settings");
    const front = await screen.findByLabelText("While this window is in front");
    await user.clear(front);
    await user.type(front, "9");
    await call("settings_set", "k7m2qxa", { ...(await call("settings_get", "k7m2qxa", {})), poll_back_s: 44 });
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText(/changed elsewhere since they were read/)).toBeTruthy();
    await waitFor(() => expect(screen.getByLabelText("Otherwise")).toHaveProperty("value", "44 s"));
    const again = screen.getByLabelText("While this window is in front");
    expect(again).toHaveProperty("value", "5 s");
    await user.clear(again);
    await user.type(again, "9");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(screen.queryByText(/changed elsewhere since they were read/)).toBeNull());
    expect(await call("settings_get", "k7m2qxa", {})).toMatchObject({ poll_front_s: 9, poll_back_s: 44 });
  });

  it("removes a store only when its name is typed", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", "/s/k7m2qxa/settings");
    await user.click(await screen.findByRole("button", { name: "Remove store" }));
    const dialog = await screen.findByRole("dialog");
    const remove = within(dialog).getByRole("button", { name: "Remove store" });
    expect(remove).toHaveProperty("disabled", true);
    await user.type(within(dialog).getByRole("textbox"), "Aurora lamp");
    await user.click(remove);
    await waitFor(() => expect(asked("store_remove")[0]?.args).toEqual({ confirm_name: "Aurora lamp" }));
  });

  it("does not send a test key to a live store", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", "/s/k7m2qxa/settings");
    await user.click(await screen.findByRole("button", { name: "Set another key…" }));
    await user.type(screen.getByLabelText("Another Stripe key of the same account"), ["sk", "test", "4eC39HqLyjWDarjtT1zdp7dc"].join("_"));
    expect(screen.getByText(/This is a live store/)).toBeTruthy();
    expect(screen.getByRole("button", { name: "Check and set" })).toHaveProperty("disabled", true);
    expect(asked("store_set_key")).toHaveLength(0);
  });
});
