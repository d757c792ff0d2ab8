import { Button, Checkbox, Popover, Select, UnstyledButton } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { memo, useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { BulkBar } from "../components/BulkBar";
import { DayRange } from "../components/DayRange";
import { ExportButton } from "../components/ExportMenu";
import { KindNotice } from "../components/KindNotice";
import { SearchField } from "../components/SearchField";
import { useStore, useStoreId, useTimeZone } from "../data/active_store";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { useLivePages } from "../data/live_pages";
import { useMinute } from "../data/now";
import { funnelQuery, PAGE_ROWS, preorderPagesQuery } from "../data/queries";
import { call } from "../ipc/call";
import type { PreorderPage } from "../ipc/generated/PreorderPage";
import type { PreorderStatus } from "../ipc/generated/PreorderStatus";
import type { FunnelBy } from "../ipc/generated/FunnelBy";
import type { PreorderFilter } from "../lib/preorder_filter";
import { countConditions, preorderPageArgs, readPreorderFilter, STATUSES, STEPS } from "../lib/preorder_filter";
import { addDays, dayOf } from "../lib/time";
import type { Markable } from "../table/marks";
import { MarksProvider, useMarks } from "../table/marks";
import { PreorderTable } from "../table/PreorderTable";
import { usePageKeys, useRowKeys } from "../table/row_keys";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import css from "./Preorders.module.css";

const RESTS_ON = ["event", "checkout.session", "payment_intent", "charge", "refund", "dispute"];

/** Every preorder: filter, sort and search stand in the URL. */
export function Preorders() {
  const { t } = useTranslation();
  const format = useFormat();
  const store = useStoreId();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const filter = useMemo(() => readPreorderFilter(search), [search]);
  const argsKey = JSON.stringify(preorderPageArgs(filter));
  // One object for as long as the question is the same: `sel` and renders do not make it another.
  // oxlint-disable-next-line react/exhaustive-deps
  const args = useMemo(() => preorderPageArgs(filter), [argsKey]);
  const [selected, setSelected] = useState(filter.sel);

  const pages = useInfiniteQuery(preorderPagesQuery(store, args));
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const total = pages.data?.pages[0]?.total ?? null;
  const live = useLivePages(store, preorderPagesQuery(store, args).queryKey, selected !== undefined && rows[0]?.id !== selected);

  const show = useCallback(
    (change: Partial<PreorderFilter>) => {
      setSelected(undefined);
      void navigate({
        to: "/s/$store/preorders", params: { store }, replace: true,
        search: (before: Record<string, unknown>) => readPreorderFilter({ ...before, sel: undefined, ...change }),
      });
    },
    [navigate, store],
  );

  const open = useCallback(
    (id: string) => {
      // The list remembers what was opened, so that the way back ends on it. Written once, not at every key:
      // WebKit allows a hundred changes of the URL in half a minute.
      void navigate({
        to: "/s/$store/preorders", params: { store }, replace: true,
        search: (before: Record<string, unknown>) => readPreorderFilter({ ...before, sel: id }),
      }).then(() => navigate({ to: "/s/$store/preorders/$id", params: { store, id } }));
    },
    [navigate, store],
  );

  const ids = useMemo(() => rows.map((row) => row.id), [rows]);
  useRowKeys("preorders", ids, selected, setSelected, open);

  const readOnly = useStore()?.read_only ?? true;
  const refusal = useRefusal("repair");
  const marks = useMarks(useMemo(() => rows.map(({ id }) => ({ id, order: id })), [rows]));
  const mark = (work: (id: string) => void) => () => {
    if (selected !== undefined && !readOnly) work(selected);
  };
  usePageKeys({ x: mark(marks.toggle), X: mark(marks.extend) });
  const walk = async (most: number): Promise<readonly Markable[]> => {
    const found: Markable[] = [];
    let after: string | null = null;
    do {
      const page: PreorderPage = await call("preorder_page", store, { ...args, limit: PAGE_ROWS * 5, ...(after === null ? {} : { after }) });
      found.push(...page.rows.map(({ id }) => ({ id, order: id })));
      after = page.next;
    } while (after !== null && found.length < most);
    return found.slice(0, most);
  };

  const { fetchNextPage } = pages;
  const loadMore = useCallback(() => void fetchNextPage({ cancelRefetch: false }), [fetchNextPage]);

  const narrowed = countConditions(filter) > 0 || filter.q !== undefined;
  const clear = () => void navigate({ to: "/s/$store/preorders", params: { store }, search: {} });

  return (
    <Page
      fill title={t("preorders.title")} note={<Count shown={rows.length} total={total} loading={pages.isPending} />}
      actions={
        <>
          {narrowed ? <Button variant="subtle" onClick={clear}>{t("preorders.clear")}</Button> : null}
          {live.newer ? (
            <Button variant="light" leftSection={<Icon name="refresh" size={13} />} onClick={live.refresh}>{t("preorders.newer")}</Button>
          ) : null}
          <ExportButton what="preorders" />
          {readOnly ? null : (
            <Button
              variant="filled" leftSection={<Icon name="plus" size={13} />} disabled={refusal !== undefined} title={refusal}
              onClick={() => void navigate({ to: "/s/$store/new-preorder", params: { store } })}
            >
              {t("new_preorder.title")}
            </Button>
          )}
        </>
      }
    >
      <KindNotice kinds={RESTS_ON} />
      <Toolbar filter={filter} show={show} />
      {pages.isError && rows.length === 0 ? (
        <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <Waiting rows={10} />
      ) : rows.length === 0 ? (
        narrowed ? (
          <Empty icon="search" title={t("preorders.none_match")} action={<Button onClick={clear}>{t("preorders.clear")}</Button>}>
            {t("preorders.none_match_text")}
          </Empty>
        ) : (
          <Empty icon="preorders" title={t("preorders.none")}>{t("preorders.none_text")}</Empty>
        )
      ) : (
        <MarksProvider value={readOnly ? null : marks}>
          <PreorderTable
            rows={rows} store={store} total={total} sort={filter.sort ?? "started"} ascending={filter.asc ?? false}
            onSort={(sort, asc) => show({ sort, asc })}
            selected={selected} onSelect={setSelected} onOpen={open}
            hasMore={pages.hasNextPage && !pages.isFetchingNextPage && !pages.isFetchNextPageError} loadMore={loadMore} placeKey={`${store} ${argsKey}`}
            foot={
              pages.isFetchNextPageError ? (
                <div className={css["foot"]}><ErrorPanel error={pages.error} retry={loadMore} /></div>
              ) : (
                <p className={css["foot"]}>
                  {pages.hasNextPage ? t("preorders.loading_more") : t("preorders.end", { count: rows.length, n: format.count(rows.length) })}
                </p>
              )
            }
          />
          <BulkBar marks={marks} total={total} walk={walk} />
        </MarksProvider>
      )}
    </Page>
  );
}

function Count({ shown, total, loading }: { shown: number; total: number | null; loading: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (loading) return null;
  if (total === null) return <>{t("preorders.shown", { n: format.count(shown) })}</>;
  return <>{t("preorders.count", { count: total, n: format.count(total) })}</>;
}

type Show = (change: Partial<PreorderFilter>) => void;

/** Kept still while a person moves through the rows: it holds the heaviest fields of the page. */
const Toolbar = memo(function Toolbar({ filter, show }: { filter: PreorderFilter; show: Show }) {
  const { t } = useTranslation();
  return (
    <div className={css["toolbar"]} role="search" aria-label={t("preorders.filters")}>
      <SearchField
        key={filter.q === undefined ? "none" : "some"} text={filter.q} label={t("preorders.search")} placeholder={t("preorders.search_placeholder")}
        onSearch={(q) => show({ q })}
      />
      <StatusFilter chosen={filter.status ?? []} show={show} />
      <DimensionSelect by="color" value={filter.color} onChange={(color) => show({ color })} />
      <DimensionSelect by="locale" value={filter.locale} onChange={(locale) => show({ locale })} />
      <DimensionSelect by="source" value={filter.source} onChange={(source) => show({ source })} />
      <Select
        className={css["step"]} aria-label={t("preorders.step")} placeholder={t("preorders.any_step")} clearable
        data={STEPS.filter((step) => step !== "started").map((step) => ({ value: step, label: t(`preorders.reached.${step}`) }))}
        value={filter.step === "started" ? null : (filter.step ?? null)}
        onChange={(value) => show({ step: STEPS.find((step) => step === value) })}
      />
      <DayRange label={t("preorders.days")} from={filter.from} to={filter.to} show={show} />
      {filter.conflict === true ? (
        <Button variant="light" rightSection={<Icon name="cross" size={12} />} onClick={() => show({ conflict: undefined })}>
          {t("preorders.conflicting")}
        </Button>
      ) : null}
    </div>
  );
});

/** Any number of statuses, on one line however many. */
function StatusFilter({ chosen, show }: { chosen: readonly PreorderStatus[]; show: Show }) {
  const { t } = useTranslation();
  const text = chosen.length === 0 ? t("preorders.any_status") : chosen.map((status) => t(`status.${status}`)).join(", ");
  return (
    <Popover position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <UnstyledButton className={css["status"]} data-some={chosen.length > 0} aria-label={t("preorders.status_is", { text })} title={text}>
          <span className={css["statusText"]}>{text}</span>
          <Icon name="chevron_down" size={12} />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={css["statuses"]} role="group" aria-label={t("table.status")}>
          {STATUSES.map((status) => (
            <Checkbox
              key={status} label={t(`status.${status}`)} checked={chosen.includes(status)}
              onChange={(event) => {
                const wanted = event.currentTarget.checked;
                show({ status: STATUSES.filter((item) => (item === status ? wanted : chosen.includes(item))) });
              }}
            />
          ))}
          <Button size="compact-xs" disabled={chosen.length === 0} onClick={() => show({ status: undefined })}>{t("preorders.any_status")}</Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

/** The values of the last year's orders, with "unknown"; a value of the URL that is not among them stays. */
function DimensionSelect({
  by, value, onChange,
}: { by: "color" | "locale" | "source"; value: string | undefined; onChange: (value: string | undefined) => void }) {
  const { t } = useTranslation();
  const store = useStoreId();
  const today = dayOf(useMinute(), useTimeZone());
  const dimension: FunnelBy = by;
  const { data } = useQuery(funnelQuery(store, { by: dimension, from: addDays(today, -364), to: today }));
  const known = data?.rows.map((row) => row.key ?? "") ?? [];
  const values = value === undefined || known.includes(value) ? known : [...known, value];
  return (
    <Select
      className={css["dimension"]} aria-label={t(`table.${by}`)} placeholder={t(`preorders.any_${by}`)} clearable searchable
      nothingFoundMessage={t("preorders.no_value")}
      data={values.map((item) => ({ value: `=${item}`, label: item === "" ? t("common.unknown") : item }))}
      value={value === undefined ? null : `=${value}`}
      onChange={(chosen) => onChange(chosen === null ? undefined : chosen.slice(1))}
    />
  );
}
