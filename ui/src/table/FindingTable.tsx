import { useTranslation } from "react-i18next";

import { Deadline } from "../components/FindingTags";
import { Instant, Money } from "../components/Values";
import { useFixWords } from "../data/fix_words";
import type { FindingRow } from "../ipc/generated/FindingRow";
import css from "./FindingTable.module.css";
import { MarkBox } from "./marks";
import type { Column } from "./row_table";
import { makeRowTable } from "./row_table";

const COLUMNS: readonly Column<FindingRow, never>[] = [
  { name: "mark", cell: (row) => <MarkBox id={row.id} name={row.email ?? row.subject} /> },
  { name: "finding", cell: (row) => <What row={row} /> },
  { name: "customer", cell: (row) => <Customer row={row} /> },
  { name: "amount", end: true, cell: (row) => <Money minor={row.amount_minor} currency={row.currency} /> },
  { name: "since", cell: (row) => <Instant at={row.opens_at} /> },
  { name: "left", cell: (row) => <Deadline at={row.deadline_at} /> },
];

function What({ row }: { row: FindingRow }) {
  const { t } = useTranslation();
  const words = useFixWords();
  return (
    <span className={css["what"]}>
      <span className={css["dot"]} data-severity={row.severity} role="img" aria-label={t(`severity.${row.severity}`)} title={t(`severity.${row.severity}`)} />
      <span className={css["rule"]} title={words.finding(row.rule)}>{words.finding(row.rule)}</span>
    </span>
  );
}

function Customer({ row }: { row: FindingRow }) {
  const text = row.email ?? row.name ?? row.subject;
  const at = text.indexOf("@");
  // A long address goes on in a second line from its host.
  return <bdi className={css["customer"]} title={text}>{text.slice(0, Math.max(0, at))}<wbr />{text.slice(Math.max(0, at))}</bdi>;
}

/** The virtual table of findings. A click chooses; Enter opens the order. */
export const FindingTable = makeRowTable<FindingRow, never>({
  grid: "findings", label: "findings", testId: "finding-row", columns: COLUMNS, idOf: (row) => row.id, lead: "finding", upwards: [],
  open: (_row, _store, link) => <span className={link.className}>{link.children}</span>,
});
