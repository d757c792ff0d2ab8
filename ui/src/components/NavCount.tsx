import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { findingCountsQuery } from "../data/fix_queries";
import { useFormat } from "../data/format";
import { SEVERITIES } from "../lib/finding_filter";
import css from "./Frame.module.css";

/** How many findings are open, in the colour of the worst. Nothing where none is. */
export function NavCount({ store }: { store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data } = useQuery(findingCountsQuery(store));
  if (data === undefined || data.total === 0) return null;
  const worst = SEVERITIES.find((severity) => data.rules.some((one) => one.severity === severity && one.open > 0)) ?? "info";
  return (
    <span className={css["navCount"]} data-severity={worst} data-testid="stuck-count" title={t(`severity_meaning.${worst}`)}>
      {format.count(data.total)}
    </span>
  );
}
