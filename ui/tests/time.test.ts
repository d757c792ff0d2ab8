import { describe, expect, it } from "vitest";

import { addDays, dayOf, formatClock, formatDay, formatDistance, formatInstant, formatShort, isDay, spanDays, timeZones } from "../src/lib/time";

const at = Date.parse("2026-11-21T13:03:22Z") / 1000;

describe("time", () => {
  it("tells the store's own hour", () => {
    expect(formatClock(at, "en", "Europe/Berlin")).toBe("14:03:22");
    expect(formatClock(at, "en", "America/Los_Angeles")).toBe("05:03:22");
    expect(formatClock(Date.parse("2026-11-20T23:00:00Z") / 1000, "en", "Europe/Berlin")).toBe("00:00:00");
  });

  it("puts an instant on the store's own day", () => {
    const late = Date.parse("2026-11-20T23:30:00Z") / 1000;
    expect(dayOf(late, "UTC")).toBe("2026-11-20");
    expect(dayOf(late, "Europe/Berlin")).toBe("2026-11-21");
    expect(dayOf(late, "Pacific/Auckland")).toBe("2026-11-21");
  });

  it("is short where the day is plain, and whole where it is not", () => {
    expect(formatShort(at, at + 60, "en", "UTC")).toBe("13:03:22");
    expect(formatShort(at, at + 86_400, "en", "UTC")).toBe("Nov 21, 13:03");
    expect(formatShort(at, at + 60 * 86_400, "en", "UTC")).toBe("Nov 21, 2026");
    expect(formatInstant(at, "en", "UTC")).toBe("Nov 21, 2026, 13:03:22");
  });

  it("counts days over the change of the clocks", () => {
    expect(addDays("2026-10-24", 2)).toBe("2026-10-26");
    expect(addDays("2027-01-01", -1)).toBe("2026-12-31");
    expect(spanDays("2026-10-24", "2026-10-26")).toBe(3);
    expect(formatDay("2026-11-01", "en")).toBe("Nov 1");
  });

  it("knows a day that exists", () => {
    expect(isDay("2028-02-29")).toBe(true);
    for (const text of ["2026-02-29", "2026-13-01", "2026-1-1", "", "today", "2026-11-21T00:00"]) expect(isDay(text)).toBe(false);
  });

  it("says how far an instant is", () => {
    expect(formatDistance(at - 2840, at, "en")).toBe("47 min. ago");
    expect(formatDistance(at - 59, at, "en")).toBe("59 sec. ago");
    expect(formatDistance(at + 7300, at, "en")).toBe("in 2 hr.");
  });

  it("survives a time zone this machine does not know", () => {
    expect(formatClock(at, "en", "Mars/Olympus")).toContain("13:03:22");
    expect(dayOf(at, "Mars/Olympus")).toMatch(/^\d{4}-/);
  });

  it("offers every zone once, with the one in use", () => {
    const zones = timeZones("Europe/Berlin");
    expect(zones).toContain("UTC");
    expect(zones).toContain("Europe/Berlin");
    expect(new Set(zones).size).toBe(zones.length);
  });
});
