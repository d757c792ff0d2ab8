import { Checkbox } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { sayBadRow } from "../i18n/problem_words";
import type { ImportReport } from "../ipc/generated/ImportReport";
import type { RowError } from "../ipc/generated/RowError";
import { sentence } from "../lib/sentence";
import table from "../ui/table.module.css";
import css from "./Imports.module.css";

/** What an import would do or did: counts, the bad rows by line, and the agreement to leave those out. */
export function ImportOutcome({ report, agreed, setAgreed }: { report: ImportReport; agreed: boolean; setAgreed: (agreed: boolean) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const good = report.new + report.changed;
  return (
    <>
      <dl className={css["counts"]}>
        {(["rows", "new", "changed", "same", "bad"] as const).map((name) => (
          <div key={name} data-bad={name === "bad" && report.bad > 0} data-testid={`import-${name}`}>
            <dt>{t(`imports.counts.${name}`)}</dt>
            <dd>{format.count(report[name])}</dd>
          </div>
        ))}
      </dl>
      {report.errors.length === 0 ? null : (
        <div className={css["scroll"]}>
          <table className={table["table"]} aria-label={t("imports.bad_rows")}>
            <thead>
              <tr>
                <th scope="col" className={table["number"]}>{t("imports.line")}</th>
                <th scope="col">{t("imports.column")}</th>
                <th scope="col">{t("imports.wrong")}</th>
              </tr>
            </thead>
            <tbody>
              {report.errors.map((error) => (
                <tr key={`${error.line} ${error.column ?? ""} ${error.code}`}>
                  <td className={table["number"]}>{format.count(error.line)}</td>
                  <td>{error.column === null ? <span className={table["faint"]}>–</span> : <code className={table["mono"]}>{error.column}</code>}</td>
                  <td><Wrong error={error} /> <code className={css["code"]}>{error.code}</code></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {report.bad > report.errors.length ? <p className={css["note"]}>{t("imports.more_bad", { n: format.count(report.bad - report.errors.length) })}</p> : null}
      {report.bad === 0 || good === 0 ? null : (
        <Checkbox
          mt={12} checked={agreed} onChange={(event) => setAgreed(event.currentTarget.checked)}
          label={t("imports.agree", { good: format.count(good), bad: format.count(report.bad) })}
        />
      )}
    </>
  );
}

function Wrong({ error }: { error: RowError }) {
  const { i18n } = useTranslation();
  const { words, said } = sayBadRow(error, i18n.language);
  return <>{words === null ? null : `${words} `}<bdi className={words === null ? undefined : table["dim"]}>{sentence(said)}</bdi></>;
}
