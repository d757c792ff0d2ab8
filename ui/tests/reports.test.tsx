import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { ReportDay } from "../src/ipc/generated/ReportDay";
import { readFunnelView, switchSends } from "../src/lib/funnel_view";
import { charted, readingOf, readReportView, reportPageArgs, statOf } from "../src/lib/report_view";
import { openWindow } from "./window";

const REPORTS = "/s/k7m2qxa/reports";
const rows = () => screen.getAllByTestId("report-row");
const ids = () => rows().map((row) => row.getAttribute("data-id"));
const day = (on: string, known: boolean, reason: string | null): ReportDay => ({ day: on, known, read_at: known ? 7 : null, reason, statistics: {}, value_minor: null, rates: [] });

describe("the view of report numbers", () => {
  it("reads what can be meant from the URL, and asks the engine for what the kind has", () => {
    const view = readReportView({ days: "90", stat: "opens_unique", sort: "sent_at", asc: "1", sel: "01K", more: "x" });
    expect(view).toEqual({ days: "90", stat: "opens_unique", sort: "sent_at", asc: true, sel: "01K" });
    const span = { from: "2026-08-24", to: "2026-11-21" };
    expect(reportPageArgs(view, "campaigns", span)).toEqual({ kind: "campaigns", ...span, sort: "sent_at", ascending: true });
    expect(reportPageArgs(view, "segments", span)).toEqual({ kind: "segments", ...span });
    expect(readReportView({ days: "30", from: "2026-11-21", to: "2026-11-01", sort: "luck", sel: "" })).toEqual({});
    expect(statOf(view, "segments", true)).toBe("members_added");
    expect(charted("campaigns", false)).not.toContain("value");
    expect(charted("campaigns", true)).toContain("value");
  });

  it("says of days that are not known which they are and why, in runs", () => {
    const reading = readingOf([
      day("2026-11-01", false, "not_read"), day("2026-11-02", false, "not_read"), day("2026-11-03", true, "no_activity"), day("2026-11-04", false, "refused"), day("2026-11-05", false, "not_read"), day("2026-11-06", true, null),
    ]);
    expect(reading).toEqual({
      known: 2, all: 6, quiet: 1, readAt: 7,
      gaps: [
        { reason: "not_read", days: 3, runs: [{ from: "2026-11-01", to: "2026-11-02", days: 2 }, { from: "2026-11-05", to: "2026-11-05", days: 1 }] },
        { reason: "refused", days: 1, runs: [{ from: "2026-11-04", to: "2026-11-04", days: 1 }] },
      ],
    });
  });

  it("switches whose sends the funnel shows", () => {
    expect([switchSends({}, "flows"), switchSends({ sends: "campaigns" }, "flows"), switchSends({ sends: "campaigns" }, "campaigns"), switchSends({ sends: "none" }, "flows")]).toEqual(["campaigns", undefined, "none", "flows"]);
    expect(readFunnelView({ sends: "nobody" })).toEqual({});
  });
});

