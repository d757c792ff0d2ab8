import { useVirtualizer } from "@tanstack/react-virtual";
import type { MouseEvent, ReactNode } from "react";
import { memo, useEffect, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type en from "../i18n/en.json";
import { Icon } from "../ui/Icon";
import css from "./row_table.module.css";

const ROW_HEIGHT = 36;
/** Rows left below before the next page is asked for. */
const AHEAD = 30;

export type Column<Row, Sort extends string> = {
  name: keyof (typeof en)["table"];
  sort?: Sort;
  /** Numbers stand at the end of their cell. */
  end?: boolean;
  cell: (row: Row) => ReactNode;
};

/** What the link of a row's leading cell is given. */
export type Lead = { className: string | undefined; tabIndex: -1; onClick: (event: MouseEvent) => void; children: ReactNode };

export type RowTableProps<Row, Sort extends string> = {
  rows: readonly Row[];
  store: string;
  total: number | null;
  sort: Sort | undefined;
  ascending: boolean;
  onSort: (sort: Sort, ascending: boolean) => void;
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

/** Makes a virtual table of one kind of row: only rows in sight are in the page, however long the list. */
export function makeRowTable<Row, Sort extends string>({
  grid, label, testId, columns, idOf, lead, open, upwards,
}: {
  /** Names the grid, its widths in the style sheet and its keys. */
  grid: string;
  label: keyof (typeof en)["table"];
  testId: string;
  columns: readonly Column<Row, Sort>[];
  idOf: (row: Row) => string;
  /** The column whose cell is the link to the row's own page. */
  lead: keyof (typeof en)["table"];
  open: (row: Row, store: string, link: Lead) => ReactNode;
  /** Sorts that begin with their smallest. */
  upwards: readonly Sort[];
}) {
  const TableRow = memo(function TableRow({
    row, index, top, selected, store, onSelect, onOpen,
  }: {
    row: Row; index: number; top: number; selected: boolean; store: string;
    onSelect: (id: string) => void; onOpen: (id: string) => void;
  }) {
    return (
      // Keys are handled once, by the page that holds the grid: a row is its active descendant, never focused itself.
      // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
      <div
        id={`row-${index}`} role="row" className={css["row"]} aria-rowindex={index + 2} aria-selected={selected}
        data-testid={testId} data-id={idOf(row)} style={{ transform: `translateY(${top}px)` }}
        onClick={() => {
          onSelect(idOf(row));
          onOpen(idOf(row));
        }}
      >
        {columns.map(({ name, end, cell }) => (
          <div key={name} role="gridcell" className={css["cell"]} data-end={end} data-column={name}>
            {name === lead
              ? open(row, store, {
                  className: css["open"], tabIndex: -1, children: cell(row),
                  onClick: (event) => {
                    event.stopPropagation();
                    onSelect(idOf(row));
                  },
                })
              : cell(row)}
          </div>
        ))}
      </div>
    );
  });

  return function RowTable(props: RowTableProps<Row, Sort>) {
    const { rows, total, sort, ascending, onSort, selected, onSelect, onOpen, hasMore, loadMore, placeKey, foot } = props;
    const { t } = useTranslation();
    const scroller = useRef<HTMLDivElement>(null);
    const virtual = useVirtualizer({
      count: rows.length,
      getScrollElement: () => scroller.current,
      estimateSize: () => ROW_HEIGHT,
      getItemKey: (index) => {
        const row = rows[index];
        return row === undefined ? index : idOf(row);
      },
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

    const selectedIndex = selected === undefined ? -1 : rows.findIndex((row) => idOf(row) === selected);
    const scrollTo = virtual.scrollToIndex;
    useEffect(() => {
      if (selectedIndex >= 0) scrollTo(selectedIndex, { align: "auto" });
    }, [selectedIndex, scrollTo]);

    return (
      <div
        ref={scroller} className={css["scroller"]} role="grid" aria-label={t(`table.${label}`)} aria-rowcount={total ?? -1} tabIndex={0}
        aria-activedescendant={selectedIndex >= 0 ? `row-${selectedIndex}` : undefined} data-grid={grid}
        onScroll={(event) => places.set(placeKey, event.currentTarget.scrollTop)}
      >
        <div role="row" className={css["head"]} aria-rowindex={1}>
          {columns.map(({ name, sort: by, end }) => {
            const active = by !== undefined && by === sort;
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
                    onClick={() => onSort(by, active ? !ascending : upwards.includes(by))}
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
              <TableRow
                key={item.key} row={row} index={item.index} top={item.start} selected={item.index === selectedIndex}
                store={props.store} onSelect={onSelect} onOpen={onOpen}
              />
            );
          })}
        </div>
        {foot}
      </div>
    );
  };
}
