import { screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";

import { setLanguage } from "../src/i18n/setup";
import { openWindow } from "./window";

const STORE = "k7m2qxa";

afterEach(() => setLanguage("en"));

/** A window whose shell keeps what it was asked to show. */
async function opened() {
  const window = openWindow("full", `/s/${STORE}/overview`);
  await screen.findByRole("heading", { level: 1 });
  const shown = async (times: number) => {
    await waitFor(() => expect(window.asked("shell_notify")).toHaveLength(times));
    return window.asked("shell_notify").at(-1)?.args as { title: string; body: string; route: string };
  };
  return { ...window, shown };
}

describe("what people are told of on the desktop", () => {
  it("names the rules that found most, counts the others, and leads to the list", async () => {
    const { alarm, shown } = await opened();
    alarm({ what: "findings", store: STORE, by_rule: { paid_twice: 1, payment_failed: 4, dispute_open: 2, missing_color: 1, wrong_amount: 1 } });
    const { title, body, route } = await shown(1);
    expect(title).toMatch(/: 9 new findings$/);
    expect(body).toBe("Payment failed (4) \u00b7 Dispute open (2) \u00b7 Colour missing \u00b7 2 more rules");
    expect(route).toBe(`/s/${STORE}/stuck`);
  });

  it("says why a sync stopped, in the reader's language", async () => {
    const { alarm, shown } = await opened();
    alarm({ what: "sync_failed", store: STORE, code: "KEY_REJECTED" });
    expect((await shown(1)).body).toContain("Stripe refuses this store's key.");
    await setLanguage("zh-CN");
    alarm({ what: "sync_failed", store: STORE, code: "KEY_REJECTED" });
    expect((await shown(2)).body).toContain("Stripe 拒绝了这个商店的密钥");
    alarm({ what: "sync_failed", store: STORE, code: "SOMETHING_NEWER" });
    expect(await shown(3)).toMatchObject({ body: "SOMETHING_NEWER", route: `/s/${STORE}/health` });
  });

  it("says how a report sync ended", async () => {
    const { alarm, shown } = await opened();
    alarm({ what: "reports", store: STORE, kind: "flows", state: "failed", code: "KLAVIYO_SCOPE_MISSING" });
    expect((await shown(1)).body).toBe("Flows: failed. (KLAVIYO_SCOPE_MISSING)");
  });
});
