import { Button, Select } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { MouseEvent } from "react";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { AuditVerdictPanel } from "../components/AuditVerdictPanel";
import { ExportButton } from "../components/ExportMenu";
import { SearchField } from "../components/SearchField";
import { Doer, Instant, useDoer } from "../components/Values";
import { useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { auditPagesQuery, operatorListQuery } from "../data/fix_queries";
import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import { AUDIT_TOPICS, useLivePages } from "../data/live_pages";
import type { AuditRow } from "../ipc/generated/AuditRow";
import type { AuditFilter } from "../lib/audit_filter";
import { readAuditFilter } from "../lib/audit_filter";
import { indentJson } from "../lib/json_text";
import { CopyButton, CopyId } from "../ui/Copy";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Page, Section } from "../ui/Page";
import css from "./Audit.module.css";

const HEADINGS = ["audit.when", "audit.operator", "audit.event", "audit.kind", "audit.order"] as const;

/** Who did what, in rows nobody can change unseen. */
export function Audit() {
  const { t } = useTranslation();
  const format = useFormat();
  const store = useStoreId();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const filter = useMemo(() => readAuditFilter(search), [search]);
  const query = auditPagesQuery(store, { operator: filter.operator ?? null, action: filter.action ?? null });
  const pages = useInfiniteQuery(query);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const [open, setOpen] = useState<number | null>(null);
  const live = useLivePages(store, query.queryKey, open !== null, AUDIT_TOPICS);
  const verify = useCommand("audit_verify", store);
  const show = useCallback((change: Partial<AuditFilter>) => {
    setOpen(null);
    void navigate({ to: "/s/$store/audit", params: { store }, replace: true, search: (before: Record<string, unknown>) => readAuditFilter({ ...before, ...change }) });
  }, [navigate, store]);
  const onSearch = useCallback((action: string) => show({ action }), [show]);
  const narrowed = filter.operator !== undefined || filter.action !== undefined;
  return (
    <Page
      title={t("audit.title")} note={t("audit.note")}
      actions={
        <>
          {live.newer ? <Button variant="light" leftSection={<Icon name="refresh" size={13} />} onClick={live.refresh}>{t("preorders.newer")}</Button> : null}
          <Button renderRoot={(props) => <Link {...props} to="/s/$store/bulk" params={{ store }} />}>{t("bulk.title")}</Button>
          <Button leftSection={<Icon name="check" size={13} />} loading={verify.isPending} onClick={() => verify.mutate({})}>{t("audit.verify")}</Button>
          <ExportButton what="audit" />
        </>
      }
    >
      {verify.error === null ? null : <ErrorPanel error={verify.error} />}
      {verify.data === undefined ? null : <AuditVerdictPanel verdict={verify.data} />}
      <div className={css["toolbar"]} role="search" aria-label={t("audit.filters")}>
        <SearchField key={filter.action === undefined ? "none" : "some"} text={filter.action} label={t("audit.action")} placeholder={t("audit.action_placeholder")} onSearch={onSearch} />
        <Operators value={filter.operator} choose={(operator) => show({ operator })} rows={rows} />
      </div>
      {pages.isError && rows.length === 0 ? (
        <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <Section><Waiting rows={8} /></Section>
      ) : rows.length === 0 ? (
        <Empty icon={narrowed ? "search" : "audit"} title={t(narrowed ? "audit.none_match" : "audit.none")}>{narrowed ? null : t("audit.none_text")}</Empty>
      ) : (
        <Section flush>
          <div role="table" aria-label={t("audit.title")}>
            <div role="row" className={`${css["line"]} ${css["head"]}`}>
              <span role="columnheader" className={css["seq"]} title={t("audit.seq_meaning")}>{t("audit.seq")}</span>
              {HEADINGS.map((name) => <span key={name} role="columnheader">{t(name)}</span>)}
            </div>
            {rows.map((row) => <Row key={row.seq} row={row} shown={open === row.seq} toggle={() => setOpen(open === row.seq ? null : row.seq)} store={store} />)}
          </div>
          <div className={css["foot"]}>
            {pages.hasNextPage ? (
              <Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage({ cancelRefetch: false })}>{t("audit.more")}</Button>
            ) : t("audit.end", { count: rows.length, n: format.count(rows.length) })}
          </div>
        </Section>
      )}
    </Page>
  );
}

