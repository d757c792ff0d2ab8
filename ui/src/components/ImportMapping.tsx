import { NativeSelect } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useWords } from "../data/words";
import type { ImportPreview } from "../ipc/generated/ImportPreview";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import css from "./Imports.module.css";

/** Rows of the file that are shown beside each field. */
const SAMPLES = 3;
/** No column is called this: what is chosen carries a sign in front. */
const NONE = "-";

/** Every field of the kind with its column, and what the first rows have in it. */
export function ImportMapping({ preview, busy, onMap }: { preview: ImportPreview; busy: boolean; onMap: (field: string, column: string) => void }) {
  const { t } = useTranslation();
  const words = useWords();
  const columns = [{ value: NONE, label: t("imports.no_column") }, ...preview.columns.map((column) => ({ value: `=${column}`, label: column }))];
  return (
    <div className={css["scroll"]}>
      <table className={table["table"]} aria-label={t("imports.mapping")}>
        <thead>
          <tr>
            <th scope="col">{t("imports.field")}</th>
            <th scope="col">{t("imports.column")}</th>
            <th scope="col" colSpan={SAMPLES}>{t("imports.first_rows")}</th>
          </tr>
        </thead>
        <tbody>
          {preview.map.map(({ field, column, required, guessed }) => {
            const place = column === null ? -1 : preview.columns.indexOf(column);
            const name = words.importField(field);
            return (
              <tr key={field} data-testid={`field-${field}`}>
                <td className={css["field"]}>
                  {name} {required && column === null ? <Tag tone="red">{t("imports.needed")}</Tag> : null}
                </td>
                <td className={css["column"]}>
                  {/* The desktop's own list: twenty fields of a wide file would else be thousands of hidden options. */}
                  <NativeSelect
                    size="xs" aria-label={t("imports.column_of", { field: name })} disabled={busy} data={columns} value={column === null ? NONE : `=${column}`}
                    onChange={({ currentTarget: { value } }) => onMap(field, value === NONE ? "" : value.slice(1))}
                  />
                  {guessed && column !== null ? <span className={css["guessed"]} title={t("imports.guessed_meaning")}>{t("imports.guessed")}</span> : null}
                </td>
                {Array.from({ length: SAMPLES }, (_, index) => (
                  <td key={index} className={css["sample"]}><bdi>{place < 0 ? "" : (preview.sample[index]?.[place] ?? "")}</bdi></td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
