import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { useStore } from "../data/active_store";
import { klaviyoStatusQuery } from "../data/klaviyo_queries";
import css from "./Frame.module.css";

/** A mark in the sidebar where a connection that was made does not work. */
export function KlaviyoMark({ store }: { store: string }) {
  const { t } = useTranslation();
  const { data } = useQuery(klaviyoStatusQuery(store));
  // A file never has a key: that says nothing of the connection.
  const file = useStore()?.read_only === true;
  if (data === undefined || file || data.status === "connected" || data.status === "not_configured") return null;
  return (
    <span className={css["navCount"]} data-severity={data.status === "error" ? "warning" : "critical"} data-testid="klaviyo-mark" title={t(`klaviyo.meaning.${data.status}`)}>
      {t("klaviyo.mark")}
    </span>
  );
}
