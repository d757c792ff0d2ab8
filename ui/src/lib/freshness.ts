import type { Freshness } from "../ipc/generated/Freshness";
import type { SyncState } from "../ipc/generated/SyncState";

/** How much a person may trust what is on screen right now. */
export type FreshnessTone = "fresh" | "busy" | "late" | "stopped";

export type FreshnessReading = {
  tone: FreshnessTone;
  /** What is said behind the time: a key of `freshness.word`. */
  word: FreshnessWord;
  /** Seconds between now (on Stripe's clock) and the instant the mirror is complete up to. */
  ageS: number | null;
};

export type FreshnessWord = SyncState | "late" | "starting";

/** The event walk ends 60 s before Stripe's clock on purpose, so this much age is ordinary. */
const WATERMARK_LAG_S = 60;
/** Never call anything older than this fresh, unless polls are set to be rarer. */
const FRESH_WITHIN_S = 180;

/** The engine says `idle` until its first poll has ended; what it works on meanwhile says more. */
export function shownState({ state, progress }: Freshness): SyncState {
  if (state !== "idle" || progress === null) return state;
  return progress.task === "healing" ? "healing" : progress.task === "backfill" ? "backfill" : state;
}

/**
 * Reads freshness against now: the engine's word `live` counts only while the time it speaks of is near.
 * `skewS` is local clock minus Stripe's; times are compared on Stripe's clock. `pollS` is the slowest pace that is set.
 */
export function readFreshness(freshness: Freshness, now: number, skewS: number | null, pollS: number): FreshnessReading {
  const ageS = freshness.complete_up_to === null ? null : Math.max(0, now - (skewS ?? 0) - freshness.complete_up_to);
  const state = shownState(freshness);
  switch (state) {
    case "live": {
      if (ageS === null) return { tone: "busy", word: "starting", ageS };
      return ageS <= freshLimitS(pollS) ? { tone: "fresh", word: "live", ageS } : { tone: "late", word: "late", ageS };
    }
    case "following_other": {
      if (ageS === null) return { tone: "busy", word: "starting", ageS };
      return ageS <= freshLimitS(pollS)
        ? { tone: "fresh", word: "following_other", ageS }
        : { tone: "late", word: "late", ageS };
    }
    case "backfill":
    case "healing":
      return { tone: "busy", word: state, ageS };
    case "throttled":
    case "offline":
    case "stripe_error":
    case "idle":
      return { tone: "late", word: state, ageS };
    case "no_key":
    case "key_rejected":
    case "read_only":
      return { tone: "stopped", word: state, ageS };
  }
}

/**
 * How old `complete_up_to` may be while polls go as planned. Rests on the pace that was set, not on when the next poll is
 * due: an engine that keeps planning and never succeeds must not count as fresh.
 */
function freshLimitS(pollS: number): number {
  return Math.max(FRESH_WITHIN_S, WATERMARK_LAG_S + 2 * pollS + 30);
}
