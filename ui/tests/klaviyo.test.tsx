import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { fixtureTransport } from "../dev/fixtures/transport";
import { setLanguage } from "../src/i18n/setup";
import { replaceTransport } from "../src/ipc/call";
import { openWindow } from "./window";

const KLAVIYO = "/s/k7m2qxa/klaviyo";
const KEY = `pk_${"4a7f".repeat(8)}01`;

/** Types a key and has it tested. */
async function test(user: ReturnType<typeof userEvent.setup>, key: string) {
  await user.type(await screen.findByLabelText("Private key"), key);
  await user.click(screen.getByRole("button", { name: "Test key" }));
}
const chosen = () => screen.getAllByRole("radio").find((one) => one instanceof HTMLInputElement && one.checked)?.getAttribute("value");

describe("connecting Klaviyo", () => {
  it("judges a key as it is typed: its form blocks, its length only warns", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("empty", KLAVIYO);
    const field = await screen.findByLabelText("Private key");
    expect(field.getAttribute("type")).toBe("password");
    const button = screen.getByRole("button", { name: "Test key" });
    expect(button).toHaveProperty("disabled", true);
    await user.type(field, "XqT4fL");
    expect(screen.getByText(/This is the public id/)).toBeTruthy();
    expect(button).toHaveProperty("disabled", true);
    await user.clear(field);
    await user.type(field, "pk_with space");
    expect(screen.getByText(/characters that no key has/)).toBeTruthy();
    expect(button).toHaveProperty("disabled", true);
    await user.clear(field);
    await user.type(field, "pk_short");
    expect(screen.getByText(/is it whole/)).toBeTruthy();
    expect(button).toHaveProperty("disabled", false);
    await user.clear(field);
    await user.type(field, KEY);
    expect(screen.getByText("Looks like a private key.")).toBeTruthy();
    expect(asked("klaviyo_test")).toHaveLength(0);
  });

  it("tests, shows the account, scopes and metrics, and connects with the suggested one", async () => {
    const user = userEvent.setup();
    const { asked, client, router } = openWindow("empty", KLAVIYO);
    await test(user, KEY);
    await screen.findByText("Klaviyo takes the key");
    expect(document.activeElement?.textContent).toContain("Klaviyo takes the key");
    expect(screen.getByText("Aurora Lamp GmbH")).toBeTruthy();
    expect(screen.getByText("XqT4fL")).toBeTruthy();
    expect(screen.getByText("LIVE")).toBeTruthy();
    expect(within(screen.getByRole("table", { name: "Scopes" })).getByText("forms:read").closest("tr")?.textContent).toContain("unknown");
    const rows = screen.getAllByTestId("metric");
    expect(rows[0]?.textContent).toContain("Placed Order");
    expect(rows[0]?.textContent).toContain("suggested: Shopify's orders");
    expect(rows.filter((row) => row.textContent.includes("Clicked Email")).map((row) => row.textContent.includes("API"))).toEqual([true, false]);
    expect(document.querySelector("main b")).toBeNull();
    expect(chosen()).toBe("RkQ2xT");
    expect(screen.getByTestId("chosen-metric").textContent).toContain("takes the orders from Shopify as well");

    await user.type(screen.getByLabelText("Search metrics"), "placed api{Enter}");
    expect(screen.getAllByTestId("metric")).toHaveLength(1);
    expect(within(screen.getByTestId("chosen-metric")).getByTitle("do_not_order_sync: false")).toBeTruthy();
    expect(asked("klaviyo_connect")).toHaveLength(0);
    await user.click(screen.getByRole("radio"));
    expect(screen.getByTestId("chosen-metric").textContent).toContain("does not sync orders");
    expect(within(screen.getByTestId("chosen-metric")).getByTitle("do_not_order_sync: true")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Connect" }));
    await waitFor(() => expect(screen.getByTestId("klaviyo-state").getAttribute("data-status")).toBe("connected"));
    expect(asked("klaviyo_connect").map((call) => call.args)).toEqual([{ key: KEY, metric_id: "Zx81Po" }]);

    // The key is nowhere in the window once it was handed over.
    const left = JSON.stringify({ ...localStorage, ...sessionStorage }) + router.state.location.href + document.documentElement.innerHTML;
    expect(left).not.toContain(KEY);
    const cached = [...client.getMutationCache().getAll().map((one) => one.state), ...client.getQueryCache().getAll().map((one) => [one.queryKey, one.state.data])];
    expect(JSON.stringify(cached)).not.toContain(KEY);
  });

  it("says what is wrong with a key in words, and the field is empty again", async () => {
    const user = userEvent.setup();
    openWindow("empty", KLAVIYO);
    await test(user, "pk_wrong");
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("Klaviyo refuses this key");
    expect(alert.textContent).toContain("Make a new private key in Klaviyo");
    expect(alert.textContent).toContain("KLAVIYO_KEY_REJECTED");
    expect(screen.getByLabelText("Private key")).toHaveProperty("value", "");
    await test(user, "pk_wait");
    await waitFor(() => expect(screen.getByRole("alert").textContent).toContain("until 2026-11-22 07:46:48 UTC"));
    expect(screen.getByRole("alert").textContent).toContain("Nothing has to be done");
  });

  it("shows which scopes a narrow key lacks, and lets nobody connect with it; another key can be given", async () => {
    const user = userEvent.setup();
    openWindow("empty", KLAVIYO);
    await test(user, "pk_narrow");
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("metrics:read");
    expect(document.querySelector('[data-scope="metrics:read"]')?.getAttribute("data-state")).toBe("missing");
    expect(screen.getByRole("button", { name: "Connect" })).toHaveProperty("disabled", true);
    await user.click(screen.getByRole("button", { name: "Another key" }));
    expect(await screen.findByLabelText("Private key")).toHaveProperty("value", "");
  });

  it("uses the environment's key without being given it", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("empty", KLAVIYO);
    const made = fixtureTransport("empty");
    replaceTransport({
      ...made,
      call: async (name, store, args) => {
        const reply = await made.call(name, store, args);
        return name === "klaviyo_status" ? Object.assign({}, reply, { key_source: "environment", key_prefix: "pk_envi" }) : reply;
      },
    });
    expect(await screen.findByText(/FOREDECK_KLAVIYO_KEY gives the key/)).toBeTruthy();
    expect(screen.queryByLabelText("Private key")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Test key" }));
    expect(await screen.findByText("Klaviyo takes the key")).toBeTruthy();
    expect(asked("klaviyo_test")).toHaveLength(0);
  });
});

