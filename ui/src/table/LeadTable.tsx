import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { MailButton } from "../components/ActionOutcome";
import { Given, Instant, Money } from "../components/Values";
import type { LeadRow } from "../ipc/generated/LeadRow";
import { CopyButton } from "../ui/Copy";
import table from "../ui/table.module.css";
import css from "./LeadTable.module.css";
import type { Column } from "./row_table";
import { makeRowTable } from "./row_table";

const COLUMNS: readonly Column<LeadRow, never>[] = [
  { name: "customer", cell: (row) => <span className={css["who"]}><Given text={row.email} />{row.name === null ? null : <bdi className={table["dim"]}>{row.name}</bdi>}</span> },
  { name: "amount", end: true, cell: (row) => <Money minor={row.amount_minor} currency={row.currency} /> },
  { name: "color", cell: (row) => <Given text={row.color} /> },
  { name: "locale", cell: (row) => <Given text={row.locale} /> },
  { name: "started", cell: (row) => <Instant at={row.started_at} /> },
  { name: "left_at", cell: (row) => <Instant at={row.lead_at} /> },
  { name: "recovery", cell: (row) => <PayLink row={row} /> },
];

/** The link that still leads to this checkout, to be copied or put into a mail. */
function PayLink({ row }: { row: LeadRow }) {
  const { t } = useTranslation();
  const link = row.recovery_url ?? row.url;
  if (link === null) return <span className={table["faint"]}>{t("leads.no_link")}</span>;
  return (
    // The row around it opens on a click; these keep their own.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions
    <span className={css["link"]} onClick={(event) => event.stopPropagation()}>
      {t(row.recovery_url === null ? "leads.open_link" : "leads.recovery")}
      <CopyButton text={link} label={t(row.recovery_url === null ? "leads.open_link" : "leads.recovery")} />
      <MailButton link={link} email={row.email} />
    </span>
  );
}

/** The virtual table of leads. */
export const LeadTable = makeRowTable<LeadRow, never>({
  grid: "leads", label: "leads", testId: "lead-row", columns: COLUMNS, idOf: (row) => row.order_id, lead: "customer", upwards: [],
  open: (row, store, link) => <Link to="/s/$store/preorders/$id" params={{ store, id: row.order_id }} {...link} />,
});
