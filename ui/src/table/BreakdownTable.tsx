import { createSortedRowModel, rowSortingFeature, tableFeatures, useTable } from "@tanstack/react-table";
import type { ColumnDef } from "@tanstack/react-table";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import type { FunnelCounts } from "../ipc/generated/FunnelCounts";
import type { FunnelRow } from "../ipc/generated/FunnelRow";
import type { FunnelSort } from "../lib/funnel_view";
import { conversion, FUNNEL_SORTS } from "../lib/funnel_view";
import type { PreorderFilter } from "../lib/preorder_filter";
import { STEPS } from "../lib/preorder_filter";
import { Icon } from "../ui/Icon";
import css from "../ui/table.module.css";

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });

const columns: ColumnDef<typeof features, FunnelRow>[] = [
  { id: "key", accessorFn: (row) => row.key ?? "", sortFn: (a, b) => (a.original.key ?? "").localeCompare(b.original.key ?? "") },
  ...STEPS.map((step): ColumnDef<typeof features, FunnelRow> => ({
    id: step, accessorFn: (row) => row[step], sortFn: (a, b) => a.original[step] - b.original[step],
  })),
  { id: "conversion", accessorFn: conversion, sortFn: (a, b) => conversion(a.original) - conversion(b.original) },
];

/** The funnel's rows for one dimension. Every number leads to its orders. */
export function BreakdownTable({
  rows, total, caption, keyName, keyText, filterOf, store, sort, ascending, onSort,
}: {
  rows: readonly FunnelRow[];
  total: FunnelCounts;
  caption: string;
  keyName: string;
  keyText: (key: string | null) => string;
  /** The filter that leads to a row's orders; with null, to those of all rows. */
  filterOf: (row: FunnelRow | null) => PreorderFilter;
  store: string;
  sort: FunnelSort | undefined;
  ascending: boolean;
  onSort: (sort: FunnelSort, ascending: boolean) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const data = useMemo(() => [...rows], [rows]);
  const sorting = useMemo(() => (sort === undefined ? [] : [{ id: sort, desc: !ascending }]), [sort, ascending]);
  const table = useTable({ features, columns, data, state: { sorting }, enableSortingRemoval: false });

  const heading = (name: FunnelSort) => (name === "key" ? keyName : name === "conversion" ? t("funnel.conversion") : t(`step.${name}`));
  const cell = (counts: FunnelCounts, step: (typeof STEPS)[number], row: FunnelRow | null) => (
    <td key={step} className={css["number"]}>
      <Link
        className={css["link"]} to="/s/$store/preorders" params={{ store }}
        search={{ ...filterOf(row), ...(step === "started" ? {} : { step }) }}
      >
        {format.count(counts[step])}
      </Link>
    </td>
  );

  return (
    <table className={css["table"]} aria-label={caption}>
      <thead>
        <tr>
          {FUNNEL_SORTS.map((name) => {
            const active = sort === name;
            return (
              <th
                key={name} className={name === "key" ? undefined : css["number"]} scope="col"
                aria-sort={active ? (ascending ? "ascending" : "descending") : "none"}
              >
                <button
                  type="button" className={css["sort"]}
                  onClick={() => onSort(name, active ? !ascending : name === "key")}
                >
                  {heading(name)}
                  {active ? <Icon name={ascending ? "chevron_up" : "chevron_down"} size={12} /> : null}
                </button>
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {table.getRowModel().rows.map(({ id, original }) => (
          <tr key={id}>
            <td className={original.key === null || original.key === "" ? css["dim"] : undefined}>
              <Link className={css["link"]} to="/s/$store/preorders" params={{ store }} search={filterOf(original)}>
                <bdi>{keyText(original.key)}</bdi>
              </Link>
            </td>
            {STEPS.map((step) => cell(original, step, original))}
            <td className={css["number"]}>{format.rate(original.paid, original.started) ?? "–"}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr className={css["total"]}>
          <td>{t("funnel.total")}</td>
          {STEPS.map((step) => cell(total, step, null))}
          <td className={css["number"]}>{format.rate(total.paid, total.started) ?? "–"}</td>
        </tr>
      </tfoot>
    </table>
  );
}
