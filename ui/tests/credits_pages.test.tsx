import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { call } from "../src/ipc/call";
import { openWindow } from "./window";

const STORE = "/s/k7m2qxa";

/** The payment that two rows of the made-up shop applied. */
async function twice(): Promise<string> {
  const { rows } = await call("reconcile", "k7m2qxa", { kind: "applied_twice", offset: 0 });
  return rows[0]?.payment_id ?? "";
}

describe("purchases", () => {
  it("are narrowed by their counts, which stand in the URL", async () => {
    const user = userEvent.setup();
    const { asked, router } = openWindow("full", `${STORE}/purchases`);
    await screen.findAllByTestId("purchase-row");
    await user.click(screen.getByRole("button", { name: /^\d+ unmapped$/ }));
    await waitFor(() => expect(router.state.location.search).toEqual({ coverage: "unmapped" }));
    await waitFor(() => {
      for (const row of screen.getAllByTestId("purchase-row")) expect(row.textContent).toContain("Unmapped");
    });
    expect(asked("purchase_page").at(-1)?.args).toEqual({ coverage: "unmapped", limit: 100 });
    await user.click(screen.getByRole("button", { name: /^\d+ unmapped$/ }));
    await waitFor(() => expect(router.state.location.search).toEqual({}));
  });

  it("are called unmapped only where there is a plan table", async () => {
    openWindow("noplans", `${STORE}/purchases`);
    await screen.findAllByTestId("purchase-row");
    expect(screen.queryByRole("button", { name: /unmapped/ })).toBeNull();
    expect(screen.getByRole("link", { name: "Plan table in Settings" })).toBeTruthy();
  });

  it("open from the keyboard, and the way back ends on the row", async () => {
    const { router } = openWindow("full", `${STORE}/purchases`);
    await screen.findAllByTestId("purchase-row");
    fireEvent.keyDown(document.body, { key: "j" });
    const id = await waitFor(() => {
      const row = document.querySelector('[data-testid="purchase-row"][aria-selected="true"]');
      expect(row).not.toBeNull();
      return row?.getAttribute("data-id") ?? "";
    });
    fireEvent.keyDown(document.body, { key: "Enter" });
    await screen.findByRole("region", { name: "The purchase in short" });
    expect(router.state.location.pathname).toBe(`${STORE}/purchases/${id}`);
    fireEvent.keyDown(document.body, { key: "Escape" });
    await screen.findAllByTestId("purchase-row");
    expect(document.querySelector(`[data-id="${id}"]`)?.getAttribute("aria-selected")).toBe("true");
  });

  it("say where nothing matches, and lead back to all", async () => {
    const user = userEvent.setup();
    openWindow("full", `${STORE}/purchases?q=nobody`);
    expect(await screen.findByText("No purchase matches")).toBeTruthy();
    await user.click(screen.getAllByRole("button", { name: "Clear filters" })[0] ?? document.body);
    expect((await screen.findAllByTestId("purchase-row")).length).toBeGreaterThan(0);
  });
});

