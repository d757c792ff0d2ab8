import { Link } from "@tanstack/react-router";

import { CreditChange, Credits, Given, Instant } from "../components/Values";
import type { WalletRow } from "../ipc/generated/WalletRow";
import type { WalletSort } from "../ipc/generated/WalletSort";
import type { Column } from "./row_table";
import { makeRowTable } from "./row_table";

const taken = (credits: number) => (credits === 0 ? <Credits credits={0} /> : <CreditChange credits={-credits} />);
const given = (credits: number) => (credits === 0 ? <Credits credits={0} /> : <CreditChange credits={credits} />);

const COLUMNS: readonly Column<WalletRow, WalletSort>[] = [
  { name: "owner", sort: "owner", cell: (row) => <Given text={row.owner} /> },
  { name: "granted", end: true, cell: (row) => <Credits credits={row.granted} /> },
  { name: "clawed", end: true, cell: (row) => taken(row.clawed) },
  { name: "reversed", end: true, cell: (row) => given(row.reversed) },
  { name: "spent", end: true, cell: (row) => taken(row.spent) },
  { name: "adjusted", end: true, cell: (row) => given(row.adjusted) },
  { name: "balance", sort: "balance", end: true, cell: (row) => <strong><Credits credits={row.balance} /></strong> },
  { name: "last", cell: (row) => <Instant at={row.last_at} /> },
];

/** The virtual table of wallets. */
export const WalletTable = makeRowTable<WalletRow, WalletSort>({
  grid: "wallets", label: "wallets", testId: "wallet-row", columns: COLUMNS, idOf: (row) => row.owner, lead: "owner", upwards: ["owner"],
  open: (row, store, link) => <Link to="/s/$store/wallets/$owner" params={{ store, owner: row.owner }} {...link} />,
});
