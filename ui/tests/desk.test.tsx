import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { openWindow } from "./window";

const OVERVIEW = "/s/k7m2qxa/overview";
const SETTINGS = "/s/k7m2qxa/settings";

describe("the stop switch", () => {
  it("stops everything after one confirmation, and says so on every page", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", OVERVIEW);
    await user.click(await screen.findByTestId("stop-writes"));
    expect(asked("writes_stop")).toHaveLength(0);
    await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Stop all writes" }));
    expect(await screen.findByText("All writes of this store are stopped.")).toBeTruthy();
    expect(asked("writes_stop")).toHaveLength(1);
    expect(screen.getByTestId("write-state").textContent).toBe("Stopped");
  });

  it("is undone under Safety", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("stopped", SETTINGS);
    await user.click(await screen.findByRole("button", { name: "Start again" }));
    await waitFor(() => expect(asked("guard_set")[0]?.args).toMatchObject({ stopped: false, writing: true }));
    await waitFor(() => expect(screen.getByTestId("write-state").textContent).toBe("Writing on"));
  });

  it("is not there where a file is read", async () => {
    openWindow("readonly", "/s/file-aurora/overview");
    await screen.findByRole("heading", { level: 1, name: "Overview" });
    expect(screen.queryByTestId("stop-writes")).toBeNull();
  });
});

describe("a live store", () => {
  it("is marked all round, and reads only until writing is switched on", async () => {
    const user = userEvent.setup();
    const { asked, view } = openWindow("guarded", SETTINGS);
    expect((await screen.findByTestId("write-state")).textContent).toBe("Read-only");
    expect(view.container.querySelector('[data-nature="live"][data-writing="false"]')).not.toBeNull();
    await user.click(await screen.findByRole("switch", { name: /^Writing/ }));
    await user.click(screen.getByRole("button", { name: "Save safety" }));
    await waitFor(() => expect(asked("guard_set")[0]?.args).toMatchObject({ writing: true }));
    await waitFor(() => expect(view.container.querySelector('[data-nature="live"][data-writing="true"]')).not.toBeNull());
  });

  it("has caps in whole money, kept in minor units", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", SETTINGS);
    expect((await screen.findByTestId("guard-use")).textContent).toContain("¥38,800");
    const safety = within(document.getElementById("safety") ?? document.body);
    const [eur] = safety.getAllByLabelText("Most a day");
    await user.clear(eur ?? document.body);
    await user.type(eur ?? document.body, "1999.50");
    await user.click(safety.getByRole("button", { name: "Save safety" }));
    await waitFor(() => expect(asked("guard_set")[0]?.args).toMatchObject({ daily_money: { eur: 199_950 } }));
  });
});

