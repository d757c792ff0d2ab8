import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Given, Instant, Money } from "../components/Values";
import { StatusTag } from "../components/StatusTag";
import type { PreorderRow } from "../ipc/generated/PreorderRow";
import type { PreorderSort } from "../ipc/generated/PreorderSort";
import { CopyId } from "../ui/Copy";
import { Icon } from "../ui/Icon";
import css from "./PreorderTable.module.css";
import { MarkBox } from "./marks";
import type { Column } from "./row_table";
import { makeRowTable } from "./row_table";

const COLUMNS: readonly Column<PreorderRow, PreorderSort>[] = [
  { name: "mark", cell: (row) => <MarkBox id={row.id} name={row.email ?? row.id} /> },
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

/** The virtual table of preorders. */
export const PreorderTable = makeRowTable<PreorderRow, PreorderSort>({
  grid: "preorders", label: "label", testId: "preorder-row", columns: COLUMNS, idOf: (row) => row.id, lead: "customer", upwards: ["email"],
  open: (row, store, link) => <Link to="/s/$store/preorders/$id" params={{ store, id: row.id }} {...link} />,
});
