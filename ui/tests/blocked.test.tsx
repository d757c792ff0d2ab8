import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import { afterEach, describe, expect, it } from "vitest";

import { setLanguage } from "../src/i18n/setup";
import { openWindow } from "./window";

const STUCK = "/s/k7m2qxa/stuck?rule=payment_failed";
const LANGUAGES = [["en", "under Safety in Settings"], ["zh-CN", "“设置—安全”"]] as const;

afterEach(() => setLanguage("en"));

async function openFix(scene: string, url = STUCK) {
  const opened = openWindow(scene, url);
  await screen.findAllByTestId("finding-row");
  fireEvent.keyDown(document.body, { key: "f" });
  return { ...opened, dialog: await screen.findByRole("dialog"), user: userEvent.setup() };
}

async function openOrder(scene: string) {
  const { router } = openWindow(scene, "/s/k7m2qxa/preorders");
  const [row] = await screen.findAllByTestId("preorder-row");
  await userEvent.dblClick(row ?? document.body);
  await waitFor(() => expect(router.state.location.pathname).toMatch(/preorders\/./));
}

describe.each(LANGUAGES)("what is blocked, in %s,", (language, place) => {
  it.each(["guarded", "stopped"])("leads from the fix dialog to where that is changed (%s)", async (scene) => {
    await setLanguage(language);
    const { dialog, user, router } = await openFix(scene);
    await user.click(await within(dialog).findByTestId("fix-new_link"));
    const note = within(dialog).getByRole("note");
    expect(note.textContent).toContain(place);
    await user.click(within(note).getByRole("link", { name: i18next.t("guard.to_safety") }));
    await waitFor(() => expect(router.state.location.pathname).toBe("/s/k7m2qxa/settings"));
    expect(router.state.location.hash).toBe("safety");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("says so in the tooltips of an order's actions", async () => {
    await setLanguage(language);
    await openOrder("stopped");
    const link = await screen.findByRole("button", { name: i18next.t("action.new_link") });
    expect(link.getAttribute("title")).toContain(i18next.t("refusal.WRITES_STOPPED"));
    expect(link.getAttribute("title")).toContain(place);
  });

  it("names the place for every switch that blocks", () => {
    for (const code of ["WRITES_STOPPED", "WRITING_OFF", "RESEND_OFF"] as const) expect(i18next.t(`refusal_cure.${code}`, { lng: language })).toContain(place);
    for (const key of ["klaviyo_events.effect_stopped", "klaviyo_events.effect_writing_off"] as const) expect(i18next.t(key, { lng: language })).toContain(place);
  });
});

describe("a role that does not reach", () => {
  it("is named with the place where roles are set, and the way there", async () => {
    const { router } = openWindow("viewer", STUCK);
    const [row] = await screen.findAllByTestId("finding-row");
    fireEvent.click(row ?? document.body);
    const [line] = await screen.findAllByText(/^Needs the role Support or higher\. An owner sets roles under Operators in Settings\./);
    const way = within(line ?? document.body).getByRole("link", { name: "Operators" });
    await userEvent.click(way);
    await waitFor(() => expect(router.state.location.pathname).toBe("/s/k7m2qxa/settings"));
    expect(router.state.location.hash).toBe("operators");
  });

  it("is said of an order's actions too", async () => {
    await openOrder("viewer");
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: i18next.t("sheet.all_actions") }));
    const dialog = await screen.findByRole("dialog");
    await user.click(await within(dialog).findByTestId("fix-new_link"));
    const note = within(dialog).getByRole("note");
    expect(note.textContent).toContain("An owner sets roles under Operators in Settings.");
    expect(within(note).getByRole("link", { name: "Operators" })).toBeTruthy();
  });
});

describe("events that are held", () => {
  it("lead to where writing is started again", async () => {
    openWindow("stopped", "/s/k7m2qxa/klaviyo-events");
    const held = await screen.findByTestId("events-held");
    expect(held.textContent).toContain("under Safety in Settings");
    expect(within(held).getByRole("link", { name: "Safety" }).getAttribute("href")).toContain("/s/k7m2qxa/settings#safety");
  });
});
