import {
  createHashHistory, createRootRoute, createRoute, createRouter, Outlet, redirect, useNavigate,
} from "@tanstack/react-router";
import type { QueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Button } from "@mantine/core";

import { Frame } from "./components/Frame";
import { storeListQuery } from "./data/queries";
import { lastStore, rememberStore } from "./data/last_store";
import { call } from "./ipc/call";
import type { DifferenceFilter, PurchaseFilter, WalletFilter } from "./lib/credits_filter";
import { readDifferenceFilter, readPurchaseFilter, readWalletFilter } from "./lib/credits_filter";
import type { FunnelView } from "./lib/funnel_view";
import { readFunnelView } from "./lib/funnel_view";
import type { AudienceView } from "./lib/audience_filter";
import { readAudienceView } from "./lib/audience_filter";
import type { AuditFilter } from "./lib/audit_filter";
import { readAuditFilter } from "./lib/audit_filter";
import type { EventFilter } from "./lib/event_filter";
import { readEventFilter } from "./lib/event_filter";
import type { FindingFilter } from "./lib/finding_filter";
import { readFindingFilter } from "./lib/finding_filter";
import type { LeadFilter } from "./lib/lead_filter";
import { readLeadFilter } from "./lib/lead_filter";
import type { PreorderFilter } from "./lib/preorder_filter";
import { readPreorderFilter } from "./lib/preorder_filter";
import type { ImportView } from "./lib/import_view";
import { readImportView } from "./lib/import_view";
import type { ReportView } from "./lib/report_view";
import { readReportView } from "./lib/report_view";
import { REPORT_KINDS } from "./lib/report_sync";
import { parseUrlQuery, writeUrlQuery } from "./lib/url_query";
import { Audit } from "./pages/Audit";
import { Audiences } from "./pages/Audiences";
import { Bulk } from "./pages/Bulk";
import { Funnel } from "./pages/Funnel";
import { Health } from "./pages/Health";
import { Imports } from "./pages/Imports";
import { Klaviyo } from "./pages/Klaviyo";
import { KlaviyoEvents } from "./pages/KlaviyoEvents";
import { Leads } from "./pages/Leads";
import { NewPreorder } from "./pages/NewPreorder";
import { Overview } from "./pages/Overview";
import { Preorder } from "./pages/Preorder";
import { Preorders } from "./pages/Preorders";
import { Purchase } from "./pages/Purchase";
import { Purchases } from "./pages/Purchases";
import { Reconciliation } from "./pages/Reconciliation";
import { ReportNumbers } from "./pages/ReportNumbers";
import { Reports } from "./pages/Reports";
import { Settings } from "./pages/Settings";
import { Stuck } from "./pages/Stuck";
import { Wallet } from "./pages/Wallet";
import { Wallets } from "./pages/Wallets";
import { Welcome } from "./pages/Welcome";
import { Empty, ErrorPanel } from "./ui/Feedback";

