import { describe, expect, it } from "vitest";

import { funnelSpan, readFunnelView } from "../src/lib/funnel_view";
import type { PreorderFilter } from "../src/lib/preorder_filter";
import { preorderPageArgs, readPreorderFilter } from "../src/lib/preorder_filter";
import { parseUrlQuery, writeUrlQuery } from "../src/lib/url_query";

const there_and_back = (filter: PreorderFilter) => readPreorderFilter(parseUrlQuery(writeUrlQuery(filter)));

describe("a filter in the URL", () => {
  it.each<[string, PreorderFilter]>([
    ["nothing", {}],
    ["statuses", { status: ["disputed", "failed"] }],
    ["an unknown colour", { color: "" }],
    ["orders with conflicting ids", { conflict: true }],
    ["everything", { status: ["completed"], color: "Mid & night", locale: "en-GB", source: "a=b?c#d", from: "2026-11-01", to: "2026-11-21", step: "paid", q: "0012", sort: "email", asc: true, sel: "po_1" }],
    ["text of any kind", { q: "عميل 🦉 <script> +1 %20", color: "<img src=x>" }],
    ["a number as text", { q: "123", color: "1e3", source: "true" }],
  ])("comes back the same: %s", (_name, filter) => {
    expect(there_and_back(filter)).toEqual(filter);
  });

  it("drops what cannot be meant and keeps the rest", () => {
    expect(readPreorderFilter({ status: "paid,failed,nonsense", from: "2026-02-31", to: "2026-11-21", step: "flown", sort: "drop table", asc: "maybe", q: "  " })).toEqual({
      status: ["failed"], to: "2026-11-21",
    });
  });

  it("asks the engine in its own words", () => {
    expect(preorderPageArgs({ q: "mara", asc: true, color: "", step: "started", sel: "po_1", sort: "paid" })).toEqual({ search: "mara", ascending: true, color: "", sort: "paid" });
    expect(preorderPageArgs({})).toEqual({});
  });
});

describe("the funnel's view in the URL", () => {
  it("spans days up to today", () => {
    expect(funnelSpan(readFunnelView({}), "2026-11-21")).toEqual({ from: "2026-10-23", to: "2026-11-21" });
    expect(funnelSpan(readFunnelView({ days: "7" }), "2026-11-21")).toEqual({ from: "2026-11-15", to: "2026-11-21" });
    expect(funnelSpan(readFunnelView({ from: "2026-01-01", to: "2026-01-31" }), "2026-11-21")).toEqual({ from: "2026-01-01", to: "2026-01-31" });
  });

  it("ignores a range that runs backwards", () => {
    expect(readFunnelView({ from: "2026-02-01", to: "2026-01-01", days: "90" })).toEqual({ days: "90" });
  });

  it("comes back the same", () => {
    const view = readFunnelView({ from: "2026-01-01", to: "2026-01-31", by: "source", sort: "conversion", asc: "1" });
    expect(readFunnelView(parseUrlQuery(writeUrlQuery(view)))).toEqual(view);
  });
});