/** The operators there are, and those who were. */
function Operators({ value, choose, rows }: { value: string | undefined; choose: (name: string | undefined) => void; rows: readonly AuditRow[] }) {
  const { t } = useTranslation();
  const { data } = useQuery(operatorListQuery());
  const names = [...new Set([...(data?.operators.map((one) => one.name) ?? []), ...rows.map((row) => row.operator), ...(value === undefined ? [] : [value])])];
  const doer = useDoer();
  return (
    <Select
      w={170} aria-label={t("audit.operator")} placeholder={t("audit.any_operator")} clearable searchable data={names.map((name) => ({ value: name, label: doer(name) }))} value={value ?? null}
      onChange={(name) => choose(name ?? undefined)}
    />
  );
}

/** Whether a click on a line is to open it: not on what it holds, nor at the end of a selection. The second click of two takes the first back. */
function isMeant({ target, detail }: MouseEvent): boolean {
  if (target instanceof Element && target.closest("a, button") !== null) return false;
  return detail === 2 || window.getSelection()?.isCollapsed !== false;
}

function Row({ row, shown, toggle, store }: { row: AuditRow; shown: boolean; toggle: () => void; store: string }) {
  const { t } = useTranslation();
  const words = useFixWords();
  return (
    <div role="rowgroup" className={css["row"]} data-testid="audit-row">
      {/* The button is what the keyboard has; a click anywhere on the line does the same. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events */}
      <div role="row" className={`${css["line"]} ${css["opens"]}`} onClick={(event) => { if (isMeant(event)) toggle(); }}>
        <span role="cell" className={css["seq"]}>
          <button type="button" className={css["toggle"]} aria-expanded={shown} aria-label={t("audit.body", { row: row.seq })} onClick={toggle}>
            <Icon name={shown ? "chevron_down" : "chevron_right"} size={13} />
          </button>
          {row.seq}
        </span>
        <span role="cell" className={css["when"]}><Instant at={row.at} /></span>
        <span role="cell" className={css["who"]}><Doer name={row.operator} /></span>
        <span role="cell" className={css["event"]} data-event={row.event}>{words.auditEvent(row.event)}</span>
        <span role="cell" className={css["kind"]}>{row.kind === null ? "" : words.actionKind(row.kind)}</span>
        <span role="cell" className={css["order"]}>
          {row.order_id === null ? null : <Link to="/s/$store/preorders/$id" params={{ store, id: row.order_id }} title={row.order_id}><code>{row.order_id}</code></Link>}
        </span>
      </div>
      {shown ? (
        <div role="row"><div role="cell" aria-colspan={6} className={css["inside"]}>
          <p className={css["ids"]}>
            {row.action === null ? null : (
              <>
                <Link className={css["link"]} to="/s/$store/audit" params={{ store }} search={{ action: row.action }}>{t("audit.all_of_action")}</Link>
                <CopyId id={row.action} label={t("outcome.id")} />
              </>
            )}
            <span>{t("audit.hash")}</span><CopyId id={row.hash} label={t("audit.hash")} />
            <CopyButton text={row.body} label={t("sheet.raw")} />
          </p>
          {/* A long text that scrolls must be reachable by keyboard. */}
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <pre className={css["body"]} tabIndex={0} dir="ltr" aria-label={t("audit.body", { row: row.seq })}>{indentJson(row.body)}</pre>
        </div></div>
      ) : null}
    </div>
  );
}
