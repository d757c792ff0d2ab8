import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { importListQuery } from "../data/queries";
import type { ImportBatch } from "../ipc/generated/ImportBatch";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import { toast } from "../ui/Toasts";
import dialog from "./Dialog.module.css";
import { Instant } from "./Values";

/** Every batch that ever came into force, newest first; each can be taken out again. */
export function ImportBatches({ store }: { store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const refusal = useRefusal("manage_integrations");
  const { data, error, isError, refetch } = useQuery(importListQuery(store));
  const [removing, setRemoving] = useState<ImportBatch | null>(null);
  if (data === undefined) return isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Waiting rows={3} />;
  if (data.batches.length === 0) return <Empty icon="imports" title={t("imports.none")}>{t("imports.none_text")}</Empty>;
  return (
    <>
      <table className={table["table"]} aria-label={t("imports.batches")}>
        <thead>
          <tr>
            <th scope="col" className={table["number"]}>{t("imports.batch")}</th>
            <th scope="col">{t("imports.kind")}</th>
            <th scope="col">{t("imports.file_name")}</th>
            <th scope="col">{t("imports.made")}</th>
            <th scope="col" className={table["number"]}>{t("imports.counts.rows")}</th>
            <th scope="col" className={table["number"]}>{t("imports.in_force")}</th>
            <th scope="col">{t("imports.state")}</th>
          </tr>
        </thead>
        <tbody>
          {data.batches.map((batch) => (
            <tr key={batch.batch} data-testid="import-batch">
              <td className={table["number"]}>{batch.batch}</td>
              <td>{t(`imports.kinds.${batch.kind}`)}</td>
              <td><bdi className={table["text"]}>{batch.file_name}</bdi></td>
              <td><Instant at={batch.made_at} /></td>
              <td className={table["number"]}>{format.count(batch.rows)}</td>
              <td className={table["number"]}>{format.count(batch.in_force)}</td>
              <td>
                {batch.removed_at === null ? (
                  <Button
                    size="compact-xs" disabled={refusal !== undefined} title={refusal}
                    aria-label={t("imports.remove_batch", { batch: batch.batch })} onClick={() => setRemoving(batch)}
                  >
                    {t("imports.remove")}
                  </Button>
                ) : (
                  <Tag tone="grey" title={format.instant(batch.removed_at)}>{t("imports.removed")}</Tag>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {removing === null ? null : <Removal batch={removing} store={store} close={() => setRemoving(null)} />}
    </>
  );
}

function Removal({ batch, store, close }: { batch: ImportBatch; store: string; close: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const remove = useCommand("import_remove", store, ["imports"]);
  return (
    <Modal opened onClose={close} title={t("imports.remove_title", { batch: batch.batch })} closeButtonProps={{ "aria-label": t("common.close") }}>
      <div className={dialog["form"]}>
        <p>{t("imports.remove_text", { count: batch.in_force, n: format.count(batch.in_force), file: batch.file_name })}</p>
        {remove.error === null ? null : <ErrorPanel error={remove.error} />}
        <div className={dialog["buttons"]}>
          <Button onClick={close} data-autofocus>{t("common.cancel")}</Button>
          <Button
            color="red" variant="filled" loading={remove.isPending}
            onClick={() => remove.mutate({ batch: batch.batch }, {
              onSuccess: ({ removed, restored }) => {
                toast(t("imports.remove_done", { removed: format.count(removed), restored: format.count(restored) }));
                close();
              },
            })}
          >
            {t("imports.remove_do")}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
