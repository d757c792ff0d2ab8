import { TextInput } from "@mantine/core";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import type { KlaviyoMetric } from "../ipc/generated/KlaviyoMetric";
import type { KlaviyoSuggestion } from "../ipc/generated/KlaviyoSuggestion";
import { findMetrics, metricSource } from "../lib/klaviyo_metric";
import { sentences } from "../lib/sentence";
import { Icon } from "../ui/Icon";
import { Tag } from "../ui/Tag";
import css from "./Klaviyo.module.css";

/** Metrics to choose one from, in the engine's order: each with its integration, as names repeat. */
export function MetricPicker({
  metrics, suggested, value, onChange,
}: { metrics: readonly KlaviyoMetric[]; suggested: KlaviyoSuggestion | null; value: string | null; onChange: (id: string) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const group = useId();
  const [search, setSearch] = useState("");
  const found = findMetrics(metrics, search);
  const chosen = metrics.find((metric) => metric.id === value);
  return (
    <div className={css["picker"]}>
      <div className={css["pickerHead"]}>
        <TextInput
          type="search" w={240} maxLength={100} aria-label={t("klaviyo.search_metrics")} placeholder={t("klaviyo.search_metrics")} leftSection={<Icon name="search" size={14} />}
          value={search} onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={(event) => {
            // Within a form, Enter would connect with whatever is chosen.
            if (event.key === "Enter") event.preventDefault();
          }}
        />
        <span className={css["count"]} role="status">{t("klaviyo.metrics_of", { count: metrics.length, n: format.count(found.length), all: format.count(metrics.length) })}</span>
      </div>
      <div role="radiogroup" aria-label={t("klaviyo.metric")} className={css["metrics"]}>
        {found.map((metric) => (
          <label key={metric.id} className={css["metric"]} data-testid="metric" data-id={metric.id} data-chosen={metric.id === value}>
            <input type="radio" name={group} value={metric.id} checked={metric.id === value} onChange={() => onChange(metric.id)} />
            <MetricName metric={metric} />
            {suggested?.metric_id === metric.id ? <Tag tone="accent">{t(`klaviyo.suggested.${suggested.reason}`)}</Tag> : <span />}
            <code className={css["id"]}>{metric.id}</code>
          </label>
        ))}
        {found.length === 0 ? <p className={css["none"]}>{t(metrics.length === 0 ? "klaviyo.no_metrics" : "klaviyo.no_metric_match")}</p> : null}
      </div>
      <div className={css["chosen"]} role="status" data-testid="chosen-metric">
        {chosen === undefined ? <span>{t("klaviyo.choose_metric")}</span> : <><MetricName metric={chosen} /><MetricMeaning metric={chosen} /></>}
      </div>
    </div>
  );
}

/** A metric by its name and where it comes from. */
export function MetricName({ metric }: { metric: KlaviyoMetric }) {
  const { t } = useTranslation();
  const source = metricSource(metric);
  return (
    <span className={css["metricName"]}>
      <bdi>{metric.name}</bdi>
      {metric.custom ? <Tag tone="violet" title={t("klaviyo.custom_meaning")}>{t("klaviyo.custom")}</Tag> : null}
      {source === null ? null : <span className={css["source"]}><bdi>{source}</bdi></span>}
    </span>
  );
}

/** What choosing a metric means, in plain words. */
export function MetricMeaning({ metric }: { metric: KlaviyoMetric }) {
  const { t } = useTranslation();
  return (
    // What the report server calls it, for whoever looks for that.
    <p className={css["sense"]} title={`do_not_order_sync: ${metric.do_not_order_sync}`}>
      {sentences(t("klaviyo.counts_by"), t(metric.do_not_order_sync ? "klaviyo.no_order_sync" : "klaviyo.order_sync"))}
    </p>
  );
}
