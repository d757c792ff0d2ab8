import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { choicesOf, firstChoice } from "../src/lib/fix_choice";
import { countOf, eventPageArgs, readEventFilter } from "../src/lib/event_filter";
import { openWindow } from "./window";

const EVENTS = "/s/k7m2qxa/klaviyo-events";
const rows = () => screen.getAllByTestId("event-row");

describe("the filter of Klaviyo events", () => {
  it("reads what can be meant from the URL, and asks the engine for it", () => {
    const filter = readEventFilter({ verdict: "missing", kind: "success", drifted: "1", sel: "po_1:success", more: "x" });
    expect(filter).toEqual({ verdict: "missing", kind: "success", drifted: true, sel: "po_1:success" });
    expect(eventPageArgs(filter)).toEqual({ verdict: "missing", kind: "success", drifted: true });
    expect(readEventFilter({ verdict: "lost", kind: "refunded", drifted: "0" })).toEqual({});
  });

  it("counts one kind or both", () => {
    const counts = [{ kind: "started" as const, verdict: "missing" as const, count: 2 }, { kind: "success" as const, verdict: "missing" as const, count: 3 }, { kind: "started" as const, verdict: "present" as const, count: 7 }];
    expect([countOf(counts, undefined), countOf(counts, "started"), countOf(counts, undefined, "missing"), countOf(counts, "success", "present")]).toEqual([12, 9, 5, 0]);
  });
});

