import { Button, Select, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { ExportButton } from "../components/ExportMenu";
import { useStoreId } from "../data/active_store";
import { leadPagesQuery } from "../data/fix_queries";
import { useFormat } from "../data/format";
import { useKnownValues } from "../data/known_values";
import { LEAD_TOPICS, useLivePages } from "../data/live_pages";
import { useMinute } from "../data/now";
import type { LeadFilter } from "../lib/lead_filter";
import { AGES, leadPageArgs, readLeadFilter } from "../lib/lead_filter";
import { dayOf } from "../lib/time";
import { LeadTable } from "../table/LeadTable";
import { useRowKeys } from "../table/row_keys";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import css from "./Preorders.module.css";

/** Ordinary abandonment: nothing is wrong with these orders, but somebody may want to write. */
export function Leads() {
  const { t } = useTranslation();
  const format = useFormat();
  const store = useStoreId();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const filter = useMemo(() => readLeadFilter(search), [search]);
  const args = leadPageArgs(filter, dayOf(useMinute(), format.timeZone));
  const query = leadPagesQuery(store, args);
  const pages = useInfiniteQuery(query);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const total = pages.data?.pages[0]?.total ?? null;
  const [selected, setSelected] = useState(filter.sel);
  const live = useLivePages(store, query.queryKey, selected !== undefined && rows[0]?.order_id !== selected, LEAD_TOPICS);
  const show = useCallback((change: Partial<LeadFilter>) => {
    setSelected(undefined);
    void navigate({
      to: "/s/$store/leads", params: { store }, replace: true,
      search: (before: Record<string, unknown>) => readLeadFilter({ ...before, sel: undefined, ...change }),
    });
  }, [navigate, store]);
  const open = useCallback((id: string) => {
    void navigate({
      to: "/s/$store/leads", params: { store }, replace: true, search: (before: Record<string, unknown>) => readLeadFilter({ ...before, sel: id }),
    }).then(() => navigate({ to: "/s/$store/preorders/$id", params: { store, id } }));
  }, [navigate, store]);
  const ids = useMemo(() => rows.map((row) => row.order_id), [rows]);
  useRowKeys("leads", ids, selected, setSelected, open);
  const narrowed = Object.keys(args).length > 0;
  const clear = () => void navigate({ to: "/s/$store/leads", params: { store }, search: {} });
  const loadMore = () => void pages.fetchNextPage({ cancelRefetch: false });
  return (
    <Page
      fill title={t("leads.title")} note={total === null ? t("leads.note") : t("leads.count", { count: total, n: format.count(total) })}
      actions={
        <>
          {narrowed ? <Button variant="subtle" onClick={clear}>{t("preorders.clear")}</Button> : null}
          {live.newer ? <Button variant="light" leftSection={<Icon name="refresh" size={13} />} onClick={live.refresh}>{t("preorders.newer")}</Button> : null}
          <ExportButton what="leads" />
        </>
      }
    >
      <Toolbar filter={filter} show={show} />
      {pages.isError && rows.length === 0 ? (
        <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <Waiting rows={10} />
      ) : rows.length === 0 ? (
        narrowed
          ? <Empty icon="search" title={t("leads.none_match")} action={<Button onClick={clear}>{t("preorders.clear")}</Button>} />
          : <Empty icon="person" title={t("leads.none")}>{t("leads.none_text")}</Empty>
      ) : (
        <LeadTable
          rows={rows} store={store} total={total} sort={undefined} ascending={false} onSort={() => undefined} selected={selected} onSelect={setSelected} onOpen={open}
          hasMore={pages.hasNextPage && !pages.isFetchingNextPage && !pages.isFetchNextPageError} loadMore={loadMore} placeKey={`leads ${store} ${JSON.stringify(args)}`}
          foot={
            pages.isFetchNextPageError ? <div className={css["foot"]}><ErrorPanel error={pages.error} retry={loadMore} /></div> : (
              <p className={css["foot"]}>{pages.hasNextPage ? t("preorders.loading_more") : t("leads.end", { count: rows.length, n: format.count(rows.length) })}</p>
            )
          }
        />
      )}
    </Page>
  );
}

function Toolbar({ filter, show }: { filter: LeadFilter; show: (change: Partial<LeadFilter>) => void }) {
  const { t } = useTranslation();
  return (
    <div className={css["toolbar"]} role="search" aria-label={t("leads.filters")}>
      <Values by="color" value={filter.color} choose={(color) => show({ color })} />
      <Values by="locale" value={filter.locale} choose={(locale) => show({ locale })} />
      <Select
        w={160} aria-label={t("leads.age")} placeholder={t("leads.any_age")} clearable value={filter.age ?? null}
        data={AGES.map((value) => ({ value, label: t(`leads.ages.${value}`) }))} onChange={(value) => show({ age: AGES.find((known) => known === value) })}
      />
      <Minor key={`least ${filter.least ?? ""}`} label={t("leads.least")} value={filter.least} put={(least) => show({ least })} />
      <Minor key={`most ${filter.most ?? ""}`} label={t("leads.most")} value={filter.most} put={(most) => show({ most })} />
    </div>
  );
}

function Values({ by, value, choose }: { by: "color" | "locale"; value: string | undefined; choose: (value: string | undefined) => void }) {
  const { t } = useTranslation();
  const known = useKnownValues(by);
  return (
    <Select
      className={css["dimension"]} aria-label={t(`table.${by}`)} placeholder={t(`preorders.any_${by}`)} clearable searchable value={value ?? null}
      data={value === undefined || known.includes(value) ? known : [...known, value]} onChange={(chosen) => choose(chosen ?? undefined)}
    />
  );
}

/** An amount as it is stored: leads of several currencies stand in one list. */
function Minor({ label, value, put }: { label: string; value: string | undefined; put: (value: string | undefined) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value ?? "");
  const tell = () => {
    if (text !== (value ?? "")) put(text === "" ? undefined : text);
  };
  return (
    <TextInput
      w={130} inputMode="numeric" aria-label={label} placeholder={label} title={t("leads.value_note")} value={text}
      onChange={(event) => setText(event.currentTarget.value.replace(/\D/g, ""))} onBlur={tell}
      onKeyDown={(event) => { if (event.key === "Enter") tell(); }}
    />
  );
}
