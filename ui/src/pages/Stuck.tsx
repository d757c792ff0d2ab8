import { Button, Select } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { BulkBar } from "../components/BulkBar";
import { ExportButton } from "../components/ExportMenu";
import { FindingCard } from "../components/FindingCard";
import { FixDialog } from "../components/FixDialog";
import { KindNotice } from "../components/KindNotice";
import { RuleList } from "../components/RuleList";
import { SayOfOne, useSay } from "../components/SayDialog";
import { SearchField } from "../components/SearchField";
import { useStoreId } from "../data/active_store";
import { useRefusal } from "../data/desk";
import { findingCountsQuery, findingPagesQuery } from "../data/fix_queries";
import { useFormat } from "../data/format";
import { FINDING_TOPICS, useLivePages } from "../data/live_pages";
import { PAGE_ROWS } from "../data/queries";
import { call } from "../ipc/call";
import type { FindingWord } from "../ipc/generated/FindingWord";
import type { FindingPage } from "../ipc/generated/FindingPage";
import type { FindingRow } from "../ipc/generated/FindingRow";
import type { FindingFilter } from "../lib/finding_filter";
import { FINDING_STATES, findingPageArgs, isNarrowed, readFindingFilter, SEVERITIES } from "../lib/finding_filter";
import type { FixSubject } from "../lib/fix_choice";
import { FindingTable } from "../table/FindingTable";
import type { Markable } from "../table/marks";
import { MarksProvider, useMarks } from "../table/marks";
import { usePageKeys, useRowKeys } from "../table/row_keys";
import { Chip, Chips } from "../ui/Chip";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import { toast, toastError } from "../ui/Toasts";
import css from "./Stuck.module.css";

const RESTS_ON = ["event", "checkout.session", "payment_intent", "charge", "refund", "dispute", "customer", "product", "price"];

/** Orders that are stuck, worst first, from the keyboard: what is wrong, how that is known, and what cures it. */
export function Stuck() {
  const { t } = useTranslation();
  const store = useStoreId();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const filter = useMemo(() => readFindingFilter(search), [search]);
  const args = findingPageArgs(filter);
  const query = findingPagesQuery(store, args);
  const pages = useInfiniteQuery(query);
  const counts = useQuery(findingCountsQuery(store)).data;
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const total = pages.data?.pages[0]?.total ?? null;
  useLivePages(store, query.queryKey, false, FINDING_TOPICS);
  // Held here and by what they are about: what is cured leaves the list, and its dialog stays.
  const [fixing, setFixing] = useState<FixSubject | null>(null);
  const [saying, setSaying] = useState<Saying | null>(null);

  const show = useCallback((change: Partial<FindingFilter>) => {
    void navigate({
      to: "/s/$store/stuck", params: { store }, replace: true,
      search: (before: Record<string, unknown>) => readFindingFilter({ ...before, sel: undefined, ...change }),
    });
  }, [navigate, store]);
  const onSearch = useCallback((q: string) => show({ q }), [show]);
  const narrowed = isNarrowed(filter);
  const clear = () => void navigate({ to: "/s/$store/stuck", params: { store }, search: {} });

  return (
    <Page
      fill title={t("stuck.title")} note={<Count filter={filter} total={total} shown={rows.length} loading={pages.isPending || (pages.isError && rows.length === 0)} />}
      actions={
        <>
          {narrowed ? <Button variant="subtle" onClick={clear}>{t("preorders.clear")}</Button> : null}
          <ExportButton what="findings" />
        </>
      }
    >
      <KindNotice kinds={RESTS_ON} />
      <div className={css["toolbar"]} role="search" aria-label={t("stuck.filters")}>
        <SearchField key={filter.q === undefined ? "none" : "some"} text={filter.q} label={t("stuck.search")} placeholder={t("preorders.search_placeholder")} onSearch={onSearch} />
        <Select
          className={css["state"]} aria-label={t("stuck.state")} allowDeselect={false} value={filter.state ?? "open"}
          data={FINDING_STATES.map((value) => ({ value, label: t(`finding_state.${value}`) }))}
          onChange={(value) => show({ state: FINDING_STATES.find((known) => known === value) })}
        />
        <Chips label={t("stuck.severity")}>
          {SEVERITIES.map((severity) => (
            <Chip key={severity} pressed={filter.severity === severity} onClick={() => show({ severity: filter.severity === severity ? undefined : severity })}>
              {t(`severity.${severity}`)}
            </Chip>
          ))}
        </Chips>
        <span className={css["hint"]}>{t("stuck.keys")}</span>
      </div>
      <div className={css["columns"]}>
        <RuleList counts={counts} state={filter.state ?? "open"} chosen={filter.rule} choose={(rule) => show({ rule })} />
        {pages.isError && rows.length === 0 ? (
          <div className={css["wide"]}><ErrorPanel error={pages.error} retry={() => void pages.refetch()} /></div>
        ) : pages.isPending ? (
          <div className={css["wide"]}><Waiting rows={10} /></div>
        ) : rows.length === 0 ? (
          <div className={css["wide"]}>
            {narrowed ? (
              <Empty icon="search" title={t("stuck.none_match")} action={<Button onClick={clear}>{t("preorders.clear")}</Button>} />
            ) : <Empty icon="check" title={t("stuck.none")}>{t("stuck.none_text")}</Empty>}
          </div>
        ) : (
          <Triage
            key={JSON.stringify(args)} rows={rows} total={total} store={store} filter={filter} fix={setFixing} ask={setSaying}
            hasMore={pages.hasNextPage && !pages.isFetchingNextPage && !pages.isFetchNextPageError} loadMore={() => void pages.fetchNextPage({ cancelRefetch: false })}
            trouble={pages.isFetchNextPageError ? <ErrorPanel error={pages.error} retry={() => void pages.fetchNextPage()} /> : null}
          />
        )}
      </div>
      {fixing === null ? null : <FixDialog subject={fixing} close={() => setFixing(null)} />}
      {saying === null ? null : <SayOfOne finding={saying.finding} word={saying.word} close={() => setSaying(null)} />}
    </Page>
  );
}

