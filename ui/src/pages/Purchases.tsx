import { Button, Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { ExportButton } from "../components/ExportMenu";
import { KindNotice } from "../components/KindNotice";
import { PaidLookup } from "../components/PaidLookup";
import { SearchField } from "../components/SearchField";
import { useStoreId } from "../data/active_store";
import { useFormat } from "../data/format";
import { useLivePages } from "../data/live_pages";
import { purchasePagesQuery } from "../data/queries";
import type { PurchasePage } from "../ipc/generated/PurchasePage";
import type { PurchaseFilter } from "../lib/credits_filter";
import { COVERAGES, PURCHASE_STATUSES, purchasePageArgs, readPurchaseFilter } from "../lib/credits_filter";
import { PurchaseTable } from "../table/PurchaseTable";
import { useRowKeys } from "../table/row_keys";
import { Chip, Chips } from "../ui/Chip";
import { Banner, Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import css from "./Credits.module.css";

const RESTS_ON = ["event", "checkout.session", "payment_intent", "charge", "refund", "dispute", "product", "price"];

/** Every payment that may buy credits: filter and search stand in the URL. */
export function Purchases() {
  const { t } = useTranslation();
  const format = useFormat();
  const store = useStoreId();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const filter = useMemo(() => readPurchaseFilter(search), [search]);
  const args = purchasePageArgs(filter);
  const query = purchasePagesQuery(store, args);
  const [selected, setSelected] = useState(filter.sel);

  const pages = useInfiniteQuery(query);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const first = pages.data?.pages[0];
  const live = useLivePages(store, query.queryKey, selected !== undefined && rows[0]?.payment_id !== selected);

  const show = useCallback(
    (change: Partial<PurchaseFilter>) => {
      setSelected(undefined);
      void navigate({
        to: "/s/$store/purchases", params: { store }, replace: true,
        search: (before: Record<string, unknown>) => readPurchaseFilter({ ...before, sel: undefined, ...change }),
      });
    },
    [navigate, store],
  );

  const open = useCallback(
    (id: string) => {
      // The list remembers what was opened, so that the way back ends on it.
      void navigate({
        to: "/s/$store/purchases", params: { store }, replace: true,
        search: (before: Record<string, unknown>) => readPurchaseFilter({ ...before, sel: id }),
      }).then(() => navigate({ to: "/s/$store/purchases/$id", params: { store, id } }));
    },
    [navigate, store],
  );

  // Without a plan table nothing is called unmapped: what a payment buys is simply not known.
  const judged = first?.has_plans ?? true;
  const shown = useMemo(() => (judged ? rows : rows.map((row) => ({ ...row, coverage: "plan" as const, plan: null }))), [judged, rows]);
  const ids = useMemo(() => rows.map((row) => row.payment_id), [rows]);
  useRowKeys("purchases", ids, selected, setSelected, open);

  const { fetchNextPage } = pages;
  const loadMore = useCallback(() => void fetchNextPage({ cancelRefetch: false }), [fetchNextPage]);
  const narrowed = Object.keys(args).length > 0;
  const clear = () => void navigate({ to: "/s/$store/purchases", params: { store }, search: {} });
  const all = first?.counts.reduce((sum, { count }) => sum + count, 0) ?? 0;

  return (
    <Page
      fill title={t("purchases.title")} note={first === undefined ? null : t("purchases.count", { count: all, n: format.count(all) })}
      actions={
        <>
          {narrowed ? <Button variant="subtle" onClick={clear}>{t("preorders.clear")}</Button> : null}
          {live.newer ? (
            <Button variant="light" leftSection={<Icon name="refresh" size={13} />} onClick={live.refresh}>{t("preorders.newer")}</Button>
          ) : null}
          <PaidLookup />
          <ExportButton what="purchases" />
        </>
      }
    >
      <KindNotice kinds={RESTS_ON} />
      {first !== undefined && !first.has_plans && all > 0 ? (
        <Banner
          tone="amber" icon="info" title={t("plans.none_title")}
          action={<Link className={css["link"]} to="/s/$store/settings" params={{ store }}>{t("plans.to_table")}</Link>}
        >
          {t("plans.none_text")}
        </Banner>
      ) : null}
      <Toolbar filter={filter} page={first} show={show} />
      {pages.isError && rows.length === 0 ? (
        <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <Waiting rows={10} />
      ) : rows.length === 0 ? (
        narrowed ? (
          <Empty icon="search" title={t("purchases.none_match")} action={<Button onClick={clear}>{t("preorders.clear")}</Button>}>
            {t("purchases.none_match_text")}
          </Empty>
        ) : (
          <Empty icon="purchases" title={t("purchases.none")}>{t("purchases.none_text")}</Empty>
        )
      ) : (
        <PurchaseTable
          rows={shown} store={store} total={null} sort={undefined} ascending={false} onSort={() => undefined}
          selected={selected} onSelect={setSelected} onOpen={open}
          hasMore={pages.hasNextPage && !pages.isFetchingNextPage && !pages.isFetchNextPageError} loadMore={loadMore}
          placeKey={`purchases ${store} ${JSON.stringify(args)}`}
          foot={
            pages.isFetchNextPageError ? (
              <div className={css["foot"]}><ErrorPanel error={pages.error} retry={loadMore} /></div>
            ) : (
              <p className={css["foot"]}>
                {pages.hasNextPage ? t("preorders.loading_more") : t("purchases.end", { count: rows.length, n: format.count(rows.length) })}
              </p>
            )
          }
        />
      )}
    </Page>
  );
}

/** Search, plan, and how many there are of each status and coverage: each count is the filter for it. */
function Toolbar({ filter, page, show }: { filter: PurchaseFilter; page: PurchasePage | undefined; show: (change: Partial<PurchaseFilter>) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const onSearch = useCallback((q: string) => show({ q }), [show]);
  const counts = page?.counts ?? [];
  const of = (name: "status" | "coverage", value: string) => counts.reduce((sum, one) => (one[name] === value ? sum + one.count : sum), 0);
  const plans = page?.plans ?? [];
  const chosen = filter.plan === undefined || plans.includes(filter.plan) ? plans : [...plans, filter.plan];
  return (
    <div className={css["toolbar"]} role="search" aria-label={t("purchases.filters")}>
      <SearchField
        key={filter.q === undefined ? "none" : "some"} text={filter.q} label={t("purchases.search")} placeholder={t("purchases.search_placeholder")}
        onSearch={onSearch}
      />
      <Select
        className={css["plan"]} aria-label={t("table.plan")} placeholder={t("purchases.any_plan")} clearable searchable nothingFoundMessage={t("preorders.no_value")}
        data={chosen} value={filter.plan ?? null} onChange={(plan) => show({ plan: plan ?? undefined })}
      />
      <Chips label={t("purchases.by_status")}>
        {PURCHASE_STATUSES.map((status) => {
          const count = of("status", status);
          const pressed = filter.status === status;
          return count === 0 && !pressed ? null : (
            <Chip key={status} pressed={pressed} title={t(`purchase_status_meaning.${status}`)} onClick={() => show({ status: pressed ? undefined : status })}>
              {t(`purchases.chip.${status}`, { n: format.count(count) })}
            </Chip>
          );
        })}
      </Chips>
      {page?.has_plans === false && filter.coverage === undefined ? null : (
        <Chips label={t("purchases.by_coverage")}>
          {COVERAGES.map((coverage) => {
            const count = of("coverage", coverage);
            const pressed = filter.coverage === coverage;
            return count === 0 && !pressed ? null : (
              <Chip
                key={coverage} pressed={pressed} tone={coverage === "unmapped" ? "amber" : undefined} title={t(`coverage_meaning.${coverage}`)}
                onClick={() => show({ coverage: pressed ? undefined : coverage })}
              >
                {t(`purchases.chip.${coverage}`, { n: format.count(count) })}
              </Chip>
            );
          })}
        </Chips>
      )}
    </div>
  );
}