describe("Klaviyo events", () => {
  it("say who tells, when Klaviyo was looked at, what is missing and what was sent; and are narrowed in the URL", async () => {
    const user = userEvent.setup();
    const { router, asked } = openWindow("full", EVENTS);
    const state = await screen.findByTestId("events-state");
    expect(state.getAttribute("data-policy")).toBe("observe");
    expect(state.textContent).toContain("sends only what somebody asks for");
    expect(screen.getByTestId("event-gaps").textContent).toMatch(/^\d+ events · \d+ orders · \d+ people · \d+ wants? no mail$/);
    expect(screen.getByTestId("events-sent").textContent).toContain("1 never seen");
    await screen.findAllByTestId("event-row");
    await user.click(screen.getByTestId("verdict-wrong_color"));
    await waitFor(() => expect(rows().every((row) => row.textContent.includes("Wrong colour"))).toBe(true));
    expect(rows()[0]?.textContent).toContain("<b>sand</b>");
    await user.click(screen.getByRole("button", { name: "Preorder succeeded" }));
    await waitFor(() => expect(router.state.location.search).toEqual({ verdict: "wrong_color", kind: "success" }));
    await waitFor(() => expect(asked("klaviyo_event_page").at(-1)?.args).toMatchObject({ verdict: "wrong_color", kind: "success" }));
  });

  it("lead to their orders, and the way back ends on the same row", async () => {
    const { router } = openWindow("full", `${EVENTS}?verdict=missing`);
    const first = (await screen.findAllByTestId("event-row"))[0]?.getAttribute("data-id") ?? "";
    fireEvent.keyDown(document.body, { key: "j" });
    fireEvent.keyDown(document.body, { key: "Enter" });
    await screen.findAllByTestId("timeline-entry");
    expect(router.state.location.pathname).toContain(encodeURIComponent(first.split(":")[0] ?? "?"));
    fireEvent.keyDown(document.body, { key: "Escape" });
    await screen.findAllByTestId("event-row");
    await waitFor(() => expect(document.querySelector('[data-testid="event-row"][aria-selected="true"]')?.getAttribute("data-id")).toBe(first));
  });

  it("are told by another policy only after what that does was said", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", EVENTS);
    await user.click(await screen.findByTestId("events-policy"));
    const dialog = within(await screen.findByRole("dialog", { name: "Who tells Klaviyo of orders" }));
    const set = await dialog.findByRole("button", { name: "Set it" });
    expect(set).toHaveProperty("disabled", true);
    await user.click(dialog.getByRole("radio", { name: /Fill gaps/ }));
    expect(dialog.getByTestId("policy-effects").textContent).toContain("60 minutes after it happened");
    expect(dialog.getByTestId("policy-effects").textContent).toContain("no flow mails anybody");
    expect(asked("settings_set")).toHaveLength(0);
    await user.click(set);
    await waitFor(() => expect(screen.getByTestId("events-state").getAttribute("data-policy")).toBe("fill_gaps"));
    expect(asked("settings_set")[0]?.args).toMatchObject({ klaviyo: { policy: "fill_gaps", missing_after_min: 60 } });
  });

  it("are not all sent from here while the shop's own site sends them, and that is said in words", async () => {
    const user = userEvent.setup();
    openWindow("full", EVENTS);
    await user.click(await screen.findByTestId("events-policy"));
    const dialog = within(await screen.findByRole("dialog", { name: "Who tells Klaviyo of orders" }));
    await user.click(await dialog.findByRole("radio", { name: /Send all/ }));
    expect(dialog.getByTestId("policy-effects").textContent).toContain("The shop's own site told Klaviyo of an order at");
    expect(dialog.getByTestId("policy-effects").textContent).toContain("200 mails a day");
    expect(dialog.getByRole("button", { name: "Set it" })).toHaveProperty("disabled", true);
    await user.click(dialog.getByRole("checkbox"));
    await user.click(dialog.getByRole("button", { name: "Set it" }));
    const alert = await dialog.findByRole("alert");
    expect(alert.textContent).toContain("people would be mailed twice");
    expect(alert.textContent).toContain("Switch its events off first");
    expect(screen.getByTestId("events-state").getAttribute("data-policy")).toBe("observe");
  });

  it("that are missing are sent as backfill unless somebody wants mail; nothing goes out before the plan is confirmed", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", EVENTS);
    await waitFor(() => expect(screen.getByTestId("events-fill")).toHaveProperty("disabled", false));
    await user.click(screen.getByTestId("events-fill"));
    const dialog = within(await screen.findByRole("dialog", { name: "Send what is missing" }));
    expect(dialog.getByRole("radio", { name: /Nobody is mailed/ })).toHaveProperty("checked", true);
    await user.click(dialog.getByRole("button", { name: "Show the plan…" }));
    expect((await dialog.findByTestId("bulk-mailed")).textContent).toContain("Nobody is mailed");
    expect(asked("klaviyo_events_check")).toHaveLength(1);
    expect(asked("klaviyo_events_fill")[0]?.args).toEqual({ mail: false });
    expect(dialog.getAllByTestId("plan")[0]?.textContent).toContain("Rolitt Preorder");
    expect(asked("bulk_run")).toHaveLength(0);
    await user.click(dialog.getByRole("button", { name: /^Do all/ }));
    expect((await dialog.findByTestId("bulk-run")).textContent).toContain("Send Klaviyo event");
    expect(asked("bulk_run")).toHaveLength(1);
    await user.click(dialog.getByRole("button", { name: "Done" }));
    await waitFor(() => expect(screen.getByTestId("events-fill").getAttribute("title")).toBe("Nothing is missing"));
  });

  it("that may mail people say how many, with a warning, before and in the plan", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", EVENTS);
    await waitFor(() => expect(screen.getByTestId("events-fill")).toHaveProperty("disabled", false));
    await user.click(screen.getByTestId("events-fill"));
    const dialog = within(await screen.findByRole("dialog", { name: "Send what is missing" }));
    await user.click(dialog.getByRole("radio", { name: /Let flows run/ }));
    expect(dialog.getByRole("alert").textContent).toMatch(/Up to \d+ people may get mail now/);
    expect(dialog.getByRole("alert").textContent).toContain("left out");
    await user.click(dialog.getByRole("button", { name: "Show the plan…" }));
    expect((await dialog.findByTestId("bulk-mailed")).textContent).toMatch(/may (make a flow )?mail/);
    expect(asked("klaviyo_events_fill")[0]?.args).toEqual({ mail: true });
    await user.click(dialog.getByRole("button", { name: "Cancel" }));
    expect(await dialog.findByRole("radio", { name: /Nobody is mailed/ })).toBeTruthy();
    expect(asked("bulk_run")).toHaveLength(0);
  });

  it("are looked at again on request, and what stands against that is said in words", async () => {
    const user = userEvent.setup();
    openWindow("offline", EVENTS);
    await waitFor(() => expect(screen.getByTestId("events-check")).toHaveProperty("disabled", false));
    await user.click(screen.getByTestId("events-check"));
    expect((await screen.findByText("Klaviyo cannot be reached.")).closest('[role="alert"]')?.textContent).toContain("OFFLINE");
  });

  it("need a connection, and a role that reaches", async () => {
    openWindow("empty", EVENTS);
    expect((await screen.findByRole("link", { name: "Connect Klaviyo" })).getAttribute("href")).toContain("/klaviyo");
    expect(screen.queryByTestId("events-fill")).toBeNull();
  });

  it("are changed by nobody whose role does not reach", async () => {
    openWindow("viewer", EVENTS);
    await waitFor(() => expect(screen.getByTestId("events-fill").getAttribute("title")).toBe("Needs the role Support or higher. An owner sets roles under Operators in Settings."));
    expect(screen.getByTestId("events-check")).toHaveProperty("disabled", true);
  });
});

