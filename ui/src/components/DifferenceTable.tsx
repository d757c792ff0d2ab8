import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { useWords } from "../data/words";
import type { Difference } from "../ipc/generated/Difference";
import table from "../ui/table.module.css";
import css from "./DifferenceTable.module.css";
import { Credits, Money } from "./Values";

/** Differences one by one; each leads to its purchase and to its owner's wallet. */
export function DifferenceTable({ rows, store }: { rows: readonly Difference[]; store: string }) {
  const { t } = useTranslation();
  return (
    <table className={table["table"]} aria-label={t("reconciliation.differences")}>
      <thead>
        <tr>
          <th scope="col">{t("reconciliation.kind")}</th>
          <th scope="col">{t("table.owner")}</th>
          <th scope="col">{t("table.payment")}</th>
          <th scope="col" className={table["number"]}>{t("reconciliation.expected")}</th>
          <th scope="col" className={table["number"]}>{t("reconciliation.found")}</th>
          <th scope="col" className={table["number"]}>{t("table.amount")}</th>
          <th scope="col">{t("reconciliation.why")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          // A payment may differ in several ways, and rows never change order.
          // oxlint-disable-next-line react/no-array-index-key
          <Row key={index} row={row} store={store} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ row, store }: { row: Difference; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useWords();
  const { owner, payment_id: payment } = row;
  // A missing user is counted, not measured in credits; and a row that names no payment we know leads nowhere.
  const measured = row.kind !== "user_missing";
  const known = payment !== null && row.why !== "no_such_payment";
  return (
    <tr data-testid="difference-row" data-kind={row.kind}>
      <td className={css["kind"]}>
        <strong>{t(`difference.${row.kind}`)}</strong>
        <span className={css["small"]}>{t(`difference_leads.${row.kind}`)}</span>
      </td>
      <td className={css["owner"]}>
        {owner === null ? <span className={table["faint"]}>–</span> : (
          <Link className={css["link"]} to="/s/$store/wallets/$owner" params={{ store, owner }}><bdi>{owner}</bdi></Link>
        )}
      </td>
      <td className={css["payment"]}>
        {payment === null ? <span className={table["faint"]}>–</span> : known ? (
          <Link className={css["link"]} to="/s/$store/purchases/$id" params={{ store, id: payment }} title={payment}><code>{payment}</code></Link>
        ) : (
          <code title={payment}>{payment}</code>
        )}
      </td>
      <td className={table["number"]}>{measured ? <Credits credits={row.expected} /> : <span className={table["faint"]}>–</span>}</td>
      <td className={table["number"]}>{measured ? <Credits credits={row.found} /> : <span className={table["faint"]}>–</span>}</td>
      <td className={table["number"]}><Money minor={row.amount_minor} currency={row.currency} /></td>
      <td className={css["why"]}>
        {words.differenceWhy(row.why)}
        {row.row === null ? null : <span className={css["small"]}>{t("ledger.row", { line: format.count(row.row.line), batch: row.row.batch })}</span>}
      </td>
    </tr>
  );
}