/** The pages and their URLs. The URL is the state: a link says everything a page shows. */
export function makeRouter(client: QueryClient, history = createHashHistory()) {
  const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

  const start = createRoute({
    getParentRoute: () => root,
    path: "/",
    beforeLoad: async () => {
      const [asked, list] = await Promise.all([startRequest(), client.fetchQuery({ ...storeListQuery(), staleTime: 0 })]);
      const known = (id: string | null) => list.stores.find((store) => store.public_id === id)?.public_id;
      const store = known(asked.store) ?? known(lastStore()) ?? list.stores[0]?.public_id;
      if (store === undefined) throw redirect({ to: "/welcome", replace: true });
      throw redirect({ href: startHref(store, asked.route), replace: true });
    },
  });

  const welcome = createRoute({ getParentRoute: () => root, path: "/welcome", component: Welcome });

  const store = createRoute({
    getParentRoute: () => root,
    path: "/s/$store",
    component: Frame,
    beforeLoad: async ({ params }) => {
      const known = async (staleTime: number) =>
        (await client.fetchQuery({ ...storeListQuery(), staleTime })).stores.some((item) => item.public_id === params.store);
      // A store that was just made may not be in the list that was read before.
      if (!(await known(Number.POSITIVE_INFINITY)) && !(await known(0))) throw redirect({ to: "/welcome", replace: true });
      rememberStore(params.store);
    },
  });
  const inside = () => store;

  const overview = createRoute({ getParentRoute: inside, path: "/overview", component: Overview });
  const funnel = createRoute({
    getParentRoute: inside, path: "/funnel", component: Funnel,
    validateSearch: (query: Record<string, unknown>): FunnelView => readFunnelView(query),
  });
  const preorders = createRoute({
    getParentRoute: inside, path: "/preorders", component: Preorders,
    validateSearch: (query: Record<string, unknown>): PreorderFilter => readPreorderFilter(query),
  });
  const stuck = createRoute({
    getParentRoute: inside, path: "/stuck", component: Stuck,
    validateSearch: (query: Record<string, unknown>): FindingFilter => readFindingFilter(query),
  });
  const leads = createRoute({
    getParentRoute: inside, path: "/leads", component: Leads,
    validateSearch: (query: Record<string, unknown>): LeadFilter => readLeadFilter(query),
  });
  const newPreorder = createRoute({ getParentRoute: inside, path: "/new-preorder", component: NewPreorder });
  const audit = createRoute({
    getParentRoute: inside, path: "/audit", component: Audit,
    validateSearch: (query: Record<string, unknown>): AuditFilter => readAuditFilter(query),
  });
  const bulk = createRoute({ getParentRoute: inside, path: "/bulk", component: Bulk });
  const preorder = createRoute({ getParentRoute: inside, path: "/preorders/$id", component: Preorder });
  const purchases = createRoute({
    getParentRoute: inside, path: "/purchases", component: Purchases,
    validateSearch: (query: Record<string, unknown>): PurchaseFilter => readPurchaseFilter(query),
  });
  const purchase = createRoute({ getParentRoute: inside, path: "/purchases/$id", component: Purchase });
  const wallets = createRoute({
    getParentRoute: inside, path: "/wallets", component: Wallets,
    validateSearch: (query: Record<string, unknown>): WalletFilter => readWalletFilter(query),
  });
  const wallet = createRoute({ getParentRoute: inside, path: "/wallets/$owner", component: Wallet });
  const reconciliation = createRoute({
    getParentRoute: inside, path: "/reconciliation", component: Reconciliation,
    validateSearch: (query: Record<string, unknown>): DifferenceFilter => readDifferenceFilter(query),
  });
  const imports = createRoute({
    getParentRoute: inside, path: "/imports", component: Imports,
    validateSearch: (query: Record<string, unknown>): ImportView => readImportView(query),
  });
  const klaviyo = createRoute({ getParentRoute: inside, path: "/klaviyo", component: Klaviyo });
  const klaviyoEvents = createRoute({
    getParentRoute: inside, path: "/klaviyo-events", component: KlaviyoEvents,
    validateSearch: (query: Record<string, unknown>): EventFilter => readEventFilter(query),
  });
  const audiences = createRoute({
    getParentRoute: inside, path: "/audiences", component: Audiences,
    validateSearch: (query: Record<string, unknown>): AudienceView => readAudienceView(query),
  });
  const reports = createRoute({ getParentRoute: inside, path: "/reports", component: Reports });
  const reportNumbers = createRoute({
    getParentRoute: inside, path: "/reports/$kind", component: ReportNumbers,
    validateSearch: (query: Record<string, unknown>): ReportView => readReportView(query),
    beforeLoad: ({ params }) => {
      if (!REPORT_KINDS.some((kind) => kind === params.kind)) throw redirect({ to: "/s/$store/reports", params: { store: params.store }, replace: true });
    },
  });
  const health = createRoute({ getParentRoute: inside, path: "/health", component: Health });
  const settings = createRoute({ getParentRoute: inside, path: "/settings", component: Settings });

  return createRouter({
    routeTree: root.addChildren([
      start, welcome,
      store.addChildren([
        overview, stuck, leads, funnel, preorders, preorder, newPreorder, purchases, purchase, wallets, wallet, reconciliation, klaviyo, klaviyoEvents, audiences, reports, reportNumbers, imports, audit, bulk, health, settings,
      ]),
    ]),
    history,
    parseSearch: parseUrlQuery,
    stringifySearch: writeUrlQuery,
    defaultErrorComponent: ({ error, reset }) => <Broken error={error} reset={reset} />,
    defaultPendingMs: 300,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

/** What the command line asked for. What is wrong with it (a file that is no mirror, say) is thrown, once. */
function startRequest(): Promise<{ store: string | null; route: string | null }> {
  return call("shell_start", null, {});
}

/** `health`, `/funnel?days=7` or a whole `/s/STORE/...` become a URL of this store. */
function startHref(store: string, route: string | null): string {
  if (route === null || route === "" || route === "/") return `/s/${store}/overview`;
  if (route.startsWith("/s/")) return route;
  return `/s/${store}/${route.replace(/^\//, "")}`;
}

function NotFound() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Empty icon="search" title={t("error.no_page")} action={<Button onClick={() => void navigate({ to: "/" })}>{t("error.to_start")}</Button>} />
  );
}

/** A page that broke shows what broke; the frame and the other pages stay. */
function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  return <div className="fd-broken"><ErrorPanel error={error} retry={reset} /></div>;
}
