import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { CoverageTag, PurchaseStatusTag } from "../components/CreditTags";
import { CreditChange, Credits, Given, Instant, Money } from "../components/Values";
import { useFormat } from "../data/format";
import type { PurchaseRow } from "../ipc/generated/PurchaseRow";
import { CopyId } from "../ui/Copy";
import { Icon } from "../ui/Icon";
import css from "./PreorderTable.module.css";
import type { Column } from "./row_table";
import { makeRowTable } from "./row_table";

const COLUMNS: readonly Column<PurchaseRow, never>[] = [
  { name: "status", cell: (row) => <PurchaseStatusTag status={row.status} /> },
  { name: "owner", cell: (row) => <Owner row={row} /> },
  { name: "plan", cell: (row) => <Plan row={row} /> },
  { name: "credits", end: true, cell: (row) => <Credits credits={row.credits} /> },
  { name: "clawed", end: true, cell: (row) => <Clawed row={row} /> },
  { name: "amount", end: true, cell: (row) => <Money minor={row.amount_minor} currency={row.currency} /> },
  { name: "paid", cell: (row) => <Instant at={row.paid_at} /> },
  { name: "payment", cell: (row) => <PaymentId id={row.payment_id} /> },
];

function Owner({ row }: { row: PurchaseRow }) {
  const { t } = useTranslation();
  return (
    <span className={css["customer"]}>
      {row.unsettled ? <span className={css["flag"]} role="img" aria-label={t("table.unsettled")} title={t("table.unsettled")}><Icon name="refresh" size={13} /></span> : null}
      <span className={css["who"]}>
        <span className={css["email"]}><Given text={row.owner} /></span>
        {row.email === null || row.email === row.owner ? null : <bdi className={css["name"]}>{row.email}</bdi>}
      </span>
    </span>
  );
}

function Plan({ row }: { row: PurchaseRow }) {
  return row.coverage === "plan" ? <Given text={row.plan} /> : <CoverageTag coverage={row.coverage} />;
}

/** What was taken back; what came again after it stands beside it. */
function Clawed({ row }: { row: PurchaseRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (row.reversed === 0) return row.clawed === 0 ? <Credits credits={0} /> : <CreditChange credits={-row.clawed} />;
  return (
    <span title={t("purchases.reversed", { n: format.count(row.reversed) })}>
      <CreditChange credits={-row.clawed} /> <CreditChange credits={row.reversed} />
    </span>
  );
}

function PaymentId({ id }: { id: string }) {
  const { t } = useTranslation();
  return <CopyId id={id} label={t("table.payment")} />;
}

/** The virtual table of purchases. */
export const PurchaseTable = makeRowTable<PurchaseRow, never>({
  grid: "purchases", label: "purchases", testId: "purchase-row", columns: COLUMNS, idOf: (row) => row.payment_id, lead: "owner", upwards: [],
  open: (row, store, link) => <Link to="/s/$store/purchases/$id" params={{ store, id: row.payment_id }} {...link} />,
});