describe("a connection", () => {
  it("says where it stands, since when, with what account and metric", async () => {
    openWindow("full", KLAVIYO);
    const state = await screen.findByTestId("klaviyo-state");
    expect(state.getAttribute("data-status")).toBe("connected");
    expect(state.textContent).toContain("Report syncqueued");
    expect(state.querySelector("time")).not.toBeNull();
    expect(screen.getByTestId("klaviyo-metric").textContent).toContain("Placed OrderShopify");
    expect(screen.getByTestId("klaviyo-key").textContent).toContain("pk_4a7f…in the desktop's keychain");
    expect(screen.queryByTestId("klaviyo-mark")).toBeNull();
  });

  it.each([
    ["rejected", "disconnected", "KLAVIYO_KEY_REJECTED", "was revoked"],
    ["nokey", "disconnected", "NO_KLAVIYO_KEY", "There is no Klaviyo key at hand"],
    ["offline", "error", "OFFLINE", "Klaviyo cannot be reached"],
    ["restricted", "error", "KLAVIYO_SCOPE_MISSING", "lacks the scope metrics:read"],
  ])("%s: is %s, and says why", async (scene, status, code, words) => {
    openWindow(scene, KLAVIYO);
    const state = await screen.findByTestId("klaviyo-state");
    expect(state.getAttribute("data-status")).toBe(status);
    const alert = within(state).getByRole("alert");
    expect(alert.textContent).toContain(code);
    expect(alert.textContent).toContain(words);
    expect(screen.getByTestId("klaviyo-mark")).toBeTruthy();
  });

  it("says until when Klaviyo asks to wait", async () => {
    openWindow("throttled", KLAVIYO);
    const waits = await screen.findByTestId("klaviyo-waits");
    expect(waits.textContent).toContain("campaign-values-reports");
    expect(waits.textContent).toMatch(/not asked before .+ \(in 18 hr\.\)/);
    expect(screen.getByTestId("klaviyo-state").getAttribute("data-status")).toBe("connected");
  });

  it("speaks Chinese too, also of what went wrong", async () => {
    openWindow("rejected", KLAVIYO);
    await screen.findByTestId("klaviyo-state");
    await setLanguage("zh-CN");
    expect(await screen.findByText(/Klaviyo 拒绝此密钥/)).toBeTruthy();
    expect(screen.getByText("已断开")).toBeTruthy();
    await setLanguage("en");
  });

  it("gets another key without disconnecting, and refuses another account's", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", KLAVIYO);
    await user.click(await screen.findByRole("button", { name: "Set another key…" }));
    const field = screen.getByLabelText("Another private key of the same account");
    await user.type(field, "pk_other");
    await user.click(screen.getByRole("button", { name: "Check and set" }));
    expect((await screen.findByRole("alert")).textContent).toContain("another Klaviyo account");
    expect(field).toHaveProperty("value", "");
    await user.type(field, "pk_9new0123456789");
    await user.click(screen.getByRole("button", { name: "Check and set" }));
    await waitFor(() => expect(screen.getByTestId("klaviyo-key").textContent).toContain("pk_9new…"));
    expect(screen.queryByLabelText("Another private key of the same account")).toBeNull();
    expect(asked("klaviyo_rotate")).toHaveLength(2);
  });

  it("counts by another metric only after what is synced again was said", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", KLAVIYO);
    await user.click(await screen.findByRole("button", { name: "Change metric…" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Change the conversion metric" }));
    await dialog.findAllByTestId("metric");
    expect(dialog.getByText("chosen now")).toBeTruthy();
    expect(dialog.getByRole("button", { name: "Change metric" })).toHaveProperty("disabled", true);
    expect(asked("klaviyo_test")[0]?.args).toEqual({});
    await user.click(dialog.getByRole("radio", { name: /Placed Order.*API/ }));
    expect(dialog.getByText(/Campaign and flow reports are counted by it/)).toBeTruthy();
    await user.click(dialog.getByRole("button", { name: "Change metric" }));
    await waitFor(() => expect(screen.getByTestId("klaviyo-metric").textContent).toContain("Placed OrderAPI"));
    expect(asked("klaviyo_set_metric")[0]?.args).toEqual({ metric_id: "Zx81Po" });
    expect(await screen.findByText("Metric changed. To be synced again: campaigns, flows.")).toBeTruthy();
  });

  it("is tested on request: lists with samples, metrics, scopes, limits, revision, clock and a report to copy", async () => {
    const user = userEvent.setup();
    openWindow("full", KLAVIYO);
    await user.click(await screen.findByRole("button", { name: "Test connection" }));
    const checked = await screen.findByTestId("klaviyo-checked");
    expect(checked.textContent).toContain("12 lists");
    expect(checked.textContent).toContain("Waiting list: sand & stone");
    expect(checked.textContent).toContain("17, 1 of them custom");
    expect(checked.textContent).toContain("asked 2026-07-15, answered 2026-07-15");
    expect(checked.textContent).toContain("143 ms");
    expect(within(checked).getByRole("table", { name: "Limits" }).textContent).toContain("3,500");
    await user.click(within(checked).getByRole("button", { name: "Copy report" }));
    expect(await navigator.clipboard.readText()).toContain("conversion metric: RkQ2xT");
  });

  it("ends only when the account's id is typed, after what is cleared was shown", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", KLAVIYO);
    await user.click(await screen.findByRole("button", { name: "Disconnect…" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Disconnect Aurora Lamp GmbH" }));
    const preview = await dialog.findByTestId("disconnect-preview");
    expect(preview.textContent).toContain("the key, in the keychain");
    expect(preview.textContent).toContain("1 report sync");
    expect(preview.textContent).toContain("412 orders and their history stay");
    const button = dialog.getByRole("button", { name: "Disconnect" });
    expect(button).toHaveProperty("disabled", true);
    await user.type(dialog.getByRole("textbox"), "XqT4fL");
    await user.click(button);
    await waitFor(() => expect(screen.getByTestId("klaviyo-state").getAttribute("data-status")).toBe("not_configured"));
    expect(screen.getByTestId("klaviyo-state").textContent).toContain("Noor disconnected Klaviyo");
    expect(await screen.findByLabelText("Private key")).toBeTruthy();
    expect(asked("klaviyo_disconnect")).toHaveLength(1);
  });

  it("is changed by nobody whose role does not reach, and the reason is on the button", async () => {
    openWindow("viewer", KLAVIYO);
    for (const name of ["Set another key…", "Change metric…", "Disconnect…"]) {
      const button = await screen.findByRole("button", { name });
      await waitFor(() => expect(button.getAttribute("title")).toBe("Needs the role Admin or higher. An owner sets roles under Operators in Settings."));
      expect(button).toHaveProperty("disabled", true);
    }
    expect(screen.getByRole("button", { name: "Test connection" }).getAttribute("title")).toBe("Needs the role Support or higher. An owner sets roles under Operators in Settings.");
  });

  it("in a file is read, and changed by nobody", async () => {
    openWindow("readonly", "/s/file-aurora/klaviyo");
    const button = await screen.findByRole("button", { name: "Disconnect…" });
    await waitFor(() => expect(button.getAttribute("title")).toBe("This store is opened read-only"));
    expect(screen.queryByLabelText("Another private key of the same account")).toBeNull();
    expect(screen.getByText(/A mirror file has no keys/)).toBeTruthy();
    expect(screen.queryByTestId("klaviyo-mark")).toBeNull();
  });

  it("of a practice or test store to a live account is warned of", async () => {
    const user = userEvent.setup();
    openWindow("full", "/s/p3w9tzd/klaviyo");
    await user.click(await screen.findByRole("button", { name: "Test connection" }));
    expect(await screen.findByText(/what is sent would reach real people/)).toBeTruthy();
  });
});
