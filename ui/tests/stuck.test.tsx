import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { BulkView } from "../src/ipc/generated/BulkView";
import { openWindow } from "./window";

const STUCK = "/s/k7m2qxa/stuck";
const key = (name: string) => fireEvent.keyDown(document.body, { key: name });
const inHand = () => document.querySelector('[data-testid="finding-row"][aria-selected="true"]')?.getAttribute("data-id") ?? "";
const rowsOf = () => screen.getAllByTestId("finding-row").map((row) => row.getAttribute("data-id") ?? "");

describe("the stuck orders", () => {
  it("stand worst first, with the worst's colour on their count in the sidebar", async () => {
    openWindow("full", STUCK);
    const rows = await screen.findAllByTestId("finding-row");
    expect(within(rows[0] ?? document.body).getByRole("img", { name: "Critical" })).toBeTruthy();
    const count = await screen.findByTestId("stuck-count");
    expect(count.getAttribute("data-severity")).toBe("critical");
    expect(screen.getByText(`${count.textContent} open findings`)).toBeTruthy();
  });

  it("are walked with j and k, and Enter opens the order; the way back ends on the same finding", async () => {
    const { router } = openWindow("full", STUCK);
    await screen.findAllByTestId("finding-row");
    const ids = rowsOf();
    key("j");
    key("j");
    key("k");
    await waitFor(() => expect(inHand()).toBe(ids[1]));
    key("Enter");
    await screen.findAllByTestId("timeline-entry");
    expect(router.state.location.pathname).toContain("/preorders/");
    key("Escape");
    await screen.findAllByTestId("finding-row");
    await waitFor(() => expect(inHand()).toBe(ids[1]));
  });

  it("tell their evidence in words, and a code nobody knows as it came", async () => {
    openWindow("full", `${STUCK}?rule=payment_failed`);
    await screen.findAllByTestId("finding-row");
    const card = await screen.findByTestId("finding-card");
    const said = new Set<string>();
    for (const _row of screen.getAllByTestId("finding-row")) {
      said.add(card.textContent);
      key("j");
      await waitFor(() => expect(card.textContent).not.toBe(""));
    }
    said.add(card.textContent);
    const text = [...said].join(" ");
    expect(text).toContain("Not enough money on the account");
    expect(text).toContain("The card has expired");
    expect(text).toContain("a_code_of_next_year");
  });

  it("are narrowed to one rule, which stands in the URL", async () => {
    const user = userEvent.setup();
    const { router, asked } = openWindow("full", STUCK);
    await user.click(await screen.findByTestId("rule-missing_color"));
    await waitFor(() => expect(router.state.location.search).toEqual({ rule: "missing_color" }));
    expect(asked("finding_page").at(-1)?.args).toMatchObject({ rules: ["missing_color"], state: "open" });
  });

  it("are counted by rule only in the state that is listed", async () => {
    const { router } = openWindow("full", STUCK);
    const count = await screen.findByTestId("stuck-count");
    const go = (state: "resolved" | "snoozed") => router.navigate({ to: "/s/$store/stuck", params: { store: "k7m2qxa" }, search: { state } });
    const all = () => within(screen.getByRole("navigation", { name: "Rules" })).getByRole("button", { name: /^All/ });
    await waitFor(() => expect(all().textContent).toBe(`All${count.textContent}`));
    const open = screen.getAllByTestId(/^rule-/).length;
    await go("resolved");
    await waitFor(() => expect(all().textContent).toBe("All"));
    expect(screen.getAllByTestId(/^rule-/).length).toBeGreaterThanOrEqual(open);
    expect(screen.getByTestId("rule-missing_color").textContent).toBe("Colour missing");
    await go("snoozed");
    await waitFor(() => expect(all().textContent).toMatch(/^All\d+$/));
    expect(all().textContent).not.toBe(`All${count.textContent}`);
  });

  it("are snoozed with s and one digit: planned and run, and the next one is in hand", async () => {
    const { asked } = openWindow("full", STUCK);
    await screen.findAllByTestId("finding-row");
    const [first, second] = rowsOf();
    key("s");
    const dialog = await screen.findByRole("dialog");
    fireEvent.keyDown(within(dialog).getByRole("button", { name: /For an hour/ }), { key: "1" });
    await waitFor(() => expect(asked("action_run")).toHaveLength(1));
    const plan = asked("action_plan")[0]?.args;
    expect(plan).toMatchObject({ action: "set_finding", finding: first, state: "snoozed", note: null });
    await waitFor(() => expect(rowsOf()).not.toContain(first));
    expect(inHand()).toBe(second);
  });

  it("are dismissed only with a reason, and resolved with or without a note", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", STUCK);
    await screen.findAllByTestId("finding-row");
    key("d");
    const dialog = await screen.findByRole("dialog");
    const dismiss = within(dialog).getByRole("button", { name: "Dismiss" });
    expect(dismiss).toHaveProperty("disabled", true);
    await user.type(within(dialog).getByRole("textbox"), "Known customer");
    await user.click(dismiss);
    await waitFor(() => expect(asked("action_run")).toHaveLength(1));
    expect(asked("action_plan")[0]?.args).toMatchObject({ state: "dismissed", note: "Known customer" });
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    key("r");
    await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Resolve" }));
    await waitFor(() => expect(asked("action_run")).toHaveLength(2));
    expect(asked("action_plan")[1]?.args).toMatchObject({ state: "resolved", note: null });
  });

  it("leave g followed by s to the pages: nothing is snoozed", async () => {
    const { router } = openWindow("full", STUCK);
    await screen.findAllByTestId("finding-row");
    key("g");
    key("s");
    expect(await screen.findByRole("heading", { level: 1, name: "Settings" })).toBeTruthy();
    expect(router.state.location.pathname).toBe("/s/k7m2qxa/settings");
    expect(screen.queryByText(/^Snooze:/)).toBeNull();
  });

  it("are read again when findings change, and only those of this store", async () => {
    const { asked, tell } = openWindow("full", STUCK);
    await screen.findAllByTestId("finding-row");
    const before = asked("finding_page").length;
    tell({ store: "p3w9tzd", topics: ["findings"] });
    tell({ store: "k7m2qxa", topics: ["findings"] });
    await waitFor(() => expect(asked("finding_page")).toHaveLength(before + 1));
  });

  it("that are none say so", async () => {
    openWindow("empty", STUCK);
    expect(await screen.findByText("Nothing is stuck")).toBeTruthy();
    expect(screen.queryByTestId("stuck-count")).toBeNull();
  });
});

