import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import { afterEach, describe, expect, it } from "vitest";

import { fixtureTransport } from "../dev/fixtures/transport";
import { setLanguage } from "../src/i18n/setup";
import { replaceTransport } from "../src/ipc/call";
import { openWindow } from "./window";

afterEach(() => setLanguage("en"));

const STUCK = "/s/k7m2qxa/stuck";
const key = (name: string) => fireEvent.keyDown(document.body, { key: name });

async function fixOf(rule: string, scene = "full") {
  const opened = openWindow(scene, `${STUCK}?rule=${rule}`);
  await screen.findAllByTestId("finding-row");
  key("f");
  await screen.findAllByRole("radio");
  return { ...opened, dialog: await screen.findByRole("dialog"), user: userEvent.setup() };
}

describe("a fix", () => {
  it("is chosen first by its rule, shows what changes before anything is run, and hands the link over", async () => {
    const { dialog, user, asked } = await fixOf("payment_failed");
    expect(within(dialog).getByRole("radio", { checked: true }).textContent).toContain("New payment link");
    await user.click(within(dialog).getByRole("button", { name: "Show the plan…" }));
    const plan = await screen.findByTestId("plan");
    expect(within(plan).getByRole("table", { name: "What changes" }).textContent).toContain("Metadata preorderId");
    expect(plan.textContent).toContain("The link can be paid for a day");
    expect(plan.textContent).toContain("end the new checkout");
    expect(asked("action_run")).toHaveLength(0);
    const confirm = within(dialog).getByRole("button", { name: "New payment link" });
    fireEvent.click(confirm);
    fireEvent.click(confirm);
    const outcome = await screen.findByTestId("outcome");
    expect(asked("action_run")).toHaveLength(1);
    expect(outcome.textContent).toContain("https://checkout.stripe.com/c/pay/");
    expect(outcome.textContent).toContain("it is as planned");
    await user.click(within(outcome).getByRole("button", { name: "Mail draft" }));
    expect(JSON.stringify(asked("shell_open_url")[0]?.args)).toContain("mailto:");
  });

  it("puts the focus on what changes nothing, and Escape leaves it undone", async () => {
    const { dialog, user, asked } = await fixOf("payment_failed");
    await waitFor(() => expect(document.activeElement?.textContent).toBe("Show the plan…"));
    await user.keyboard("{Enter}");
    await screen.findByTestId("plan");
    await waitFor(() => expect(document.activeElement?.textContent).toBe("Back"));
    await user.keyboard("{Escape}");
    await waitFor(() => expect(dialog.isConnected).toBe(false));
    expect(asked("action_run")).toHaveLength(0);
  });

  it("that pays back real money waits until the amount is typed", async () => {
    const { dialog, user, asked } = await fixOf("paid_twice");
    await user.click(within(dialog).getByRole("button", { name: "Show the plan…" }));
    const money = await screen.findByTestId("plan-money");
    expect(money.textContent).toBe("Pays back $269.00");
    const refund = within(dialog).getByRole("button", { name: "Refund" });
    expect(refund).toHaveProperty("disabled", true);
    const field = within(dialog).getByLabelText(/Real money moves/);
    await user.type(field, "26.9");
    expect(refund).toHaveProperty("disabled", true);
    expect(screen.getByText("This is not the amount of the plan")).toBeTruthy();
    await user.clear(field);
    await user.type(field, "269");
    await user.click(refund);
    await screen.findByTestId("outcome");
    expect(asked("action_run")[0]?.args).toMatchObject({ confirm_amount: 26_900 });
    const step = within(screen.getByRole("list", { name: "What was sent" })).getByRole("listitem");
    expect(step.textContent).toContain("doneCreate refund");
    expect(within(step).getByTitle("/v1/refunds")).toBeTruthy();
  });

  it.each([["en", "Create refund", "Read checkout"], ["zh-CN", "创建退款", "读取结账"]] as const)("says of each call what it does, before its path, in %s", async (language, refund, read) => {
    await setLanguage(language);
    const { dialog, user } = await fixOf("paid_twice");
    const callsOf = async (action: string) => {
      await user.click(within(dialog).getByTestId(`fix-${action}`));
      await user.click(within(dialog).getByRole("button", { name: i18next.t("fix.show_plan") }));
      const plan = await screen.findByTestId("plan");
      return [...plan.querySelectorAll("details li")].map((line) => line.textContent);
    };
    expect(await callsOf("refund")).toEqual([expect.stringMatching(new RegExp(`^${refund}StripePOST /v1/refunds`))]);
    await user.click(within(dialog).getByRole("button", { name: i18next.t("fix.back") }));
    expect((await callsOf("refetch"))[0]).toMatch(new RegExp(`^${read}StripeGET /v1/checkout/sessions/cs_`));
  });

  it("of a part asks for that part, in the currency's own digits", async () => {
    const { dialog, user, asked } = await fixOf("paid_twice");
    const amount = within(dialog).getByLabelText(/^Amount/);
    await user.type(amount, "12.345");
    expect(within(dialog).getByRole("button", { name: "Show the plan…" })).toHaveProperty("disabled", true);
    await user.clear(amount);
    await user.type(amount, "12.30");
    await user.click(within(dialog).getByRole("button", { name: "Show the plan…" }));
    await screen.findByTestId("plan");
    expect(asked("action_plan")[0]?.args).toMatchObject({ action: "refund", amount_minor: 1230, reason: "duplicate" });
  });

  it("that the world overtook does nothing and offers the new plan", async () => {
    const { dialog, user, asked } = await fixOf("payment_failed");
    const made = fixtureTransport("full");
    let refused = 0;
    const before = made.call;
    replaceTransport({
      ...made,
      call: async (name, store, args) => {
        if (name === "action_run" && refused === 0) {
          refused += 1;
          // The shell rejects with plain data, not with an Error.
          // oxlint-disable-next-line no-throw-literal
          throw { code: "PLAN_CHANGED", message: "what it rests on is otherwise now", hint: "Make the plan again." };
        }
        return before(name, store, args);
      },
    });
    await user.click(within(dialog).getByRole("button", { name: "Show the plan…" }));
    await screen.findByTestId("plan");
    await user.click(within(dialog).getByRole("button", { name: "New payment link" }));
    expect(await screen.findByText("The world has changed since this plan.")).toBeTruthy();
    expect(within(dialog).getByRole("button", { name: "New payment link" })).toHaveProperty("disabled", true);
    await user.click(screen.getByRole("button", { name: "Show the new plan" }));
    await waitFor(() => expect(within(dialog).getByRole("button", { name: "New payment link" })).toHaveProperty("disabled", false));
    await user.click(within(dialog).getByRole("button", { name: "New payment link" }));
    await screen.findByTestId("outcome");
    expect(refused).toBe(1);
    expect(asked("order_actions").length).toBeGreaterThan(0);
  });

  it("that cannot be done now is shown with its reason, not hidden", async () => {
    const { dialog, user } = await fixOf("payment_failed", "guarded");
    const link = within(dialog).getByTestId("fix-new_link");
    expect(link.getAttribute("aria-disabled")).toBe("true");
    expect(link.textContent).toContain("Writing to this store is not switched on");
    await user.click(link);
    expect(within(dialog).getByText("Switch it on under Safety in Settings.")).toBeTruthy();
    expect(within(dialog).getByRole("button", { name: "Show the plan…" })).toHaveProperty("disabled", true);
  });

  it("that needs no network can be done offline", async () => {
    const { dialog, user } = await fixOf("missing_color", "offline");
    expect(within(dialog).getByTestId("fix-change_details").textContent).toContain("Needs Stripe, which cannot be reached");
    await user.click(within(dialog).getByTestId("fix-annotate"));
    await user.type(within(dialog).getByRole("textbox"), "Asked by mail");
    await user.click(within(dialog).getByRole("button", { name: "Show the plan…" }));
    expect((await screen.findByTestId("plan")).textContent).toContain("This stays here. Nothing is sent anywhere.");
  });

  it("of an orphan payment names the likeliest order first", async () => {
    const { dialog, user, asked } = await fixOf("orphan_payment");
    const [best] = within(dialog).getAllByRole("radio", { name: /85 %/ });
    expect(best).toHaveProperty("checked", true);
    await user.click(within(dialog).getByRole("button", { name: "Show the plan…" }));
    const plan = await screen.findByTestId("plan");
    expect(plan.textContent).toContain("The payment's e-mail is not the order's.");
    expect(asked("action_plan")[0]?.args).toMatchObject({ action: "link_payment" });
  });

  it("fills in only what is changed", async () => {
    const { dialog, user, asked } = await fixOf("missing_color");
    await user.type(within(dialog).getByRole("combobox", { name: "Colour" }), "Sand");
    await user.click(within(dialog).getByRole("button", { name: "Show the plan…" }));
    await screen.findByTestId("plan");
    expect(asked("action_plan")[0]?.args).toMatchObject({ action: "change_details", color: "Sand", email: null, locale: null, address: null });
  });
});