describe("report syncs", () => {
  it("say what a sync costs of the day's calls before it is asked for, and ask for that kind alone", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", REPORTS);
    const cost = await screen.findByTestId("report-cost-campaigns");
    expect(cost.textContent).toBe("A sync now takes 6 calls of the 219 left today.");
    const sync = screen.getByTestId("report-sync-campaigns");
    expect(sync.getAttribute("aria-describedby")).toBe(cost.id);
    await waitFor(() => expect(sync).toHaveProperty("disabled", false));
    expect(asked("reports_sync")).toHaveLength(0);
    await user.click(sync);
    await waitFor(() => expect(screen.getByTestId("report-campaigns").getAttribute("data-state")).toBe("queued"));
    expect(asked("reports_sync").map((call) => call.args)).toEqual([{ kinds: ["campaigns"] }]);
    expect(screen.getByTestId("report-flows").getAttribute("data-state")).toBe("succeeded");
    expect(screen.getByTestId("reports-sync").getAttribute("title")).toMatch(/^Takes \d+ calls, \d+ of them today$/);
  });

  it("show how far one is, when the rest runs, and are cancelled", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("reports_running", REPORTS);
    const card = within(await screen.findByTestId("report-campaigns"));
    expect(card.getByRole("status").textContent).toContain("12 of 730 calls");
    expect(card.getByRole("status").textContent).toContain("next call at");
    expect(card.getByRole("progressbar")).toHaveProperty("value", 12);
    expect(card.getByTestId("report-cost-campaigns").textContent).toMatch(/^718 calls to go: 213 today, the rest from .+ on, about 3 more days\.$/);
    expect(screen.getByTestId("report-cost-forms").textContent).toContain("known once the account's list was read");
    await user.click(screen.getByRole("button", { name: "Cancel: Campaigns" }));
    await waitFor(() => expect(screen.getByTestId("report-campaigns").getAttribute("data-state")).toBe("partial"));
    expect(asked("reports_cancel").map((call) => call.args)).toEqual([{ kinds: ["campaigns"] }]);
    expect(screen.getByTestId("report-trouble-campaigns").textContent).toContain("Somebody cancelled this sync. What was read stays.");
    expect(screen.getByRole("button", { name: "Try again: Campaigns" })).toBeTruthy();
    expect(screen.getByTestId("report-flows").getAttribute("data-state")).toBe("running");
  });

  it("say until when they wait, and why", async () => {
    openWindow("reports_waiting", REPORTS);
    const card = within(await screen.findByTestId("report-flows"));
    expect(card.getByRole("status").textContent).toMatch(/until .+ \(in 18 hr\.\)/);
    expect(card.getByTestId("report-trouble-flows").textContent).toContain("daily number of reports is used up");
    expect(card.getByTestId("report-calls-flows").textContent).toBe("0");
    expect(screen.getByTestId("reports-state").textContent).toContain("225 for all kinds together");
    // Asking again would change nothing before then.
    expect(screen.queryByTestId("report-sync-flows")).toBeNull();
  });

  it("say why days have no rows, and never show a silent zero", async () => {
    openWindow("reports_failed", REPORTS);
    expect((await screen.findByTestId("report-reasons-campaigns")).textContent).toBe("14 days: Klaviyo reports no values for the metric");
    expect(screen.getByTestId("report-reasons-forms").textContent).toBe("1 span of days: the key lacks a scope");
    expect(screen.getByTestId("report-reasons-flows").textContent).toContain("2 spans of days: Klaviyo refused the request");
    const forms = screen.getByTestId("report-trouble-forms");
    expect(forms.textContent).toContain("forms:read");
    expect(forms.getAttribute("role")).toBe("alert");
    expect(screen.getByTestId("report-segments").getAttribute("data-state")).toBe("never");
  });

  it("are paced by hours within limits, each kind alone", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", REPORTS);
    const hours = await screen.findByTestId("report-hours-flows");
    await waitFor(() => expect(hours).toHaveProperty("disabled", false));
    await user.clear(hours);
    await user.type(hours, "999");
    expect(screen.getByTestId("report-pace-flows")).toHaveProperty("disabled", true);
    expect(screen.getByText("1 to 720 hours")).toBeTruthy();
    await user.clear(hours);
    await user.type(hours, "12");
    await user.click(screen.getByTestId("report-pace-flows"));
    await waitFor(() => expect(asked("settings_set")).toHaveLength(1));
    expect(asked("settings_set")[0]?.args).toMatchObject({ reports: { flows: { on: true, every_h: 12 }, campaigns: { on: true, every_h: 24 }, engine: "local" }, poll_front_s: 5 });
    await waitFor(() => expect(screen.queryByTestId("report-pace-flows")).toBeNull());
    await user.click(screen.getByRole("switch", { name: "Synced by itself: Segments" }));
    await user.click(screen.getByTestId("report-pace-segments"));
    await waitFor(() => expect(asked("settings_set")[1]?.args).toMatchObject({ reports: { segments: { on: false, every_h: 24 }, flows: { on: true, every_h: 12 } } }));
    await waitFor(() => expect(screen.getByTestId("report-segments").textContent).toContain("switched off"));
  });

  it("are asked for by nobody whose role does not reach, and say so", async () => {
    openWindow("viewer", REPORTS);
    await waitFor(() => expect(screen.getByTestId("reports-sync").getAttribute("title")).toBe("Needs the role Support or higher. An owner sets roles under Operators in Settings."));
    expect(screen.getByTestId("reports-sync")).toHaveProperty("disabled", true);
    expect(screen.getByTestId("report-sync-campaigns")).toHaveProperty("disabled", true);
    expect(screen.getByTestId("report-hours-campaigns")).toHaveProperty("disabled", true);
    expect(screen.getByTestId("report-hours-campaigns").closest("form")?.getAttribute("title")).toBe("Needs the role Admin or higher. An owner sets roles under Operators in Settings.");
  });

  it("need a connection, and lead to Klaviyo's page where there is none or it does not work", async () => {
    openWindow("empty", REPORTS);
    expect((await screen.findByRole("link", { name: "Connect Klaviyo" })).getAttribute("href")).toContain("/klaviyo");
    expect(screen.queryByTestId("reports-sync")).toBeNull();
  });

  it("say what is wrong with the connection", async () => {
    openWindow("rejected", REPORTS);
    expect((await screen.findByText("Klaviyo refuses this key: it is wrong or was revoked.")).closest('[role="alert"]')).not.toBeNull();
    expect(screen.getByRole("link", { name: "To Klaviyo" }).getAttribute("href")).toContain("/klaviyo");
  });
});