describe("a locked desk", () => {
  it("asks who is there, reads on, and opens with the right passphrase", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("locked", "/s/k7m2qxa/stuck");
    const dialog = await screen.findByRole("dialog", { name: "Who is there?" });
    await user.click(within(dialog).getByRole("button", { name: "Read on" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    await screen.findAllByTestId("finding-row");
    const card = await screen.findByTestId("finding-card");
    expect(within(card).getByRole("button", { name: "Snooze" })).toHaveProperty("disabled", true);
    expect(within(card).getByText("Foredeck is locked: unlock it first")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Unlock" }));
    const again = await screen.findByRole("dialog", { name: "Who is there?" });
    const field = within(again).getByLabelText("Passphrase");
    await user.type(field, "something else");
    await user.click(within(again).getByRole("button", { name: "Unlock" }));
    expect(await within(again).findByText("The passphrase is wrong.")).toBeTruthy();
    expect(field).toHaveProperty("value", "");
    await user.type(field, "four plain words here");
    await user.click(within(again).getByRole("button", { name: "Unlock" }));
    await waitFor(() => expect(screen.queryByText("Foredeck is locked.")).toBeNull());
    expect((await screen.findByTestId("desk")).textContent).toContain("Noor");
    expect(asked("operator_unlock")).toHaveLength(2);
  });

  it("is left by hand, and stays open while somebody types: told at most every half minute", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("viewer", OVERVIEW);
    const desk = await screen.findByTestId("desk");
    for (const name of ["a", "b", "c"]) fireEvent.keyDown(document.body, { key: name });
    await waitFor(() => expect(asked("operator_touch")).toHaveLength(1));
    await user.click(desk);
    await user.click(await screen.findByRole("menuitem", { name: "Lock" }));
    expect(await screen.findByText("Foredeck is locked.")).toBeTruthy();
    expect(asked("operator_touch").length).toBeLessThanOrEqual(1);
  });
});

describe("roles", () => {
  it("that do not reach are named on what they may not do", async () => {
    openWindow("viewer", SETTINGS);
    await waitFor(() => expect(screen.getByRole("button", { name: "Remove store" }).getAttribute("title")).toBe("Needs the role Owner or higher. An owner sets roles under Operators in Settings."));
    expect(screen.getByTestId("stop-writes").getAttribute("title")).toBe("Needs the role Support or higher. An owner sets roles under Operators in Settings.");
    expect(screen.getByText("Needs the role Admin or higher. An owner sets roles under Operators in Settings.", { selector: "fieldset p" })).toBeTruthy();
  });

  it("are given by an owner, with a passphrase for each who is added", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", SETTINGS);
    await user.click(await screen.findByRole("button", { name: "Set the passphrase of Noor" }));
    await user.type(within(await screen.findByRole("dialog")).getByLabelText("Passphrase"), "four plain words here");
    await user.click(screen.getByRole("button", { name: "Set" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    await user.click(screen.getByRole("button", { name: "Add…" }));
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText("Name"), "Sam");
    const add = within(dialog).getByRole("button", { name: "Add" });
    await user.type(within(dialog).getByLabelText("Passphrase"), "short");
    expect(add).toHaveProperty("disabled", true);
    await user.type(within(dialog).getByLabelText("Passphrase"), " but now longer");
    await user.click(add);
    await waitFor(() => expect(asked("operator_add")[0]?.args).toEqual({ name: "Sam", role: "support", passphrase: "short but now longer" }));
    await waitFor(() => expect(screen.getAllByTestId("operator")).toHaveLength(2));
  });
});

describe("the audit", () => {
  it("opens a row as text, narrows to one operator, and says what a check found", async () => {
    const user = userEvent.setup();
    const { asked, router } = openWindow("offline", "/s/k7m2qxa/audit");
    const rows = await screen.findAllByTestId("audit-row");
    const headings = within(screen.getByRole("table", { name: "Audit" })).getAllByRole("columnheader").map((one) => one.textContent);
    expect(headings).toEqual(["No.", "When", "Operator", "What", "Action", "Order"]);
    expect(within(rows[0] ?? document.body).getAllByRole("cell")).toHaveLength(headings.length);
    await user.click(within(rows[0] ?? document.body).getByRole("button", { expanded: false }));
    expect((await screen.findByLabelText(/What row/, { selector: "pre" })).textContent).toContain('"verified": true');
    await user.click(screen.getByRole("button", { name: "Verify" }));
    const verdict = await screen.findByTestId("audit-verdict");
    expect(verdict.textContent).toContain("The audit is damaged from row 3.");
    expect(verdict.textContent).toContain("The row does not say what it said");
    await user.click(screen.getByRole("combobox", { name: "Operator" }));
    await user.click(await screen.findByRole("option", { name: "Noor", hidden: true }));
    await waitFor(() => expect(router.state.location.search).toEqual({ operator: "Noor" }));
    expect(asked("audit_page").at(-1)?.args).toMatchObject({ operator: "Noor", action: null });
  });

  it("lets the text of a row be selected without opening it", async () => {
    const user = userEvent.setup();
    openWindow("full", "/s/k7m2qxa/audit");
    const [row = document.body] = await screen.findAllByTestId("audit-row");
    const [, , operator = document.body] = within(row).getAllByRole("cell");
    const words = operator.querySelector("bdi, span") ?? operator;
    const name = words.textContent ?? "";
    const shown = () => within(row).queryByLabelText(/What row/, { selector: "pre" }) !== null;

    await user.pointer([{ keys: "[MouseLeft>]", target: words, offset: 0 }, { target: words, offset: name.length }, { keys: "[/MouseLeft]" }]);
    expect(window.getSelection()?.toString()).toBe(name);
    expect(shown()).toBe(false);

    await user.click(words);
    expect(shown()).toBe(true);
    await user.click(words);
    expect(shown()).toBe(false);

    // Two clicks select a word, and leave the row as it was.
    await user.dblClick(words);
    expect(window.getSelection()?.toString()).not.toBe("");
    expect(shown()).toBe(false);
  });

  it("opens and closes a row by the keyboard as before", async () => {
    const user = userEvent.setup();
    openWindow("full", "/s/k7m2qxa/audit");
    const [row = document.body] = await screen.findAllByTestId("audit-row");
    const toggle = within(row).getByRole("button", { name: /What row/ });
    for (const key of ["{Enter}", " "]) {
      toggle.focus();
      await user.keyboard(key);
      expect(toggle.getAttribute("aria-expanded")).toBe("true");
      await user.keyboard(key);
      expect(toggle.getAttribute("aria-expanded")).toBe("false");
    }
  });
});
