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

  it("say how many people, how many of them want mail and who was left out, and list them", async () => {
    const user = userEvent.setup();
    const { router, asked } = openWindow("full", AUDIENCES);
    expect((await screen.findByTestId("audience-abandoned")).textContent).toContain("bought since 9");
    await user.click(screen.getByTestId("audience-successful"));
    await waitFor(() => expect(router.state.location.search).toEqual({ audience: "successful" }));
    await user.click(screen.getByRole("button", { name: "With disputed" }));
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

  it("are held against a segment's own count, and a name of Klaviyo's is text", async () => {
    const user = userEvent.setup();
    openWindow("full", AUDIENCES);
    await user.type(await screen.findByLabelText("Segment id"), "Yb3Kx1");
    await user.click(screen.getByRole("button", { name: "Hold against Klaviyo" }));
    expect((await screen.findByTestId("segment")).textContent).toMatch(/Left <b>something<\/b>: \d+ here, 71 at Klaviyo .* still counting/);
  });
});
