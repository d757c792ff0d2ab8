import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import type { WalletEntry } from "../ipc/generated/WalletEntry";
import { importPlace, runningBalances } from "../lib/ledger";
import { CopyId } from "../ui/Copy";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import { EntryTag } from "./CreditTags";
import css from "./Ledger.module.css";
import { CreditChange, Credits, Given, Instant } from "./Values";

/** Entries of a wallet, oldest first; with `balance`, the wallet's own, each has the balance after it. */
export function Ledger({ entries, balance, store, label }: { entries: readonly WalletEntry[]; balance?: number; store: string; label: string }) {
  const { t } = useTranslation();
  const running = balance === undefined ? null : runningBalances(entries, balance);
  return (
    <table className={table["table"]} aria-label={label}>
      <thead>
        <tr>
          <th scope="col">{t("ledger.at")}</th>
          <th scope="col">{t("ledger.kind")}</th>
          <th scope="col" className={table["number"]}>{t("table.credits")}</th>
          {running === null ? null : <th scope="col" className={table["number"]}>{t("ledger.after")}</th>}
          <th scope="col">{t("ledger.cause")}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry, index) => (
          // One cause may make several entries, and entries never change order.
          // oxlint-disable-next-line react/no-array-index-key
          <tr key={index} data-testid="ledger-entry">
            <td className={css["when"]}><Instant at={entry.at} /></td>
            <td><EntryTag kind={entry.kind} /></td>
            <td className={table["number"]}><CreditChange credits={entry.credits} /></td>
            {running === null ? null : <td className={table["number"]}><Credits credits={running[index] ?? 0} /></td>}
            <td><Cause entry={entry} store={store} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cause({ entry, store }: { entry: WalletEntry; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const place = importPlace(entry.cause);
  const note = entry.note === null || entry.note === "" ? null : <Given text={entry.note} />;
  if (entry.ours) return <span className={css["cause"]}><Tag tone="violet" title={t("ledger.ours_meaning")}>{t("ledger.ours")}</Tag>{note}</span>;
  if (place !== null) {
    return <span className={css["cause"]}><span className={table["dim"]}>{t("ledger.row", { line: format.count(place.line), batch: place.batch })}</span>{note}</span>;
  }
  return (
    <span className={css["cause"]}>
      {entry.payment_id === null ? <CopyId id={entry.cause} label={t("sheet.object_id")} /> : (
        <Link className={css["link"]} to="/s/$store/purchases/$id" params={{ store, id: entry.payment_id }} title={entry.cause}>{entry.cause}</Link>
      )}
      {note}
    </span>
  );
}
