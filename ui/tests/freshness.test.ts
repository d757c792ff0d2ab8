import { describe, expect, it } from "vitest";

import type { Freshness } from "../src/ipc/generated/Freshness";
import { readFreshness } from "../src/lib/freshness";

const now = 1_795_000_000;
const live: Freshness = {
  state: "live", complete_up_to: now - 62, last_success_at: now - 1, next_poll_at: now + 4, error_code: null, error_message: null, error_hint: null, progress: null,
};

describe("freshness", () => {
  it("is live while polls go as planned", () => {
    expect(readFreshness(live, now, 0, 30)).toEqual({ tone: "fresh", word: "live", ageS: 62 });
  });

  it("is never called live once it is old, whatever the engine last said", () => {
    expect(readFreshness(live, now + 600, 0, 30)).toMatchObject({ tone: "late", word: "late", ageS: 662 });
    expect(readFreshness({ ...live, state: "following_other" }, now + 600, 0, 30)).toMatchObject({ tone: "late", word: "late" });
  });

  it("allows for polls that are set to be rare", () => {
    const rare = { ...live, last_success_at: now - 400, next_poll_at: now + 200, complete_up_to: now - 460 };
    expect(readFreshness(rare, now, 0, 600).tone).toBe("fresh");
    expect(readFreshness(rare, now + 1200, 0, 600).tone).toBe("late");
    expect(readFreshness(rare, now, 0, 30).tone).toBe("late");
  });

  it("is late when the engine keeps planning a next poll and none succeeds", () => {
    const stuck = { ...live, complete_up_to: now - 1290, last_success_at: now - 1229, next_poll_at: now + 4 };
    expect(readFreshness(stuck, now, 0, 30)).toMatchObject({ tone: "late", word: "late" });
  });

  it("compares on Stripe's clock, so a wrong local clock does not make it old or new", () => {
    expect(readFreshness(live, now + 86_400, 86_400, 30)).toMatchObject({ tone: "fresh", ageS: 62 });
    expect(readFreshness(live, now + 600 - 86_400, -86_400, 30)).toMatchObject({ tone: "late", ageS: 662 });
  });

  it.each([
    ["offline", "late"], ["throttled", "late"], ["stripe_error", "late"], ["idle", "late"], ["backfill", "busy"], ["healing", "busy"],
    ["no_key", "stopped"], ["key_rejected", "stopped"], ["read_only", "stopped"],
  ] as const)("%s is never fresh", (state, tone) => {
    expect(readFreshness({ ...live, state }, now, 0, 30)).toMatchObject({ tone, word: state });
  });

  it("says what the engine works on until its first poll has ended", () => {
    const first: Freshness = { ...live, state: "idle", complete_up_to: null, progress: { task: "backfill", phase: "charge", done: 9, total: null } };
    expect(readFreshness(first, now, null, 30)).toMatchObject({ tone: "busy", word: "backfill" });
    expect(readFreshness({ ...first, progress: { task: "recount", phase: "event", done: 9, total: null } }, now, null, 30)).toMatchObject({ word: "idle" });
    expect(readFreshness({ ...live, state: "offline", progress: first.progress }, now, 0, 30)).toMatchObject({ word: "offline" });
  });

  it("is starting before the first walk has ended", () => {
    expect(readFreshness({ ...live, complete_up_to: null }, now, null, 30)).toEqual({ tone: "busy", word: "starting", ageS: null });
  });
});