describe("a purchase", () => {
  it("that was granted twice is taken back from here, by a plan that is filled in already", async () => {
    const user = userEvent.setup();
    const { router, asked } = openWindow("full", `${STORE}/overview`);
    const id = await twice();
    await router.navigate({ to: "/s/$store/purchases/$id", params: { store: "k7m2qxa", id } });
    await user.click(within(await screen.findByTestId("applied-twice")).getByRole("button", { name: "Take credits back…" }));
    const dialog = await screen.findByRole("dialog");
    await within(dialog).findByTestId("fix-reverse_grant");
    expect(within(dialog).getByLabelText("Payment")).toHaveProperty("value", id);
    await user.click(within(dialog).getByRole("button", { name: "Show the plan…" }));
    await waitFor(() => expect(asked("action_plan")[0]?.args).toMatchObject({ action: "reverse_grant", payment: id }));
    expect(asked("action_run")).toHaveLength(0);
  });

  it("that was applied twice shows both rows side by side with the event each came by", async () => {
    const { router, asked } = openWindow("full", `${STORE}/overview`);
    await router.navigate({ to: "/s/$store/purchases/$id", params: { store: "k7m2qxa", id: await twice() } });
    const both = await screen.findByTestId("applied-twice");
    expect(both.textContent).toContain("/webhooks/stripe");
    expect(both.textContent).toContain("/webhooks/stripe-legacy");
    expect(both.textContent).toContain("Payment succeeded");
    expect(both.textContent).toContain("Checkout completed");
    expect(both.textContent).toContain("purchases-2026-11.csv");
    expect(screen.getAllByText("Applied twice").length).toBeGreaterThan(1);
    // An event opens to its stored JSON, and only then.
    expect(asked("raw_fact")).toHaveLength(0);
    fireEvent.click(within(both).getAllByRole("button", { expanded: false })[0] ?? document.body);
    await waitFor(() => expect(asked("raw_fact")).toHaveLength(1));
  });

  it("says which rule matched, and leads to its order and its owner's wallet", async () => {
    const { router } = openWindow("full", `${STORE}/overview`);
    const { rows } = await call("purchase_page", "k7m2qxa", { coverage: "plan", status: "paid" });
    const [row] = rows;
    await router.navigate({ to: "/s/$store/purchases/$id", params: { store: "k7m2qxa", id: row?.payment_id ?? "" } });
    expect(await screen.findByText(/^It buys \w+: [\d,]+ credits\./)).toBeTruthy();
    expect(screen.getByText(row?.rule?.split(" ")[1] ?? "-")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Order" }).getAttribute("href")).toContain(`/preorders/${row?.preorder_id ?? "-"}`);
    expect(decodeURIComponent(screen.getByRole("link", { name: "Wallet" }).getAttribute("href") ?? "")).toContain(`/wallets/${row?.owner ?? "-"}`);
  });

  it("that nobody knows is said plainly", async () => {
    openWindow("full", `${STORE}/purchases/pi_nothing`);
    expect(await screen.findByText("No purchase has this id")).toBeTruthy();
  });
});

describe("the question whether it has been paid", () => {
  it("is answered with exactly what the engine says, and in words; and only reads", async () => {
    const user = userEvent.setup();
    const { asked, calls } = openWindow("full", `${STORE}/purchases`);
    const id = await twice();
    await screen.findAllByTestId("purchase-row");
    await user.click(screen.getByRole("button", { name: "Has it been paid?" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog.textContent).toContain("It only reads");
    await user.type(within(dialog).getByLabelText("Any id"), id);
    await user.click(within(dialog).getByRole("button", { name: "Look up" }));
    const answer = await call("purchase_status", "k7m2qxa", { id });
    expect((await within(dialog).findByTestId("lookup-json")).textContent).toBe(JSON.stringify(answer, null, 2));
    expect(Object.keys(answer)).toEqual(["status", "wallet", "purchaseApplied"]);
    expect(within(dialog).getByText(/It was paid/)).toBeTruthy();
    expect(asked("purchase_status")[0]?.args).toEqual({ id });
    expect(calls.some(({ name }) => name === "wallet_adjust" || name === "plan_set")).toBe(false);
  });

  it("does not claim to know what was not imported", async () => {
    const user = userEvent.setup();
    openWindow("unimported", `${STORE}/purchases`);
    await screen.findAllByTestId("purchase-row");
    await user.click(screen.getByRole("button", { name: "Has it been paid?" }));
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText("Any id"), "pi_nothing{Enter}");
    expect((await within(dialog).findByTestId("lookup-json")).textContent).toBe('{\n  "status": "not_found"\n}');
    expect(within(dialog).getByText(/its purchases were not imported/)).toBeTruthy();
  });
});

describe("wallets", () => {
  it("sort by balance and keep to those below zero, in the URL", async () => {
    const user = userEvent.setup();
    const { asked, router } = openWindow("full", `${STORE}/wallets`);
    await screen.findAllByTestId("wallet-row");
    await user.click(screen.getByRole("button", { name: "Balance" }));
    await waitFor(() => expect(router.state.location.search).toEqual({ sort: "balance" }));
    await user.click(screen.getByRole("button", { name: "Below zero" }));
    await waitFor(() => expect(asked("wallet_page").at(-1)?.args).toEqual({ negative: true, sort: "balance", ascending: false, limit: 100 }));
    await waitFor(() => {
      for (const row of screen.getAllByTestId("wallet-row")) expect(row.textContent).toContain("-");
    });
  });

  it("say that spending is not known", async () => {
    openWindow("unimported", `${STORE}/wallets`);
    expect(await screen.findByText(/spending was not imported/)).toBeTruthy();
  });

  it("have a ledger that ends on the balance, with the shop's own wallet beside it", async () => {
    const { router } = openWindow("full", `${STORE}/overview`);
    await router.navigate({ to: "/s/$store/wallets/$owner", params: { store: "k7m2qxa", owner: "user_1000" } });
    const entries = await screen.findAllByTestId("ledger-entry");
    const { wallet } = await call("wallet_sheet", "k7m2qxa", { owner: "user_1000" });
    const last = entries.at(-1)?.querySelectorAll("td")[3]?.textContent;
    expect(last).toBe(new Intl.NumberFormat("en").format(wallet.balance));
    expect(screen.getByText("row 17 of batch 5")).toBeTruthy();
    expect(screen.getByText("Shop less here").nextSibling?.textContent).toBe("+40");
    expect(within(entries[1] ?? document.body).getByRole("link").getAttribute("href")).toContain("/purchases/pi_");
  });
});

describe("an adjustment", () => {
  it("needs credits and a reason, shows what comes of it, and is sent once", async () => {
    const user = userEvent.setup();
    localStorage.clear();
    const { asked } = openWindow("full", `${STORE}/wallets/user_1000`);
    await user.click(await screen.findByRole("button", { name: "Adjust…" }));
    const dialog = await screen.findByRole("dialog");
    const confirm = within(dialog).getByRole("button", { name: "Adjust" });
    expect(dialog.textContent).toContain("Nothing is sent");
    const { wallet } = await call("wallet_sheet", "k7m2qxa", { owner: "user_1000" });
    await user.type(within(dialog).getByLabelText("Credits"), "-40");
    expect(within(dialog).getByTestId("balance-after").textContent).toBe(new Intl.NumberFormat("en").format(wallet.balance - 40));
    expect(confirm).toHaveProperty("disabled", true);
    await user.type(within(dialog).getByLabelText("Reason"), "given twice by phone");
    await user.click(confirm);
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(asked("wallet_adjust").map(({ args }) => args)).toEqual([{ owner: "user_1000", credits: -40, reason: "given twice by phone" }]);
    expect(await screen.findByText("given twice by phone")).toBeTruthy();
    expect(screen.getByText("ours")).toBeTruthy();
  });

  it("cannot be made in a file that is read-only, and says why", async () => {
    openWindow("readonly", "/s/file-aurora/wallets/user_1000");
    const button = await screen.findByRole("button", { name: "Adjust…" });
    expect(button).toHaveProperty("disabled", true);
    expect(button.getAttribute("title")).toBe("This store is opened read-only");
  });
});

describe("reconciliation", () => {
  it("counts each kind, and a count filters the list", async () => {
    const user = userEvent.setup();
    const { router } = openWindow("full", `${STORE}/reconciliation`);
    expect(await screen.findAllByTestId("difference-row")).toHaveLength(8);
    await user.click(screen.getByTestId("kind-paid_not_applied"));
    await waitFor(() => expect(router.state.location.search).toEqual({ kind: "paid_not_applied" }));
    await waitFor(() => expect(screen.getAllByTestId("difference-row")).toHaveLength(2));
    const [row] = screen.getAllByTestId("difference-row");
    expect(row?.textContent).toContain("Somebody paid and waits for their credits.");
    expect(row?.textContent).toContain("No row of the shop names this payment.");
    expect(within(row ?? document.body).getAllByRole("link").map((link) => link.getAttribute("href")?.split("/")[3])).toEqual(["wallets", "purchases"]);
    // The cards stay: they count all differences.
    expect(screen.getByTestId("kind-applied_twice")).toBeTruthy();
  });

  it("says what could not be compared, and does not call that right", async () => {
    openWindow("unimported", `${STORE}/reconciliation`);
    expect(await screen.findByText("Nothing was compared yet")).toBeTruthy();
    const missing = screen.getByRole("region", { name: "What could not be compared" });
    for (const words of [/purchases were not imported/, /wallets were not imported/, /spending is not known/, /users were not imported/]) {
      expect(within(missing).getByText(words)).toBeTruthy();
    }
    expect(screen.queryByText("Everything adds up")).toBeNull();
  });

  it("says that everything adds up only where something was compared", async () => {
    openWindow("balanced", `${STORE}/reconciliation`);
    expect(await screen.findByText("Everything adds up")).toBeTruthy();
  });

  it("leads to the plan table where there is none", async () => {
    openWindow("noplans", `${STORE}/reconciliation`);
    expect(await screen.findByText(/There is no plan table: what a payment should grant/)).toBeTruthy();
    expect(screen.getByRole("link", { name: "Plan table in Settings" })).toBeTruthy();
  });

  it("is read again only when a person asks", async () => {
    const user = userEvent.setup();
    const { asked, tell } = openWindow("full", `${STORE}/reconciliation`);
    await screen.findAllByTestId("difference-row");
    tell({ store: "k7m2qxa", topics: ["preorders"] });
    const newer = await screen.findByRole("button", { name: "Newer data: show it" });
    expect(asked("reconcile")).toHaveLength(1);
    await user.click(newer);
    await waitFor(() => expect(asked("reconcile")).toHaveLength(2));
  });
});

describe("the plan table", () => {
  const rules = async () => (await call("plan_list", "k7m2qxa", {})).rules.map(({ rule }) => rule);

  it("shows what a rule for unmapped payments changes, and saves exactly that", async () => {
    const user = userEvent.setup();
    localStorage.clear();
    const { asked } = openWindow("full", `${STORE}/settings`);
    const before = (await screen.findAllByTestId("plan-rule")).length;
    const stored = await rules();
    await user.click(screen.getByRole("button", { name: "Add rule…" }));
    let dialog = await screen.findByRole("dialog");
    expect(within(dialog).getByLabelText("Value")).toHaveProperty("value", "price_1PqGift");
    await user.type(within(dialog).getByLabelText("Plan"), "Gift");
    await user.type(within(dialog).getByLabelText("Credits for each one bought"), "250");
    await user.click(within(dialog).getByRole("button", { name: "Add" }));
    await waitFor(() => expect(screen.getAllByTestId("plan-rule")).toHaveLength(before + 1));
    expect(asked("plan_set")).toHaveLength(0);
    await user.click(screen.getByRole("button", { name: "Show what changes…" }));
    dialog = await screen.findByRole("dialog", { name: "What changes" });
    expect(within(dialog).getByText("Gift")).toBeTruthy();
    expect(within(dialog).getByText("500 credits", { exact: false })).toBeTruthy();
    const save = within(dialog).getByRole("button", { name: "Save the plan table" });
    await user.click(save);
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(asked("plan_set").map(({ args }) => args)).toEqual([
      { rules: [...stored, { by: "price", value: "price_1PqGift", plan: "Gift", credits: 250 }], revision: 12 },
    ]);
  });

  it("shows the difference again where the settings were changed in the meantime", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", `${STORE}/settings`);
    const [first] = await screen.findAllByTestId("plan-rule");
    await user.click(within(first ?? document.body).getByRole("button", { name: /^Remove the rule/ }));
    await user.click(screen.getByRole("button", { name: "Show what changes…" }));
    const dialog = await screen.findByRole("dialog", { name: "What changes" });
    await call("settings_set", "k7m2qxa", await call("settings_get", "k7m2qxa", {}));
    await user.click(within(dialog).getByRole("button", { name: "Save the plan table" }));
    expect(await within(dialog).findByText("The settings were changed in the meantime.")).toBeTruthy();
    await waitFor(() => expect(asked("plan_preview")).toHaveLength(2));
    await user.click(within(dialog).getByRole("button", { name: "Save the plan table" }));
    await waitFor(() => expect(asked("plan_set").map(({ args }) => args).at(-1)).toMatchObject({ revision: 13 }));
  });

  it("shows a refusal at the rule it is about", async () => {
    const user = userEvent.setup();
    openWindow("full", `${STORE}/settings`);
    await screen.findAllByTestId("plan-rule");
    await user.click(screen.getByRole("button", { name: "Add a rule…" }));
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText("Value"), "prod_wrong");
    await user.type(within(dialog).getByLabelText("Plan"), "Gift");
    await user.click(within(dialog).getByRole("button", { name: "Add" }));
    await user.click(await screen.findByRole("button", { name: "Show what changes…" }));
    expect((await screen.findByRole("alert")).textContent).toContain("a price id starts with price_");
    expect(document.querySelector('[data-refused="true"]')?.textContent).toContain("prod_wrong");
  });

  it("is filled from prices: those that suggest credits, and any with credits typed", async () => {
    const user = userEvent.setup();
    openWindow("noplans", `${STORE}/settings`);
    await user.click(await screen.findByRole("button", { name: "Fill from products and prices…" }));
    const dialog = await screen.findByRole("dialog");
    await within(dialog).findByRole("button", { name: "Add 3 rules" });
    await user.type(within(dialog).getByLabelText("Credits of Gift card price_1PqGift"), "100");
    await user.click(within(dialog).getByRole("button", { name: "Add 4 rules" }));
    await waitFor(() => expect(screen.getAllByTestId("plan-rule")).toHaveLength(4));
  });

  it("can be read and not changed in a file, and says why", async () => {
    openWindow("readonly", "/s/file-aurora/settings");
    await screen.findAllByTestId("plan-rule");
    for (const name of ["Add a rule…", "Fill from products and prices…", "Show what changes…"]) {
      const button = screen.getByRole("button", { name });
      expect(button).toHaveProperty("disabled", true);
      expect(button.getAttribute("title")).toBe("This store is opened read-only");
    }
  });
});
