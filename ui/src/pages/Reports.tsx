import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { KlaviyoProblem } from "../components/KlaviyoProblem";
import { ReportEngineDialog } from "../components/ReportEngineDialog";
import { ReportEngineState } from "../components/ReportEngineState";
import { ReportKindCard } from "../components/ReportKindCard";
import { ReportServer } from "../components/ReportServer";
import { ReportsRead } from "../components/ReportsRead";
import css from "../components/Reports.module.css";
import { ReportTabs } from "../components/ReportTabs";
import { ConnectionTrouble, NotConnected } from "../components/ReportTrouble";
import { useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { klaviyoStatusQuery } from "../data/klaviyo_queries";
import { reportsStatusQuery } from "../data/report_queries";
import type { ReportsView } from "../ipc/generated/ReportsView";
import { isOpen } from "../lib/report_sync";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Page, Section } from "../ui/Page";
import { toast } from "../ui/Toasts";

/** How report syncs stand: who does them, what is left of the day, and each kind of them. */
export function Reports() {
  const { t } = useTranslation();
  const store = useStoreId();
  const { data: view, error, isError, refetch } = useQuery(reportsStatusQuery(store));
  return (
    <Page title={t("reports.title")} note={t("reports.note")} actions={view?.connected === true ? <SyncAll view={view} store={store} /> : undefined}>
      {view === undefined ? (
        isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Section><Waiting rows={6} /></Section>
      ) : view.connected ? <Syncs key={store} view={view} store={store} /> : <NotConnected store={store} />}
    </Page>
  );
}

/** Everything at once: a sync of all kinds, or a word to the report server; and calling off what is under way. */
function SyncAll({ view, store }: { view: ReportsView; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const refusal = useRefusal("repair");
  const status = useQuery(klaviyoStatusQuery(store)).data;
  const sync = useCommand("reports_sync", store, ["reports"]);
  const cancel = useCommand("reports_cancel", store, ["reports"]);
  const local = view.engine === "local";
  const open = local ? view.kinds.some(isOpen) : view.server.triggers.some((one) => one.state === "queued");
  const why = refusal ?? (local && status?.key_source === "none" ? t("klaviyo.needs_key") : undefined);
  const [calls, today] = [view.kinds.reduce((sum, one) => sum + one.cost, 0), view.kinds.reduce((sum, one) => sum + one.cost_today, 0)];
  const costs = local && calls > 0 ? t("reports.all_cost", { count: calls, n: format.count(calls), today: format.count(today) }) : undefined;
  return (
    <>
      {sync.error === null ? null : <KlaviyoProblem error={sync.error} />}
      {cancel.error === null ? null : <KlaviyoProblem error={cancel.error} />}
      {open ? (
        <Button data-testid="reports-cancel" disabled={refusal !== undefined} title={refusal} loading={cancel.isPending} onClick={() => cancel.mutate({ kinds: [] }, { onSuccess: () => toast(t("reports.cancelled_all")) })}>
          {t("reports.cancel_all")}
        </Button>
      ) : null}
      <Button
        data-testid="reports-sync" variant="filled" leftSection={<Icon name="refresh" size={13} />} disabled={why !== undefined} title={why ?? costs} loading={sync.isPending}
        onClick={() => sync.mutate({ kinds: [] }, { onSuccess: () => toast(t(local ? "reports.asked" : "reports.told_soon")) })}
      >
        {t(local ? "reports.sync_all" : "reports.tell_server")}
      </Button>
    </>
  );
}

function Syncs({ view, store }: { view: ReportsView; store: string }) {
  const { t } = useTranslation();
  const status = useQuery(klaviyoStatusQuery(store)).data;
  const [choosing, setChoosing] = useState(false);
  const needs = status?.key_source === "none" ? t("klaviyo.needs_key") : undefined;
  return (
    <>
      <ReportTabs store={store} />
      {view.engine === "local" ? <ConnectionTrouble store={store} /> : null}
      <ReportEngineState view={view} change={() => setChoosing(true)} />
      {view.engine === "local" ? (
        <div className={css["cards"]}>{view.kinds.map((one) => <ReportKindCard key={one.kind} view={one} store={store} needs={needs} />)}</div>
      ) : (
        <>
          <ReportServer server={view.server} store={store} />
          <ReportsRead kinds={view.kinds} store={store} />
        </>
      )}
      {choosing ? <ReportEngineDialog view={view} store={store} close={() => setChoosing(false)} /> : null}
    </>
  );
}
