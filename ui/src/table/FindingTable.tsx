import { useTranslation } from "react-i18next";

import { Deadline } from "../components/FindingTags";
import { Given, Instant, Money } from "../components/Values";
import { useFixWords } from "../data/fix_words";
import type { FindingRow } from "../ipc/generated/FindingRow";
import css from "./FindingTable.module.css";
import { MarkBox } from "./marks";
import type { Column } from "./row_table";
import { makeRowTable } from "./row_table";

const COLUMNS: readonly Column<FindingRow, never>[] = [
  { name: "mark", cell: (row) => <MarkBox id={row.id} name={row.email ?? row.subject} /> },
  { name: "finding", cell: (row) => <What row={row} /> },
  { name: "customer", cell: (row) => <Given text={row.email ?? row.name ?? row.subject} /> },
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
      <span className={css["rule"]}>{words.finding(row.rule)}</span>
    </span>
  );
}

/** The virtual table of findings. A click chooses; Enter opens the order. */
export const FindingTable = makeRowTable<FindingRow, never>({
  grid: "findings", label: "findings", testId: "finding-row", columns: COLUMNS, idOf: (row) => row.id, lead: "finding", upwards: [],
  open: (_row, _store, link) => <span className={link.className}>{link.children}</span>,
});