describe("an order's page", () => {
  it("has its findings on top and what was done about it, by whom", async () => {
    const user = userEvent.setup();
    openWindow("full", `${STUCK}?rule=payment_failed`);
    await screen.findAllByTestId("finding-row");
    key("Enter");
    const card = await screen.findByTestId("finding-card");
    expect(card.textContent).toContain("Payment failed");
    await user.click(await screen.findByRole("button", { name: "Add note" }));
    const dialog = await screen.findByRole("dialog");
    await user.type(await within(dialog).findByRole("textbox"), "Called back");
    await user.click(within(dialog).getByRole("button", { name: "Show the plan…" }));
    await screen.findByTestId("plan");
    await user.click(within(dialog).getByRole("button", { name: "Add note" }));
    await user.click(await within(dialog).findByRole("button", { name: "Done" }));
    expect(await screen.findByText("1 done or under way")).toBeTruthy();
  });
});

describe("the jump box", () => {
  it("opens the order that was typed, not the one that an earlier text had found", async () => {
    const user = userEvent.setup();
    openWindow("full", "/s/k7m2qxa/overview");
    const box = await screen.findByLabelText("Jump to an order");
    await user.type(box, "a");
    await waitFor(() => expect(screen.getAllByRole("option", { hidden: true }).length).toBeGreaterThan(2));
    const listed = screen.getAllByRole("option", { hidden: true }).map((option) => /\S+@\S+?\.(?:com|org|net)/.exec(option.textContent ?? "")?.[0]);
    const wanted = listed.findLast((email) => email !== undefined && email !== listed[0]) ?? "";
    expect(wanted).not.toBe("");
    await user.type(box, `${wanted.slice(1)}{Enter}`);
    expect((await screen.findByRole("heading", { level: 1, name: new RegExp(wanted.replaceAll(/[.+]/g, "\\$&")) })).textContent).toContain(wanted);
  });
});

