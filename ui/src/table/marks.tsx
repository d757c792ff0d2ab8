// Rows that are marked for doing something with all of them.

import { Checkbox } from "@mantine/core";
import { createContext, useCallback, useContext, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

/** A row that can be marked, and the order it is about. */
export type Markable = { id: string; order: string | null };

export type Marks = {
  marked: ReadonlyMap<string, string | null>;
  toggle: (id: string) => void;
  /** Marks everything between the row marked last and this one. */
  extend: (id: string) => void;
  add: (rows: readonly Markable[]) => void;
  clear: () => void;
};

/** Most rows that one bulk run takes. */
export const MOST_MARKED = 10_000;

/** Marks of one list; rows that scroll away or change stay marked. */
export function useMarks(rows: readonly Markable[]): Marks {
  const [marked, setMarked] = useState<ReadonlyMap<string, string | null>>(new Map());
  const [last, setLast] = useState<string | null>(null);
  const toggle = useCallback((id: string) => {
    const row = rows.find((one) => one.id === id);
    setLast(id);
    setMarked((before) => {
      const next = new Map(before);
      if (!next.delete(id) && row !== undefined && next.size < MOST_MARKED) next.set(id, row.order);
      return next;
    });
  }, [rows]);
  const extend = useCallback((id: string) => {
    const ends = [rows.findIndex((one) => one.id === last), rows.findIndex((one) => one.id === id)].sort((a, b) => a - b);
    const [from = -1, to = -1] = ends;
    const between = from < 0 ? rows.slice(to, to + 1) : rows.slice(from, to + 1);
    setLast(id);
    setMarked((before) => new Map([...before, ...between.map((one) => [one.id, one.order] as const)].slice(0, MOST_MARKED)));
  }, [rows, last]);
  const add = useCallback((more: readonly Markable[]) => {
    setMarked((before) => new Map([...before, ...more.map((one) => [one.id, one.order] as const)].slice(0, MOST_MARKED)));
  }, []);
  const clear = useCallback(() => {
    setLast(null);
    setMarked(new Map());
  }, []);
  return useMemo(() => ({ marked, toggle, extend, add, clear }), [marked, toggle, extend, add, clear]);
}

const MarksContext = createContext<Marks | null>(null);

/** Rows inside can be marked with these. */
export const MarksProvider = MarksContext.Provider;

/** The box of one row; nothing where rows cannot be marked. */
export function MarkBox({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation();
  const marks = useContext(MarksContext);
  if (marks === null) return null;
  return (
    // The row around it opens on a click; the box keeps its own.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions
    <span onClick={(event) => event.stopPropagation()}>
      <Checkbox
        size="xs" tabIndex={-1} aria-label={t("marks.mark", { name })} checked={marks.marked.has(id)}
        onChange={(event) => {
          const shift = event.nativeEvent instanceof MouseEvent && event.nativeEvent.shiftKey;
          if (shift) marks.extend(id);
          else marks.toggle(id);
        }}
      />
    </span>
  );
}
