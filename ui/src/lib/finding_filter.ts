// The Stuck page's filter, as it stands in the URL, and the rules it knows.

import type { FindingPageArgs } from "../ipc/generated/FindingPageArgs";
import type { FindingState } from "../ipc/generated/FindingState";
import type { Severity } from "../ipc/generated/Severity";
import { queryOne, queryText, withoutAbsent } from "./url_query";

/** The worst first. */
export const SEVERITIES = ["critical", "warning", "info"] as const satisfies readonly Severity[];
export const FINDING_STATES = ["open", "snoozed", "dismissed", "resolved", "gone"] as const satisfies readonly FindingState[];

export type FindingFilter = {
  rule?: string;
  severity?: Severity;
  /** Absent means open. */
  state?: FindingState;
  q?: string;
  /** The row that is selected; not part of what is asked for. */
  sel?: string;
};

/** Reads the URL. What cannot be meant is left out, so a bad link shows more, never an error. */
export function readFindingFilter(query: Record<string, unknown>): FindingFilter {
  const state = queryOne(query["state"], FINDING_STATES);
  const text = (name: string) => {
    const found = queryText(query[name])?.trim();
    return found === "" ? undefined : found;
  };
  return withoutAbsent({
    rule: text("rule"),
    severity: queryOne(query["severity"], SEVERITIES),
    state: state === "open" ? undefined : state,
    q: text("q"),
    sel: queryText(query["sel"]),
  });
}

/** The question the engine gets. */
export function findingPageArgs(filter: FindingFilter): FindingPageArgs {
  return withoutAbsent({
    rules: filter.rule === undefined ? undefined : [filter.rule],
    severity: filter.severity,
    state: filter.state ?? "open",
    search: filter.q,
  });
}

/** Whether anything but the usual is asked for. */
export function isNarrowed(filter: FindingFilter): boolean {
  return filter.rule !== undefined || filter.severity !== undefined || filter.state !== undefined || filter.q !== undefined;
}