describe("a new preorder", () => {
  it("is reached from the jump box, planned, and ends in its link", async () => {
    const user = userEvent.setup();
    const { asked, router } = openWindow("full", "/s/k7m2qxa/overview");
    await user.click(await screen.findByLabelText("Jump to an order"));
    await user.click(await screen.findByRole("option", { name: "New preorder", hidden: true }));
    expect(await screen.findByRole("heading", { level: 1, name: /New preorder/ })).toBeTruthy();
    expect(router.state.location.pathname).toBe("/s/k7m2qxa/new-preorder");
    const show = await screen.findByRole("button", { name: "Show the plan…" });
    expect(show).toHaveProperty("disabled", true);
    await user.type(screen.getByLabelText("E-mail"), "new.customer@example.org");
    await user.type(screen.getByRole("combobox", { name: "Colour" }), "Moss");
    await user.type(screen.getByRole("combobox", { name: "Locale" }), "de");
    await user.click(screen.getByRole("combobox", { name: "Price" }));
    await user.click((await screen.findAllByRole("option", { name: /€|\$|£/, hidden: true }))[0] ?? document.body);
    await user.click(show);
    await screen.findByTestId("plan");
    expect(asked("action_run")).toHaveLength(0);
    expect(asked("action_plan")[0]?.args).toMatchObject({ action: "new_preorder", email: "new.customer@example.org", color: "Moss", locale: "de", quantity: 1 });
    await user.click(screen.getByRole("button", { name: "New preorder" }));
    expect((await screen.findByTestId("outcome")).textContent).toContain("https://checkout.stripe.com/c/pay/");
  });
});
