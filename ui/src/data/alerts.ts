// What people are told of on the desktop, in the reader's language. Without names and amounts: a desktop may be seen by others.

import type { QueryClient } from "@tanstack/react-query";
import i18next from "i18next";

import en from "../i18n/en.json";
import { call, listenAlerts } from "../ipc/call";
import type { Alert } from "../ipc/generated/Alert";
import type { NotifyArgs } from "../ipc/operations";
import { isKeyOf } from "../lib/guard";
import { storeListQuery } from "./queries";

/** As many rules are named; the rest are counted. */
const NAMED = 3;

/** Puts the engine's alerts into words and asks for a notification of each; returns how to stop. */
export function followAlerts(client: QueryClient): () => void {
  return listenAlerts((alert) => void tell(client, alert));
}

async function tell(client: QueryClient, alert: Alert): Promise<void> {
  try {
    const { stores } = await client.fetchQuery(storeListQuery());
    const name = stores.find((store) => store.public_id === alert.store)?.name ?? alert.store;
    await call("shell_notify", null, words(alert, name));
  } catch {
    // What it would have said stands on its page.
  }
}

function words(alert: Alert, name: string): NotifyArgs {
  const { t } = i18next;
  const route = (page: string) => `/s/${alert.store}/${page}`;
  if (alert.what === "findings") {
    const found = Object.entries(alert.by_rule).toSorted((one, other) => other[1] - one[1] || one[0].localeCompare(other[0]));
    const count = found.reduce((sum, [, more]) => sum + more, 0);
    const named = found.slice(0, NAMED).map(([rule, times]) => {
      const called = isKeyOf(en.finding_rule, rule) ? t(`finding_rule.${rule}`) : rule;
      return times === 1 ? called : t("alerts.times", { name: called, times });
    });
    if (found.length > NAMED) named.push(t("alerts.more", { count: found.length - NAMED }));
    return { title: t("alerts.findings", { count, name }), body: named.join(" \u00b7 "), route: route("stuck") };
  }
  if (alert.what === "sync_failed") {
    const why = isKeyOf(en.alert_why, alert.code) ? t(`alert_why.${alert.code}`) : alert.code;
    return { title: t("alerts.sync_failed", { name }), body: why, route: route("health") };
  }
  const kind = isKeyOf(en.alert_report, alert.kind) ? t(`alert_report.${alert.kind}`) : alert.kind;
  const body = isKeyOf(en.alert_report_state, alert.state) ? t(`alert_report_state.${alert.state}`, { kind }) : `${kind}: ${alert.state}`;
  return { title: t("alerts.reports", { name }), body: alert.code === null ? body : `${body} (${alert.code})`, route: route("reports") };
}