describe("the report server", () => {
  it("is chosen only after what that calls off was said", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("reports_running", REPORTS);
    await user.click(await screen.findByTestId("report-engine"));
    const dialog = within(await screen.findByRole("dialog", { name: "Who syncs reports" }));
    expect(dialog.getByRole("button", { name: "Set it" })).toHaveProperty("disabled", true);
    await user.click(dialog.getByRole("radio", { name: /Report server/ }));
    expect(dialog.getByTestId("engine-effects").textContent).toContain("4 syncs that are under way are called off");
    expect(asked("reports_engine_set")).toHaveLength(0);
    await user.click(dialog.getByRole("button", { name: "Set it" }));
    await waitFor(() => expect(screen.getByTestId("reports-state").getAttribute("data-engine")).toBe("server"));
    expect(asked("reports_engine_set")[0]?.args).toEqual({ engine: "server" });
    expect(screen.getByText("Nothing yet.")).toBeTruthy();
    expect(screen.queryByTestId("report-campaigns")).toBeNull();
  });

  it("shows what it was told and what came of it, and is told again", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("reports_server", REPORTS);
    const told = await screen.findAllByTestId("report-trigger");
    expect(told.map((row) => row.getAttribute("data-state"))).toEqual(["queued", "failed", "unknown", "accepted"]);
    expect(told[0]?.textContent).toContain("1 without an answer, which may have been heard.");
    expect(told[1]?.textContent).toContain("refuses the key");
    await user.click(screen.getByTestId("reports-sync"));
    await waitFor(() => expect(screen.getAllByTestId("report-trigger")).toHaveLength(5));
    expect(asked("reports_sync")[0]?.args).toEqual({ kinds: [] });
    expect(screen.getByRole("table", { name: "Read here before" }).textContent).toContain("730");
  });

  it("is tested without being told anything, and its address and header are settings", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("reports_server", REPORTS);
    await user.click(await screen.findByTestId("report-test"));
    expect((await screen.findByTestId("report-tested")).textContent).toContain("The server answered in 12 ms, as it should.");
    const url = screen.getByTestId("report-url");
    await waitFor(() => expect(url).toHaveProperty("disabled", false));
    await user.type(url, "https://reports.example.org");
    expect(screen.getByTestId("report-test").getAttribute("title")).toBe("Save what was changed first");
    await user.clear(screen.getByTestId("report-header"));
    await user.type(screen.getByTestId("report-header"), "X-Api-Key");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(asked("settings_set")[0]?.args).toMatchObject({ reports: { server_url: "https://reports.example.org", server_key_header: "X-Api-Key", engine: "server" } }));
  });

  it("is given a key that no page keeps", async () => {
    const user = userEvent.setup();
    const { asked, client } = openWindow("reports_server", REPORTS);
    const key = ["report", "server", "key", "made", "up"].join("-");
    await user.type(await screen.findByLabelText("Key of the report server"), key);
    await user.click(screen.getByRole("button", { name: "Set the key" }));
    await waitFor(() => expect(asked("report_server_key")[0]?.args).toEqual({ key }));
    expect(screen.getByLabelText("Key of the report server")).toHaveProperty("value", "");
    const kept = [...client.getQueryCache().getAll().map((one) => one.state.data), ...client.getMutationCache().getAll().map((one) => one.state)];
    expect(JSON.stringify(kept)).not.toContain(key);
    await user.click(screen.getByRole("button", { name: "Forget the key" }));
    await waitFor(() => expect(screen.getByTestId("report-key").textContent).toBe("no key"));
    await user.click(screen.getByTestId("report-test"));
    expect((await screen.findByRole("alert")).textContent).toContain("REPORT_SERVER_KEY_REJECTED");
  });
});

