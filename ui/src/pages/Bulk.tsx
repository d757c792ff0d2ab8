import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import css from "../components/Bulk.module.css";
import { BulkRun } from "../components/BulkRun";
import { useStoreId } from "../data/active_store";
import { bulkListQuery } from "../data/fix_queries";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Page, Section } from "../ui/Page";

/** Every bulk run, newest first, with how far it is and what failed. */
export function Bulk() {
  const { t } = useTranslation();
  const store = useStoreId();
  const { data, error, isError, refetch } = useQuery(bulkListQuery(store));
  return (
    <Page title={t("bulk.title")} note={t("bulk.note")}>
      {data === undefined ? (
        isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Section><Waiting rows={6} /></Section>
      ) : data.runs.length === 0 ? (
        <Empty icon="preorders" title={t("bulk.none")}>{t("bulk.none_text")}</Empty>
      ) : (
        <Section flush>
          <ul className={css["list"]}>
            {data.runs.map((run) => <li key={run.id}><BulkRun first={run} store={store} open={false} /></li>)}
          </ul>
        </Section>
      )}
    </Page>
  );
}
