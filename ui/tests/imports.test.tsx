import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { openWindow } from "./window";

const PATH = "~/Documents/purchases-2026-11.csv";

describe("an import", () => {
  it("is mapped on the first rows, checked, and loads a file with bad rows only by agreement", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", "/s/k7m2qxa/imports");
    await user.click(await screen.findByRole("button", { name: "Choose a file…" }));
    // What headers look like is chosen already; the first rows show what is in a column, as text.
    expect((await screen.findByTestId("field-user_id")).textContent).toContain("<b>user</b>");
    await user.selectOptions(await screen.findByRole("combobox", { name: "Column of PaymentIntent" }), "stripe_pi");
    await waitFor(() => expect(screen.getByTestId("field-payment_intent").textContent).toContain("pi_3QaX91"));
    expect(asked("import_preview").map(({ args }) => args)).toEqual([
      { kind: "purchases", path: PATH }, { kind: "purchases", path: PATH, map: { payment_intent: "stripe_pi" } },
    ]);

    await user.click(screen.getByRole("button", { name: "Check the file" }));
    expect((await screen.findByTestId("import-bad")).textContent).toBe("Bad2");
    const errors = screen.getByRole("table", { name: "Rows that cannot be taken" });
    expect(within(errors).getAllByRole("row")[1]?.textContent).toContain("17");
    expect(errors.textContent).toContain("is not a number");
    const load = screen.getByRole("button", { name: "Import 7 rows" });
    expect(load).toHaveProperty("disabled", true);
    await user.click(screen.getByRole("checkbox", { name: /leave out the 2 bad ones/ }));
    await user.click(load);
    await waitFor(() => expect(screen.getAllByTestId("import-batch")[0]?.textContent).toMatch(/^6/));
    expect(asked("import_run").map(({ args }) => args)).toEqual([
      { kind: "purchases", path: PATH, map: { payment_intent: "stripe_pi" }, dry_run: true },
      { kind: "purchases", path: PATH, map: { payment_intent: "stripe_pi" }, dry_run: false, accept_bad: true },
    ]);
  });

  it("asks for another agreement when the mapping was changed after the check", async () => {
    const user = userEvent.setup();
    openWindow("full", "/s/k7m2qxa/imports");
    await user.click(await screen.findByRole("button", { name: "Choose a file…" }));
    await user.click(await screen.findByRole("button", { name: "Check the file" }));
    await user.click(await screen.findByRole("checkbox", { name: /leave out the 2 bad ones/ }));
    await user.selectOptions(await screen.findByRole("combobox", { name: "Column of Checkout Session" }), "stripe_pi");
    await waitFor(() => expect(screen.queryByRole("button", { name: "Import 7 rows" })).toBeNull());
  });

  it("is not checked while a field that every row needs has no column", async () => {
    const user = userEvent.setup();
    openWindow("full", "/s/k7m2qxa/imports");
    await user.click(await screen.findByRole("button", { name: "Choose a file…" }));
    await user.selectOptions(await screen.findByRole("combobox", { name: "Column of Row id" }), "no column");
    expect((await screen.findByRole("alert")).textContent).toContain("No column is the id or payment_intent or session");
    expect(screen.getByRole("button", { name: "Check the file" })).toHaveProperty("disabled", true);
    expect(screen.getAllByText("needed").length).toBeGreaterThan(0);
  });

  it("says why a file cannot be read", async () => {
    const user = userEvent.setup();
    openWindow("full", "/s/k7m2qxa/imports?kind=usage_daily");
    await user.click(await screen.findByRole("button", { name: "Choose a file…" }));
    expect((await screen.findByRole("alert")).textContent).toContain("NUL byte");
  });

  it("can be looked at and not made in a file that is read-only", async () => {
    const user = userEvent.setup();
    openWindow("readonly", "/s/file-aurora/imports?kind=wallets");
    expect((await screen.findByRole("button", { name: "Remove batch 5" })).getAttribute("title")).toBe("This store is opened read-only");
    await user.click(screen.getByRole("button", { name: "Choose a file…" }));
    await user.click(await screen.findByRole("button", { name: "Check the file" }));
    const load = await screen.findByRole("button", { name: "Import 7 rows" });
    expect(load).toHaveProperty("disabled", true);
    expect(load.getAttribute("title")).toBe("This store is opened read-only");
  });
});

describe("a batch", () => {
  it("goes out of force when that is confirmed, and stays in the list", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", "/s/k7m2qxa/imports");
    await user.click(await screen.findByRole("button", { name: "Remove batch 3" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog.textContent).toContain("410 rows of purchases-2026-11.csv");
    expect(asked("import_remove")).toHaveLength(0);
    await user.click(within(dialog).getByRole("button", { name: "Remove" }));
    await waitFor(() => expect(screen.queryByRole("button", { name: "Remove batch 3" })).toBeNull());
    expect(asked("import_remove").map(({ args }) => args)).toEqual([{ batch: 3 }]);
    expect(screen.getAllByTestId("import-batch")).toHaveLength(4);
  });
});
