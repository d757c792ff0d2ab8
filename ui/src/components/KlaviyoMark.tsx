import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { klaviyoStatusQuery } from "../data/klaviyo_queries";
import css from "./Frame.module.css";

/** A mark in the sidebar where a connection that was made does not work. */
export function KlaviyoMark({ store }: { store: string }) {
  const { t } = useTranslation();
  const { data } = useQuery(klaviyoStatusQuery(store));
  if (data === undefined || data.status === "connected" || data.status === "not_configured") return null;
  return (
    <span className={css["navCount"]} data-severity={data.status === "error" ? "warning" : "critical"} data-testid="klaviyo-mark" title={t(`klaviyo.meaning.${data.status}`)}>
      {t("klaviyo.mark")}
    </span>
  );
}
