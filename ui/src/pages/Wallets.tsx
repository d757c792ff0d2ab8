import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { ExportButton } from "../components/ExportMenu";
import { SearchField } from "../components/SearchField";
import { useStoreId } from "../data/active_store";
import { useFormat } from "../data/format";
import { useLivePages } from "../data/live_pages";
import { walletPagesQuery } from "../data/queries";
import type { WalletFilter } from "../lib/credits_filter";
import { readWalletFilter, walletPageArgs, walletSort } from "../lib/credits_filter";
import { useRowKeys } from "../table/row_keys";
import { WalletTable } from "../table/WalletTable";
import { Chip, Chips } from "../ui/Chip";
import { Banner, Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import css from "./Credits.module.css";

/** Every owner's credits: filter, sort and search stand in the URL. */
export function Wallets() {
  const { t } = useTranslation();
  const format = useFormat();
  const store = useStoreId();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const filter = useMemo(() => readWalletFilter(search), [search]);
  const args = walletPageArgs(filter);
  const query = walletPagesQuery(store, args);
  const [selected, setSelected] = useState(filter.sel);

  const pages = useInfiniteQuery(query);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const first = pages.data?.pages[0];
  const live = useLivePages(store, query.queryKey, selected !== undefined && rows[0]?.owner !== selected);

  const show = useCallback(
    (change: Partial<WalletFilter>) => {
      setSelected(undefined);
      void navigate({
        to: "/s/$store/wallets", params: { store }, replace: true,
        search: (before: Record<string, unknown>) => readWalletFilter({ ...before, sel: undefined, ...change }),
      });
    },
    [navigate, store],
  );
  const onSearch = useCallback((q: string) => show({ q }), [show]);

  const open = useCallback(
    (owner: string) => {
      // The list remembers what was opened, so that the way back ends on it.
      void navigate({
        to: "/s/$store/wallets", params: { store }, replace: true,
        search: (before: Record<string, unknown>) => readWalletFilter({ ...before, sel: owner }),
      }).then(() => navigate({ to: "/s/$store/wallets/$owner", params: { store, owner } }));
    },
    [navigate, store],
  );

  const ids = useMemo(() => rows.map((row) => row.owner), [rows]);
  useRowKeys("wallets", ids, selected, setSelected, open);

  const { fetchNextPage } = pages;
  const loadMore = useCallback(() => void fetchNextPage({ cancelRefetch: false }), [fetchNextPage]);
  const narrowed = filter.q !== undefined || filter.below === true;
  const clear = () => void navigate({ to: "/s/$store/wallets", params: { store }, search: {} });

  return (
    <Page
      fill title={t("wallets.title")} note={first === undefined ? null : t("preorders.shown", { n: format.count(rows.length) })}
      actions={
        <>
          {narrowed ? <Button variant="subtle" onClick={clear}>{t("preorders.clear")}</Button> : null}
          {live.newer ? (
            <Button variant="light" leftSection={<Icon name="refresh" size={13} />} onClick={live.refresh}>{t("preorders.newer")}</Button>
          ) : null}
          <ExportButton what="wallets" />
        </>
      }
    >
      {first !== undefined && !first.spending_known && rows.length > 0 ? (
        <Banner tone="info" icon="info" title={t("wallets.spending_unknown")}>{t("wallets.spending_unknown_text")}</Banner>
      ) : null}
      <div className={css["toolbar"]} role="search" aria-label={t("wallets.filters")}>
        <SearchField
          key={filter.q === undefined ? "none" : "some"} text={filter.q} label={t("wallets.search")} placeholder={t("wallets.search_placeholder")}
          onSearch={onSearch}
        />
        <Chips label={t("wallets.filters")}>
          <Chip pressed={filter.below === true} tone="red" onClick={() => show({ below: filter.below === true ? undefined : true })}>{t("wallets.below")}</Chip>
        </Chips>
      </div>
      {pages.isError && rows.length === 0 ? (
        <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <Waiting rows={10} />
      ) : rows.length === 0 ? (
        narrowed ? (
          <Empty icon="search" title={t("wallets.none_match")} action={<Button onClick={clear}>{t("preorders.clear")}</Button>}>
            {filter.below === true && filter.q === undefined ? t("wallets.none_below") : t("wallets.none_match_text")}
          </Empty>
        ) : (
          <Empty icon="wallets" title={t("wallets.none")}>{t("wallets.none_text")}</Empty>
        )
      ) : (
        <WalletTable
          rows={rows} store={store} total={null} sort={walletSort(filter)} ascending={walletSort(filter) === "owner" || filter.asc === true}
          onSort={(sort, asc) => show({ sort, asc: sort === "owner" ? undefined : asc })}
          selected={selected} onSelect={setSelected} onOpen={open}
          hasMore={pages.hasNextPage && !pages.isFetchingNextPage && !pages.isFetchNextPageError} loadMore={loadMore}
          placeKey={`wallets ${store} ${JSON.stringify(args)}`}
          foot={
            pages.isFetchNextPageError ? (
              <div className={css["foot"]}><ErrorPanel error={pages.error} retry={loadMore} /></div>
            ) : (
              <p className={css["foot"]}>
                {pages.hasNextPage ? t("preorders.loading_more") : t("wallets.end", { count: rows.length, n: format.count(rows.length) })}
              </p>
            )
          }
        />
      )}
    </Page>
  );
}
