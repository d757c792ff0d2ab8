import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { EventCounts } from "../components/EventCounts";
import { EventFillDialog } from "../components/EventFillDialog";
import { EventPolicyDialog } from "../components/EventPolicyDialog";
import { EventsState } from "../components/EventsState";
import css from "../components/KlaviyoEvents.module.css";
import { KlaviyoProblem } from "../components/KlaviyoProblem";
import { useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { eventPagesQuery, klaviyoEventsQuery } from "../data/klaviyo_event_queries";
import { klaviyoStatusQuery } from "../data/klaviyo_queries";
import { EVENT_TOPICS, useLivePages } from "../data/live_pages";
import type { EventsView } from "../ipc/generated/EventsView";
import type { EventFilter } from "../lib/event_filter";
import { eventPageArgs, ORDER_EVENTS, readEventFilter, standId } from "../lib/event_filter";
import { EventTable } from "../table/EventTable";
import { useRowKeys } from "../table/row_keys";
import { Chip, Chips } from "../ui/Chip";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import { toast } from "../ui/Toasts";

/** What Klaviyo was told of orders: who tells, what is missing, what is wrong, and how it is made good. */
export function KlaviyoEvents() {
  const { t } = useTranslation();
  const store = useStoreId();
  const view = useQuery(klaviyoEventsQuery(store));
  const status = useQuery(klaviyoStatusQuery(store)).data;
  const refusal = useRefusal("repair");
  const check = useCommand("klaviyo_events_check", store, ["klaviyo", "findings"]);
  const [filling, setFilling] = useState(false);
  const [asking, setAsking] = useState(false);
  const connected = status === undefined || status.account !== null;
  const why = refusal ?? (status?.key_source === "none" ? t("klaviyo.needs_key") : undefined);
  const data = view.data;
  if (!connected) {
    return (
      <Page title={t("klaviyo_events.title")} note={t("klaviyo_events.note")}>
        <Empty icon="mail" title={t("klaviyo_events.not_connected")} action={<Link className={css["link"]} to="/s/$store/klaviyo" params={{ store }}>{t("klaviyo_events.connect")}</Link>}>
          {t("klaviyo_events.not_connected_text")}
        </Empty>
      </Page>
    );
  }
  const nothing = data !== undefined && data.gaps.events === 0 ? t("klaviyo_events.nothing_missing") : undefined;
  return (
    <Page
      fill title={t("klaviyo_events.title")} note={t("klaviyo_events.note")}
      actions={
        <>
          <Button
            data-testid="events-check" leftSection={<Icon name="refresh" size={13} />} disabled={why !== undefined} title={why} loading={check.isPending}
            onClick={() => check.mutate({}, { onSuccess: () => toast(t("klaviyo_events.looked")) })}
          >
            {t("klaviyo_events.check")}
          </Button>
          <Button
            data-testid="events-fill" variant="filled" leftSection={<Icon name="mail" size={13} />} disabled={why !== undefined || nothing !== undefined || data === undefined} title={why ?? nothing}
            onClick={() => setFilling(true)}
          >
            {t("klaviyo_events.fill")}
          </Button>
        </>
      }
    >
      {check.error === null ? null : <KlaviyoProblem error={check.error} />}
      {data === undefined ? (
        view.isError ? <ErrorPanel error={view.error} retry={() => void view.refetch()} /> : <Waiting rows={10} />
      ) : (
        <>
          <EventsState view={data} ask={() => setAsking(true)} />
          <Stands view={data} store={store} />
          {filling ? <EventFillDialog view={data} store={store} close={() => setFilling(false)} /> : null}
          {asking ? <EventPolicyDialog view={data} store={store} close={() => setAsking(false)} /> : null}
        </>
      )}
    </Page>
  );
}

/** Orders' events, narrowed by how they stand. */
function Stands({ view, store }: { view: EventsView; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const filter = useMemo(() => readEventFilter(search), [search]);
  const args = eventPageArgs(filter);
  const query = eventPagesQuery(store, args);
  const pages = useInfiniteQuery(query);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const [selected, setSelected] = useState(filter.sel);
  const [first] = rows;
  const live = useLivePages(store, query.queryKey, selected !== undefined && first !== undefined && standId(first) !== selected, EVENT_TOPICS);
  const show = useCallback((change: Partial<EventFilter>) => {
    setSelected(undefined);
    void navigate({
      to: "/s/$store/klaviyo-events", params: { store }, replace: true,
      search: (before: Record<string, unknown>) => readEventFilter({ ...before, sel: undefined, ...change }),
    });
  }, [navigate, store]);
  const open = useCallback((id: string) => {
    const order = rows.find((row) => standId(row) === id)?.order.id;
    if (order === undefined) return;
    void navigate({
      to: "/s/$store/klaviyo-events", params: { store }, replace: true, search: (before: Record<string, unknown>) => readEventFilter({ ...before, sel: id }),
    }).then(() => navigate({ to: "/s/$store/preorders/$id", params: { store, id: order } }));
  }, [navigate, rows, store]);
  const ids = useMemo(() => rows.map(standId), [rows]);
  useRowKeys("events", ids, selected, setSelected, open);
  const narrowed = Object.keys(args).length > 0;
  const clear = () => show({ verdict: undefined, kind: undefined, drifted: undefined });
  const loadMore = () => void pages.fetchNextPage({ cancelRefetch: false });
  return (
    <>
      <div className={css["toolbar"]} role="search" aria-label={t("klaviyo_events.filters")}>
        <Chips label={t("table.event")}>
          {ORDER_EVENTS.map((kind) => (
            <Chip key={kind} pressed={filter.kind === kind} onClick={() => show({ kind: filter.kind === kind ? undefined : kind })}>{t(`klaviyo_event.${kind}`)}</Chip>
          ))}
          <Chip pressed={filter.drifted === true} title={t("klaviyo_events.drifted_meaning")} onClick={() => show({ drifted: filter.drifted === true ? undefined : true })}>
            {t("klaviyo_events.drifted", { n: format.count(view.drifted) })}
          </Chip>
        </Chips>
        {narrowed ? <Button variant="subtle" onClick={clear}>{t("preorders.clear")}</Button> : null}
        {live.newer ? <Button variant="light" leftSection={<Icon name="refresh" size={13} />} onClick={live.refresh}>{t("preorders.newer")}</Button> : null}
      </div>
      <div className={css["columns"]}>
        <EventCounts counts={view.counts} kind={filter.kind} chosen={filter.verdict} choose={(verdict) => show({ verdict })} />
        {pages.isError && rows.length === 0 ? (
          <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />
        ) : pages.isPending ? (
          <Waiting rows={10} />
        ) : rows.length === 0 ? (
          narrowed
            ? <Empty icon="search" title={t("klaviyo_events.none_match")} action={<Button onClick={clear}>{t("preorders.clear")}</Button>} />
            : <Empty icon="mail" title={t("klaviyo_events.none")}>{t(view.looked_at === null ? "klaviyo_events.not_looked_text" : "klaviyo_events.none_text", { count: view.check_days })}</Empty>
        ) : (
          <EventTable
            rows={rows} store={store} total={null} sort={undefined} ascending={false} onSort={() => undefined} selected={selected} onSelect={setSelected} onOpen={open}
            hasMore={pages.hasNextPage && !pages.isFetchingNextPage && !pages.isFetchNextPageError} loadMore={loadMore} placeKey={`events ${store} ${JSON.stringify(args)}`}
            foot={
              pages.isFetchNextPageError ? <div className={css["foot"]}><ErrorPanel error={pages.error} retry={loadMore} /></div> : (
                <p className={css["foot"]}>{pages.hasNextPage ? t("preorders.loading_more") : t("klaviyo_events.end", { count: rows.length, n: format.count(rows.length) })}</p>
              )
            }
          />
        )}
      </div>
    </>
  );
}
