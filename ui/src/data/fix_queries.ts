// Questions about findings, what is done about them, and who may do it.

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { call } from "../ipc/call";
import type { ActionRequest } from "../ipc/generated/ActionRequest";
import type { AuditPageArgs } from "../ipc/generated/AuditPageArgs";
import type { FindingPageArgs } from "../ipc/generated/FindingPageArgs";
import type { LeadPageArgs } from "../ipc/generated/LeadPageArgs";
import { firstPage, PAGE_ROWS, question } from "./queries";

/** Pages of findings; the page decides when they are read again, as with preorders. */
export const findingPagesQuery = (store: string, args: FindingPageArgs) =>
  infiniteQueryOptions({
    queryKey: ["finding_page", store, args],
    queryFn: ({ pageParam }) =>
      call("finding_page", store, { ...args, limit: PAGE_ROWS, ...(pageParam === null ? {} : { after: pageParam }) }),
    initialPageParam: firstPage(),
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    meta: { topics: ["settings"] },
  });

/** Time alone opens and closes findings, so the counts are read again every minute too. */
export const findingCountsQuery = (store: string) => ({
  ...question("finding_counts", store, {}, ["findings", "preorders", "settings"]), refetchInterval: 60_000,
});

export const findingRulesQuery = (store: string) => question("finding_rules", store, {}, ["settings"]);

/** Pages of leads; the page decides when they are read again, as with preorders. */
export const leadPagesQuery = (store: string, args: LeadPageArgs) =>
  infiniteQueryOptions({
    queryKey: ["lead_page", store, args],
    queryFn: ({ pageParam }) => call("lead_page", store, { ...args, limit: PAGE_ROWS, ...(pageParam === null ? {} : { after: pageParam }) }),
    initialPageParam: firstPage(),
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    meta: { topics: ["settings"] },
  });

export const orderActionsQuery = (store: string, id: string) => question("order_actions", store, { id }, ["actions", "preorders", "sync", "operators"]);
export const actionQuery = (store: string, id: string) => question("action_get", store, { id }, ["actions"]);
export const bulkQuery = (store: string, id: string) => question("bulk_get", store, { id }, ["actions"]);
export const bulkListQuery = (store: string) => question("bulk_list", store, {}, ["actions"]);
export const guardQuery = (store: string) => question("guard_get", store, {}, ["actions"]);
export const operatorListQuery = () => question("operator_list", null, {}, ["operators"]);

const ME_EVERY_MS = 15_000;

/** A desk locks by time alone, so it is asked for again where it can lock. */
export const operatorMeQuery = () =>
  queryOptions({
    queryKey: ["operator_me", null, {}],
    queryFn: () => call("operator_me", null, {}),
    meta: { topics: ["operators"] },
    refetchInterval: ({ state }) => ((state.data?.locks_in_s ?? null) === null ? false : ME_EVERY_MS),
  });

/** A plan is drawn once for each time somebody asks: `attempt` tells these apart, and nothing is kept of it. */
export const planQuery = (store: string, request: ActionRequest, attempt: string) =>
  queryOptions({
    queryKey: ["action_plan", store, request, attempt],
    queryFn: () => call("action_plan", store, request),
    meta: { topics: [] },
    gcTime: 0,
  });

/** Pages of the audit, newest first. */
export const auditPagesQuery = (store: string, args: Pick<AuditPageArgs, "action" | "operator">) =>
  infiniteQueryOptions({
    queryKey: ["audit_page", store, args],
    queryFn: ({ pageParam }) => call("audit_page", store, { ...args, limit: PAGE_ROWS, before: pageParam }),
    initialPageParam: fromTheNewest(),
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    meta: { topics: [] },
  });

function fromTheNewest(): number | null {
  return null;
}