describe("report numbers", () => {
  it("are sorted by the engine, in the URL", async () => {
    const user = userEvent.setup();
    const { router, asked } = openWindow("full", `${REPORTS}/campaigns`);
    await screen.findAllByTestId("report-row");
    await user.click(screen.getByRole("button", { name: "Revenue" }));
    await waitFor(() => expect(router.state.location.search).toEqual({ sort: "value" }));
    await waitFor(() => expect(asked("report_page").at(-1)?.args).toMatchObject({ kind: "campaigns", sort: "value" }));
    await user.click(screen.getByRole("button", { name: "Name" }));
    await waitFor(() => expect(router.state.location.search).toMatchObject({ sort: "name" }));
    await waitFor(() => expect(asked("report_page").at(-1)?.args).toMatchObject({ sort: "name", ascending: true }));
    await waitFor(() => expect(rows()[0]?.textContent).toContain("<b>Last call</b>"));
    expect(document.querySelector("#root b")).toBeNull();
  });

  it("are charted for all, or for the row that is chosen; by any statistic", async () => {
    const user = userEvent.setup();
    const { router, asked } = openWindow("full", `${REPORTS}/flows`);
    await screen.findAllByTestId("report-row");
    expect(screen.getByTestId("charted").textContent).toBe("all flows");
    expect(screen.getByTestId("series").getAttribute("aria-label")).toMatch(/^Recipients\. Most: [\d,]+ on /);
    const chosen = ids()[1] ?? "";
    fireEvent.click(rows()[1] ?? document.body);
    await waitFor(() => expect(router.state.location.search).toEqual({ sel: chosen }));
    await waitFor(() => expect(asked("report_series").at(-1)?.args).toMatchObject({ kind: "flows", entity: chosen }));
    expect(screen.getByTestId("charted").textContent).toBe(rows()[1]?.querySelector("bdi")?.textContent);
    await user.click(screen.getByRole("combobox", { name: "What the chart shows" }));
    await user.click(await screen.findByRole("option", { name: "Open rate", hidden: true }));
    await waitFor(() => expect(screen.getByTestId("series").getAttribute("aria-label")).toMatch(/^Open rate\. Most: \d+\.\d%/));
    await user.click(screen.getByTestId("chart-all"));
    await waitFor(() => expect(router.state.location.search).toEqual({ stat: "open_rate" }));
    await waitFor(() => expect(screen.getByTestId("charted").textContent).toBe("all flows"));
    expect(screen.queryByTestId("chart-all")).toBeNull();
  });

  it("say that people counted once by message and day are summed, where there are such", async () => {
    const { router } = openWindow("full", `${REPORTS}/flows`);
    expect((await screen.findByTestId("report-uniques")).textContent).toContain("one person may count several times");
    await router.navigate({ to: "/s/$store/reports/$kind", params: { store: "k7m2qxa", kind: "segments" } });
    await waitFor(() => expect(screen.getByTestId("report-totals").textContent).toContain("Joined"));
    expect(screen.queryByTestId("report-uniques")).toBeNull();
  });

  it("have revenue only where orders are synced", async () => {
    const user = userEvent.setup();
    const { router } = openWindow("full", "/s/k7m2qxa/klaviyo");
    await user.click(await screen.findByTestId("klaviyo-change-metric"));
    const dialog = within(await screen.findByRole("dialog"));
    await user.click((await dialog.findAllByRole("radio")).at(-1) ?? document.body);
    await user.click(dialog.getByRole("button", { name: "Change metric" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    await router.navigate({ to: "/s/$store/reports/$kind", params: { store: "k7m2qxa", kind: "campaigns" } });
    await screen.findAllByTestId("report-row");
    await waitFor(() => expect(screen.queryByRole("button", { name: "Revenue" })).toBeNull());
    expect(screen.getByTestId("report-totals").textContent).toContain("Revenuenot synced");
  });

  it("say which days are read and which are not, and draw those apart", async () => {
    openWindow("reports_running", `${REPORTS}/campaigns`);
    const reading = await screen.findByTestId("report-reading");
    expect(reading.textContent).toContain("12 of 30 days are read; what is counted is of those alone");
    expect(reading.textContent).toMatch(/18 days, not read yet: \w+ \d+ – \w+ \d+/);
    expect(reading.textContent).toContain("12 of 730 calls");
    expect((await screen.findByTestId("series")).getAttribute("aria-label")).toContain("18 days are not read.");
    const table = screen.getByTestId("series-table");
    expect(table.querySelectorAll('tr[data-known="false"]')).toHaveLength(18);
    expect(table.querySelector('tr[data-known="false"] td')?.textContent).toBe("not read yet");
  });

  it("of days that were never read are no empty table", async () => {
    openWindow("reports_running", `${REPORTS}/forms`);
    expect(await screen.findByText("None of these days is read")).toBeTruthy();
    expect(screen.getByTestId("report-reading").textContent).toContain("30 days, not read yet");
    expect(screen.queryByRole("grid")).toBeNull();
  });

  it("of what the account has none of say so", async () => {
    openWindow("full", `${REPORTS}/forms`);
    expect(await screen.findByText("The Klaviyo account has nothing of this kind.")).toBeTruthy();
    expect(screen.queryByTestId("report-reading")).toBeNull();
  });

  it("are exported whole", async () => {
    const user = userEvent.setup();
    const { asked } = openWindow("full", `${REPORTS}/segments`);
    await user.click(await screen.findByRole("button", { name: "Export" }));
    await user.click(await screen.findByRole("menuitem", { name: "All segments as CSV" }));
    await waitFor(() => expect(asked("export")[0]?.args).toMatchObject({ what: "segments", format: "csv" }));
  });

  it("of no kind there is lead back to the syncs", async () => {
    const { router } = openWindow("full", `${REPORTS}/nothing`);
    await screen.findByTestId("reports-state");
    expect(router.state.location.pathname).toBe(REPORTS);
  });
});

describe("the funnel's days", () => {
  it("have what campaigns and flows sent over them, in words too, switched in the URL", async () => {
    const user = userEvent.setup();
    const { router } = openWindow("full", "/s/k7m2qxa/funnel");
    const campaigns = await screen.findByRole("button", { name: "Campaigns: messages sent" });
    expect(screen.getByTestId("sends-campaigns").querySelectorAll("line").length).toBeGreaterThan(3);
    expect(screen.getByTestId("sends-flows")).toBeTruthy();
    const days = screen.getAllByRole("link", { name: /List them · [\d,]+ messages? of campaigns · [\d,]+ messages? of flows/ });
    expect(days).toHaveLength(30);
    await user.click(campaigns);
    await waitFor(() => expect(router.state.location.search).toEqual({ sends: "flows" }));
    expect(screen.queryByTestId("sends-campaigns")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Flows: messages sent" }));
    await waitFor(() => expect(router.state.location.search).toEqual({ sends: "none" }));
    expect(screen.queryAllByRole("link", { name: /messages/ })).toHaveLength(0);
  });

  it("say which of them have no sends because they were not read", async () => {
    openWindow("reports_running", "/s/k7m2qxa/funnel");
    expect(await screen.findByText("messages of 18 days are not read")).toBeTruthy();
    expect(screen.getAllByRole("link", { name: /campaigns not read/ })).toHaveLength(18);
  });

  it("have none where Klaviyo is not connected", async () => {
    openWindow("empty", "/s/k7m2qxa/funnel");
    await screen.findByText("No preorder started in these days");
    expect(screen.queryByRole("button", { name: /messages sent/ })).toBeNull();
  });
});
