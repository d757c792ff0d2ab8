import type { KlaviyoMetric } from "../ipc/generated/KlaviyoMetric";

/** Where a metric's events come from, by the name for people; null where Klaviyo names nothing. */
export function metricSource(metric: KlaviyoMetric): string | null {
  const from = metric.integration;
  return from === null ? null : (from.name ?? from.key ?? from.id);
}

/** The metrics whose name, integration or id holds every word of a search, in the order they came. */
export function findMetrics(metrics: readonly KlaviyoMetric[], search: string): KlaviyoMetric[] {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return metrics.filter((metric) => {
    const text = `${metric.name} ${metricSource(metric) ?? ""} ${metric.id}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
