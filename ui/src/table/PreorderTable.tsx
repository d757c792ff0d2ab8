import { useVirtualizer } from "@tanstack/react-virtual";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { memo, useEffect, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { Given, Instant, Money } from "../components/Values";
import { StatusTag } from "../components/StatusTag";
import type { PreorderRow } from "../ipc/generated/PreorderRow";
import type { PreorderSort } from "../ipc/generated/PreorderSort";
import { CopyId } from "../ui/Copy";
import { Icon } from "../ui/Icon";
import css from "./PreorderTable.module.css";

const ROW_HEIGHT = 36;
/** Rows left below before the next page is asked for. */
const AHEAD = 30;

type Column = {
  name: "status" | "customer" | "amount" | "color" | "locale" | "source" | "started" | "paid" | "id";
  sort?: PreorderSort;
  end?: boolean;
  cell: (row: PreorderRow) => ReactNode;
};

const COLUMNS: readonly Column[] = [
  { name: "status", cell: (row) => <StatusTag status={row.status} /> },
  { name: "customer", sort: "email", cell: (row) => <Customer row={row} /> },
  { name: "amount", sort: "amount", end: true, cell: (row) => <Money minor={row.amount_minor} currency={row.currency} /> },
  { name: "color", cell: (row) => <Given text={row.color} /> },
  { name: "locale", cell: (row) => <Given text={row.locale} /> },
  { name: "source", cell: (row) => <Given text={row.source} /> },
  { name: "started", sort: "started", cell: (row) => <Instant at={row.started_at} /> },
  { name: "paid", sort: "paid", cell: (row) => <Instant at={row.paid_at} /> },
  { name: "id", cell: (row) => <RowId id={row.id} /> },
];

function Customer({ row }: { row: PreorderRow }) {
  const { t } = useTranslation();
  return (
    <span className={css["customer"]}>
      {row.conflict ? <span className={css["flag"]} data-tone="amber" role="img" aria-label={t("table.conflict")} title={t("table.conflict")}><Icon name="warning" size={13} /></span> : null}
      {row.unsettled ? <span className={css["flag"]} role="img" aria-label={t("table.unsettled")} title={t("table.unsettled")}><Icon name="refresh" size={13} /></span> : null}
      <span className={css["who"]}>
        <span className={css["email"]}><Given text={row.email} /></span>
        {row.name === null ? null : <bdi className={css["name"]}>{row.name}</bdi>}
      </span>
    </span>
  );
}

function RowId({ id }: { id: string }) {
  const { t } = useTranslation();
  return <CopyId id={id} label={t("table.id")} />;
}

export type PreorderTableProps = {
  rows: readonly PreorderRow[];
  store: string;
  total: number | null;
  sort: PreorderSort;
  ascending: boolean;
  onSort: (sort: PreorderSort, ascending: boolean) => void;
  selected: string | undefined;
  onSelect: (id: string) => void;
  onOpen: (id: string) => void;
  hasMore: boolean;
  loadMore: () => void;
  /** Names this list, so that its place is found again on the way back. */
  placeKey: string;
  foot: ReactNode;
};

/** Where each list was scrolled to; lives as long as the window. */
const places = new Map<string, number>();

/** The virtual table of preorders: only rows in sight are in the page, however long the list. */
export function PreorderTable(props: PreorderTableProps) {
  const { rows, total, sort, ascending, onSort, selected, onSelect, onOpen, hasMore, loadMore, placeKey, foot } = props;
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
    initialOffset: () => places.get(placeKey) ?? 0,
    initialRect: { width: 1000, height: 640 },
  });
  // Another question is another list: it begins at its top, or where it was left.
  useLayoutEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = places.get(placeKey) ?? 0;
  }, [placeKey]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;

  useEffect(() => {
    if (hasMore && last >= rows.length - AHEAD) loadMore();
  }, [hasMore, last, rows.length, loadMore]);

  const selectedIndex = selected === undefined ? -1 : rows.findIndex((row) => row.id === selected);
  const scrollTo = virtual.scrollToIndex;
  useEffect(() => {
    if (selectedIndex >= 0) scrollTo(selectedIndex, { align: "auto" });
  }, [selectedIndex, scrollTo]);

  return (
    <div
      ref={scroller} className={css["scroller"]} role="grid" aria-label={t("table.label")} aria-rowcount={total ?? -1} tabIndex={0}
      aria-activedescendant={selectedIndex >= 0 ? `row-${selectedIndex}` : undefined} data-grid="preorders"
      onScroll={(event) => places.set(placeKey, event.currentTarget.scrollTop)}
    >
      <div role="row" className={css["head"]} aria-rowindex={1}>
        {COLUMNS.map(({ name, sort: by, end }) => {
          const active = by === sort;
          return (
            <div
              key={name} role="columnheader" className={css["headCell"]} data-end={end} data-column={name}
              aria-sort={active ? (ascending ? "ascending" : "descending") : undefined}
            >
              {by === undefined ? (
                t(`table.${name}`)
              ) : (
                <button
                  type="button" className={css["sort"]} data-active={active}
                  onClick={() => onSort(by, active ? !ascending : by === "email")}
                >
                  {t(`table.${name}`)}
                  {active ? <Icon name={ascending ? "chevron_up" : "chevron_down"} size={12} /> : null}
                </button>
              )}
            </div>
          );
        })}
      </div>
      <div role="rowgroup" className={css["body"]} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          return row === undefined ? null : (
            <Row
              key={item.key} row={row} index={item.index} top={item.start} selected={item.index === selectedIndex}
              store={props.store} onSelect={onSelect} onOpen={onOpen}
            />
          );
        })}
      </div>
      {foot}
    </div>
  );
}

const Row = memo(function Row({
  row, index, top, selected, store, onSelect, onOpen,
}: {
  row: PreorderRow; index: number; top: number; selected: boolean; store: string;
  onSelect: (id: string) => void; onOpen: (id: string) => void;
}) {
  return (
    // Keys are handled once, by the page that holds the grid: a row is its active descendant, never focused itself.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={`row-${index}`} role="row" className={css["row"]} aria-rowindex={index + 2} aria-selected={selected}
      data-testid="preorder-row" data-id={row.id} style={{ transform: `translateY(${top}px)` }}
      onClick={() => {
        onSelect(row.id);
        onOpen(row.id);
      }}
    >
      {COLUMNS.map(({ name, end, cell }) => (
        <div key={name} role="gridcell" className={css["cell"]} data-end={end} data-column={name}>
          {name === "customer" ? (
            <Link
              className={css["open"]} to="/s/$store/preorders/$id" params={{ store, id: row.id }} tabIndex={-1}
              onClick={(event) => {
                event.stopPropagation();
                onSelect(row.id);
              }}
            >
              {cell(row)}
            </Link>
          ) : (
            cell(row)
          )}
        </div>
      ))}
    </div>
  );
});