describe("an order's own events", () => {
  it("stand on its page, and one that is missing is sent from there as what it is", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", `${EVENTS}?verdict=missing&kind=started`);
    await screen.findAllByTestId("event-row");
    fireEvent.keyDown(document.body, { key: "j" });
    fireEvent.keyDown(document.body, { key: "Enter" });
    const events = await screen.findByTestId("order-events");
    await user.click(within(events).getAllByRole("button", { name: "Send…" })[0] ?? events);
    const dialog = within(await screen.findByRole("dialog"));
    await waitFor(() => expect(dialog.getByRole("radio", { checked: true }).textContent).toContain("Send Klaviyo event: Preorder started"));
    await user.click(dialog.getByRole("button", { name: "Show the plan…" }));
    expect((await dialog.findByTestId("plan")).textContent).toContain("sent as backfill");
    await user.click(dialog.getByRole("button", { name: "Send Klaviyo event" }));
    expect((await dialog.findByTestId("outcome")).textContent).toContain("Seen at Klaviyo");
    expect(asked("action_plan")[0]?.args).toMatchObject({ action: "send_event", event: "started", mail: false });
  });

  it("of a finding is the one that is chosen first", () => {
    const request = (event: string) => ({ action: "send_event" as const, request: { action: "send_event" as const, order: "po_1", event, mail: false }, disabled: null });
    const finding = {
      id: "f", rule: "success_event_missing", severity: "warning" as const, state: "open" as const, subject: "po_1", order_id: "po_1", email: null, name: null, color: null, amount_minor: null, currency: null,
      first_seen: 1, opens_at: 1, deadline_at: null, snoozed_until: null, note: null, by: null, at: null, fixes: ["send_event" as const], evidence: [{ name: "klaviyo_event", text: "success", at: 1 }],
    };
    const subject = { order: "po_1", finding };
    const chosen = firstChoice(choicesOf([request("started"), request("success")], subject, () => null), subject);
    expect(chosen?.request).toMatchObject({ event: "success" });
  });
});

describe("what an order's events are called", () => {
  it("is set in Settings, and one name cannot stand for both", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", "/s/k7m2qxa/settings");
    const field = await screen.findByLabelText("Event of an order that was paid");
    fireEvent.change(field, { target: { value: "Rolitt Preorder Started" } });
    expect(screen.getByText("One name cannot stand for both events")).toBeTruthy();
    fireEvent.change(field, { target: { value: "Preorder paid" } });
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(asked("settings_set")[0]?.args).toMatchObject({ klaviyo: { success_event: "Preorder paid", policy: "observe" } }));
  });
});
