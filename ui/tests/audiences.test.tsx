import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { audienceFilter, readAudienceView } from "../src/lib/audience_filter";
import { openWindow } from "./window";

const AUDIENCES = "/s/k7m2qxa/audiences";

describe("audiences", () => {
  it("are narrowed by what the URL says, and by nothing that it cannot mean", () => {
    const view = readAudienceView({ audience: "successful", color: "Sand", age: "week", with_disputed: "1", with_refunded: "no", sel: "po_1", x: "y" });
    expect(audienceFilter(view)).toEqual({ color: "Sand", most_days: 7, with_disputed: true });
    expect(readAudienceView({ audience: "everybody", age: "century" })).toEqual({});
  });

  it("are narrowed by days, and by amounts of one currency", () => {
    const asked = (query: Record<string, unknown>) => audienceFilter(readAudienceView(query));
    expect(asked({ from: "2026-11-01", to: "2026-11-09", currency: "EUR", least: "4900", most: "9900" }))
      .toEqual({ from: "2026-11-01", to: "2026-11-09", currency: "eur", least_minor: 4900, most_minor: 9900 });
    expect(asked({ from: "2026-11-31", to: "2026-11-09" }), "a day that is none").toEqual({ to: "2026-11-09" });
    expect(asked({ from: "2026-11-09", to: "2026-11-01", currency: "eur", least: "2", most: "1" }), "crossed").toEqual({ currency: "eur" });
    expect(asked({ least: "4900" }), "an amount of no currency").toEqual({});
    expect(asked({ currency: "euro", least: "4900" })).toEqual({});
    expect(asked({ currency: "eur", least: "-1", most: "1.5" })).toEqual({ currency: "eur" });
    expect(asked({ segment: "Yb3Kx1" }), "what it is compared with narrows nothing").toEqual({});
  });

  it("are narrowed by worth once a currency is chosen, in the currency's own units, and it stands in the URL", async () => {
    const user = userEvent.setup();
    const { router, asked } = openWindow("full", AUDIENCES);
    expect(await screen.findByLabelText("Worth at least")).toHaveProperty("disabled", true);
    await user.type(screen.getByRole("combobox", { name: "Currency" }), "eur{Enter}");
    await waitFor(() => expect(router.state.location.search).toEqual({ currency: "eur" }));
    await user.type(screen.getByLabelText("Worth at least"), "49.001{Enter}");
    expect(await screen.findByText("Not an amount of this currency")).toBeTruthy();
    await user.clear(screen.getByLabelText("Worth at least"));
    await user.type(screen.getByLabelText("Worth at least"), "49.50{Enter}");
    await waitFor(() => expect(router.state.location.search).toEqual({ currency: "eur", least: "4950" }));
    await waitFor(() => expect(asked("audience_list").at(-1)?.args).toEqual({ currency: "eur", least_minor: 4950 }));
    await user.type(screen.getByLabelText("at most"), "20{Enter}");
    expect(await screen.findByText("The least is above the most")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Clear filters" }));
    await waitFor(() => expect(router.state.location.search).toEqual({}));
  });

  it("say how many people, how many of them want mail and who was left out, and list them", async () => {
    const user = userEvent.setup();
    const { router, asked } = openWindow("full", AUDIENCES);
    expect((await screen.findByTestId("audience-abandoned")).textContent).toContain("bought since 9");
    await user.click(screen.getByTestId("audience-successful"));
    await waitFor(() => expect(router.state.location.search).toEqual({ audience: "successful" }));
    await user.click(screen.getByRole("button", { name: "Also disputed" }));
    await waitFor(() => expect(asked("audience_page").at(-1)?.args).toMatchObject({ audience: "successful", filter: { with_disputed: true } }));
    expect((await screen.findAllByTestId("audience-row")).length).toBeGreaterThan(3);
  });

  it("are exported hashed for a platform unless said otherwise, and it is said where a file can be read", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", `${AUDIENCES}?audience=successful`);
    await waitFor(() => expect(screen.getByTestId("audience-export")).toHaveProperty("disabled", false));
    await user.click(screen.getByTestId("audience-export"));
    const dialog = within(await screen.findByRole("dialog", { name: "Export the audience" }));
    expect(dialog.getByText("E-mails and names are readable in this file.")).toBeTruthy();
    await user.click(dialog.getByRole("combobox", { name: "Format" }));
    await user.click(await screen.findByRole("option", { name: "Customer list of Meta", hidden: true }));
    expect(dialog.queryByText("E-mails and names are readable in this file.")).toBeNull();
    await user.click(dialog.getByRole("button", { name: "Choose a file…" }));
    await waitFor(() => expect(asked("audience_export")[0]?.args).toMatchObject({ audience: "successful", format: "meta", plain: false, consent_column: false }));
  });

  it("are held against a segment's own count that was picked by name, and a name of Klaviyo's is text", async () => {
    const user = userEvent.setup();
    const { router, asked } = openWindow("full", AUDIENCES);
    await waitFor(() => expect(screen.getByRole("combobox", { name: "Klaviyo segment" })).toHaveProperty("disabled", false));
    expect(asked("audience_segments"), "Klaviyo is not asked before somebody chooses").toEqual([]);
    await user.click(screen.getByRole("combobox", { name: "Klaviyo segment" }));
    expect((await screen.findAllByRole("option", { hidden: true })).map((one) => one.textContent))
      .toEqual(expect.arrayContaining(["Left <b>something</b>", "Bought in autumn (Rr41Zq)", "Bought in autumn (Ua90Lm)"]));
    await user.click(screen.getByRole("option", { name: "Left <b>something</b>", hidden: true }));
    await waitFor(() => expect(router.state.location.search).toEqual({ segment: "Yb3Kx1" }));
    await user.click(screen.getByRole("button", { name: "Hold against Klaviyo" }));
    expect((await screen.findByTestId("segment")).textContent).toMatch(/Left <b>something<\/b>: \d+ here, 71 at Klaviyo .* still counting/);
    expect(asked("audience_segment")[0]?.args).toMatchObject({ segment_id: "Yb3Kx1" });
  });

  it("are held against nothing where Klaviyo is not connected, and it is said why", async () => {
    openWindow("empty", AUDIENCES);
    expect(await screen.findByText("This store is not connected to Klaviyo.")).toBeTruthy();
    expect(screen.getByRole("combobox", { name: "Klaviyo segment" })).toHaveProperty("disabled", true);
  });
});