function Count({ filter, total, shown, loading }: { filter: FindingFilter; total: number | null; shown: number; loading: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (loading) return null;
  if (total === null) return <>{t("preorders.shown", { n: format.count(shown) })}</>;
  return <>{t(filter.state === undefined ? "stuck.count" : "stuck.count_other_state", { count: total, n: format.count(total) })}</>;
}

type Saying = { finding: FindingRow; word: Exclude<FindingWord, "open"> };

type TriageProps = {
  fix: (subject: FixSubject) => void; ask: (saying: Saying) => void;
  rows: readonly FindingRow[]; total: number | null; store: string; filter: FindingFilter; hasMore: boolean; loadMore: () => void; trouble: ReactNode;
};

/** The list and the finding that is in hand. What is done with leaves the list, and the next one takes its place. */
function Triage({ rows, total, store, filter, hasMore, loadMore, trouble, fix, ask }: TriageProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const refusal = useRefusal("repair");
  const [hand, setHand] = useState<{ id: string | undefined; place: number }>({ id: filter.sel, place: 0 });
  const say = useSay();
  const markable = useMemo(() => rows.map((row) => ({ id: row.id, order: row.order_id })), [rows]);
  const marks = useMarks(markable);
  const ids = useMemo(() => rows.map((row) => row.id), [rows]);
  const at = hand.id === undefined ? -1 : ids.indexOf(hand.id);
  const current = rows[at >= 0 ? at : Math.min(hand.place, rows.length - 1)];

  const select = useCallback((id: string | undefined) => {
    setHand((before) => (id === undefined ? before : { id, place: Math.max(0, ids.indexOf(id)) }));
  }, [ids]);
  const open = useCallback((id: string) => {
    const order = rows.find((row) => row.id === id)?.order_id;
    if (order === null || order === undefined) return toast(t("stuck.no_order"));
    void navigate({
      to: "/s/$store/stuck", params: { store }, replace: true,
      search: (before: Record<string, unknown>) => readFindingFilter({ ...before, sel: id }),
    }).then(() => navigate({ to: "/s/$store/preorders/$id", params: { store, id: order } }));
    return undefined;
  }, [navigate, rows, store, t]);
  useRowKeys("findings", ids, current?.id, select, open);

  const act = (work: (finding: FindingRow) => void) => () => {
    if (current === undefined) return;
    if (refusal === undefined) work(current);
    else toast(refusal);
  };
  const word = (said: FindingWord) => act((finding) => {
    if (said !== "open") ask({ finding, word: said });
    else say.mutate({ finding, said: { state: said, until: null, note: null } }, { onError: toastError });
  });
  usePageKeys({
    f: act((finding) => fix({ order: finding.order_id, finding })), s: word("snoozed"), d: word("dismissed"), r: word("resolved"), o: word("open"),
    x: () => { if (current !== undefined) marks.toggle(current.id); },
    X: () => { if (current !== undefined) marks.extend(current.id); },
  });

  const walk = async (most: number): Promise<readonly Markable[]> => {
    const found: Markable[] = [];
    let after: string | null = null;
    do {
      const page: FindingPage = await call("finding_page", store, { ...findingPageArgs(filter), limit: PAGE_ROWS * 5, ...(after === null ? {} : { after }) });
      found.push(...page.rows.map((row) => ({ id: row.id, order: row.order_id })));
      after = page.next;
    } while (after !== null && found.length < most);
    return found.slice(0, most);
  };

  return (
    <MarksProvider value={marks}>
      <div className={css["list"]}>
        <FindingTable
          rows={rows} store={store} total={total} sort={undefined} ascending={false} onSort={() => undefined}
          selected={current?.id} onSelect={select} onOpen={() => undefined}
          hasMore={hasMore} loadMore={loadMore} placeKey={`findings ${store} ${JSON.stringify(findingPageArgs(filter))}`}
          foot={trouble === null ? <p className={css["foot"]}>{t("stuck.end", { count: rows.length, n: format.count(rows.length) })}</p> : <div className={css["foot"]}>{trouble}</div>}
        />
        <BulkBar marks={marks} total={total} walk={walk} findings />
      </div>
      <aside className={css["hand"]} aria-label={t("stuck.in_hand")}>
        {current === undefined ? null : (
          <>
            <FindingCard
              finding={current} withOrder fix={(prefer) => fix({ order: current.order_id, finding: current, ...(prefer === undefined ? {} : { prefer }) })}
              say={(said) => word(said)()}
            />
            {current.order_id === null ? null : <Button variant="subtle" leftSection={<Icon name="preorders" size={13} />} onClick={() => open(current.id)}>{t("stuck.open_order")}</Button>}
          </>
        )}
      </aside>
    </MarksProvider>
  );
}
