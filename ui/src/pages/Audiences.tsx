import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { AudienceExport } from "../components/AudienceExport";
import { AudienceFilters } from "../components/AudienceFilters";
import css from "../components/Audiences.module.css";
import { SegmentCompare } from "../components/AudienceSegment";
import { useStoreId } from "../data/active_store";
import { audienceListQuery, audiencePagesQuery } from "../data/audience_queries";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { useLivePages } from "../data/live_pages";
import type { AudienceCount } from "../ipc/generated/AudienceCount";
import type { AudienceView } from "../lib/audience_filter";
import { audienceFilter, readAudienceView } from "../lib/audience_filter";
import { AudienceTable } from "../table/AudienceTable";
import { useRowKeys } from "../table/row_keys";
import { Banner, Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import shared from "./Preorders.module.css";

/** Whom to write to: people who left an order, and people who bought, with who was left out and why. */
export function Audiences() {
  const { t } = useTranslation();
  const format = useFormat();
  const store = useStoreId();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const view = useMemo(() => readAudienceView(search), [search]);
  const audience = view.audience ?? "abandoned";
  const filter = audienceFilter(view);
  const list = useQuery(audienceListQuery(store, filter));
  const query = audiencePagesQuery(store, { audience, filter });
  const pages = useInfiniteQuery(query);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const currencies = useMemo(() => [...new Set(rows.flatMap((row) => row.currency ?? []))], [rows]);
  const refusal = useRefusal("repair");
  const [selected, setSelected] = useState(view.sel);
  const [writing, setWriting] = useState(false);
  useLivePages(store, query.queryKey, selected !== undefined && rows[0]?.order_id !== selected);
  const show = useCallback((change: Partial<AudienceView>) => {
    setSelected(undefined);
    void navigate({
      to: "/s/$store/audiences", params: { store }, replace: true,
      search: (before: Record<string, unknown>) => readAudienceView({ ...before, sel: undefined, ...change }),
    });
  }, [navigate, setSelected, store]);
  const open = useCallback((id: string) => {
    void navigate({
      to: "/s/$store/audiences", params: { store }, replace: true, search: (before: Record<string, unknown>) => readAudienceView({ ...before, sel: id }),
    }).then(() => navigate({ to: "/s/$store/preorders/$id", params: { store, id } }));
  }, [navigate, store]);
  const ids = useMemo(() => rows.map((row) => row.order_id), [rows]);
  useRowKeys("audience", ids, selected, setSelected, open);
  const narrowed = Object.keys(filter).length > 0;
  const clear = () => void navigate({ to: "/s/$store/audiences", params: { store }, search: readAudienceView({ audience: view.audience, segment: view.segment }) });
  const count = list.data?.audiences.find((one) => one.audience === audience);
  const loadMore = () => void pages.fetchNextPage({ cancelRefetch: false });
  return (
    <Page
      fill title={t("audiences.title")} note={t("audiences.note")}
      actions={
        <>
          {narrowed ? <Button variant="subtle" onClick={clear}>{t("preorders.clear")}</Button> : null}
          <Button data-testid="audience-export" leftSection={<Icon name="download" size={14} />} disabled={refusal !== undefined || count === undefined} title={refusal} onClick={() => setWriting(true)}>
            {t("audiences.export")}
          </Button>
        </>
      }
    >
      {list.data?.consent_known === false ? <Banner tone="info" icon="info" title={t("audiences.consent_unknown")}>{t("audiences.consent_unknown_text")}</Banner> : null}
      {list.isError && list.data === undefined ? <ErrorPanel error={list.error} retry={() => void list.refetch()} /> : (
        <div className={css["tabs"]} role="group" aria-label={t("audiences.title")}>
          {list.data?.audiences.map((one) => <Tab key={one.audience} one={one} chosen={one.audience === audience} choose={() => show({ audience: one.audience })} />)}
        </div>
      )}
      <div className={shared["toolbar"]} role="search" aria-label={t("audiences.filters")}>
        <AudienceFilters view={view} currencies={currencies} show={show} />
      </div>
      <SegmentCompare
        key={JSON.stringify([store, audience, filter])} store={store} audience={audience} filter={filter} chosen={view.segment}
        choose={(segment) => show({ segment })}
      />
      {pages.isError && rows.length === 0 ? <ErrorPanel error={pages.error} retry={() => void pages.refetch()} /> : pages.isPending ? <Waiting rows={10} /> : rows.length === 0 ? (
        <Empty icon="person" title={t("audiences.nobody")} {...(narrowed ? { action: <Button onClick={clear}>{t("preorders.clear")}</Button> } : {})} />
      ) : (
        <AudienceTable
          rows={rows} store={store} total={count?.count ?? null} sort={undefined} ascending={false} onSort={() => undefined} selected={selected} onSelect={setSelected} onOpen={open}
          hasMore={pages.hasNextPage && !pages.isFetchingNextPage && !pages.isFetchNextPageError} loadMore={loadMore} placeKey={`audience ${store} ${JSON.stringify([audience, filter])}`}
          foot={<p className={shared["foot"]}>{pages.hasNextPage ? t("preorders.loading_more") : t("audiences.people", { count: rows.length, n: format.count(rows.length) })}</p>}
        />
      )}
      {writing && count !== undefined ? <AudienceExport store={store} count={count} filter={filter} close={() => setWriting(false)} /> : null}
    </Page>
  );
}

/** One audience: how many, how many of them want mail, and who was left out. */
function Tab({ one, chosen, choose }: { one: AudienceCount; chosen: boolean; choose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const left = one.left_out.filter(({ count }) => count > 0);
  return (
    <button type="button" className={css["tab"]} aria-pressed={chosen} data-testid={`audience-${one.audience}`} onClick={choose}>
      <span className={css["line"]}>
        <strong>{t(`audience.${one.audience}`)}</strong>
        <span className={css["count"]}>{format.count(one.count)}</span>
        <span className={css["small"]}>{t("audiences.consents", { yes: format.count(one.consent_yes), no: format.count(one.consent_no), unknown: format.count(one.consent_unknown) })}</span>
      </span>
      {left.length === 0 ? null : (
        <span className={`${css["line"]} ${css["small"]}`}>{t("audiences.left_out")} {left.map(({ why, count }) => `${t(`left_out.${why}`)} ${format.count(count)}`).join(" · ")}</span>
      )}
    </button>
  );
}