describe("many at once", () => {
  it("are marked with x and X, planned as one, confirmed once, and failures are named", async () => {
    const user = userEvent.setup();
    const { asked, client } = openWindow("full", `${STUCK}?rule=payment_failed`);
    await screen.findAllByTestId("finding-row");
    key("x");
    for (let step = 0; step < 4; step += 1) key("j");
    key("X");
    const bar = await screen.findByTestId("bulk-bar");
    expect(bar.textContent).toContain("5 selected");
    await user.click(within(bar).getByRole("button", { name: "Do" }));
    await user.click(await screen.findByRole("menuitem", { name: "New payment link" }));
    const plan = await screen.findByTestId("bulk-plan");
    expect(plan.textContent).toContain("Actions5");
    expect(asked("bulk_run")).toHaveLength(0);
    expect(asked("bulk_plan")[0]?.args).toMatchObject({ action: "new_link" });
    await user.click(screen.getByRole("button", { name: "Do all 5" }));
    const run = await screen.findByTestId("bulk-run");
    expect(run.textContent).toContain("4 done");
    expect(run.textContent).toContain("1 failed");
    expect(run.textContent).toContain("Stripe refused: the checkout is not open");
    expect(asked("bulk_run")).toHaveLength(1);

    // What has ended goes on no more, and what is paused does not by itself.
    const note = () => within(screen.getByTestId("bulk-run")).getByTestId("bulk-note").textContent;
    expect(note()).toBe("Bulk runs keeps what became of it.");
    const stands = (change: Partial<BulkView>) => client.setQueriesData<BulkView>({ queryKey: ["bulk_get"] }, (before) => (before === undefined ? before : { ...before, ...change }));
    stands({ waiting: 2, paused: true });
    await waitFor(() => expect(note()).toContain("waits until somebody lets it go on"));
    stands({ waiting: 2, paused: false });
    await waitFor(() => expect(note()).toContain("goes on by itself"));
  });

  it("that move real money of several currencies wait: one amount cannot confirm them", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", "/s/k7m2qxa/preorders?status=partially_refunded");
    await screen.findAllByTestId("preorder-row");
    key("j");
    key("x");
    await user.click(within(await screen.findByTestId("bulk-bar")).getByRole("button", { name: /^All \d+ that match$/ }));
    await user.click(screen.getByRole("button", { name: "Do" }));
    await user.click(await screen.findByRole("menuitem", { name: "Refund" }));
    await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Show the plan…" }));
    expect(await screen.findByText(/Do one currency at a time/)).toBeTruthy();
    expect(screen.getByRole("button", { name: /^Do all/ })).toHaveProperty("disabled", true);
    expect(asked("bulk_run")).toHaveLength(0);
  });

  it("can be all that match, page by page", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", "/s/k7m2qxa/preorders?status=completed");
    await screen.findAllByTestId("preorder-row");
    key("j");
    key("x");
    const bar = await screen.findByTestId("bulk-bar");
    const all = within(bar).getByRole("button", { name: /^All \d+ that match$/ });
    const total = /\d+/.exec(all.textContent)?.[0] ?? "";
    await user.click(all);
    await waitFor(() => expect(bar.textContent).toContain(`${total} selected`));
    expect(asked("preorder_page").at(-1)?.args).toMatchObject({ status: ["completed"] });
  });

  it("go on, pause and go on again on their own page", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", "/s/k7m2qxa/bulk");
    await user.click(await screen.findByRole("button", { name: "Pause" }));
    expect(await screen.findByText("Paused")).toBeTruthy();
    expect(asked("bulk_pause")[0]?.args).toMatchObject({ paused: true });
    await user.click(screen.getByRole("button", { name: "Go on" }));
    await waitFor(() => expect(asked("bulk_pause")[1]?.args).toMatchObject({ paused: false }));
  });
});
