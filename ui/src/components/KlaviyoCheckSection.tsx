import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import type { KlaviyoCheck } from "../ipc/generated/KlaviyoCheck";
import type { KlaviyoView } from "../ipc/generated/KlaviyoView";
import { copyText } from "../ui/clipboard";
import { Fact, Facts } from "../ui/Facts";
import { Icon } from "../ui/Icon";
import { Columns, Section } from "../ui/Page";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import css from "./Klaviyo.module.css";
import { MetricName } from "./KlaviyoMetrics";
import { KlaviyoProblem } from "./KlaviyoProblem";
import { LimitTable, ScopeTable, Warnings } from "./KlaviyoSeen";

/** Asks Klaviyo everything that tells whether the connection works, and shows the answers. */
export function CheckSection({ store, view }: { store: string; view: KlaviyoView }) {
  const { t } = useTranslation();
  const refusal = useRefusal("repair");
  const check = useCommand("klaviyo_check", store, ["klaviyo"]);
  const why = refusal ?? (view.key_source === "none" ? t("klaviyo.needs_key") : undefined);
  return (
    <Section
      title={t("klaviyo.check_title")} note={t("klaviyo.check_note")}
      actions={<Button data-testid="klaviyo-check" variant="filled" leftSection={<Icon name="refresh" size={13} />} disabled={why !== undefined} title={why} loading={check.isPending} onClick={() => check.mutate({})}>{t("klaviyo.check")}</Button>}
    >
      <div role="status">
        {check.data === undefined && check.error === null ? <p className={table["dim"]}>{why ?? t("klaviyo.not_checked")}</p> : null}
        {check.error === null ? null : <KlaviyoProblem error={check.error} />}
        {check.data === undefined || check.error !== null ? null : <Checked check={check.data} />}
      </div>
    </Section>
  );
}

function Checked({ check }: { check: KlaviyoCheck }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { seen, lists, clock_skew_s: skew } = check;
  const { asked, answered } = seen.revision;
  const custom = seen.metrics.filter((metric) => metric.custom).length;
  return (
    <div className={css["checked"]} data-testid="klaviyo-checked">
      <p className={css["tested"]}>
        <Icon name="check" size={14} />{t("klaviyo.answered", { time: format.instant(check.at) })}
        <CopyReport report={check.report} />
      </p>
      <Warnings account={seen.account} warnings={seen.warnings} />
      <Columns shape="even">
        <Facts>
          <Fact name={t("klaviyo.revision")}>
            {answered === null ? t("klaviyo.revision_asked", { asked }) : t("klaviyo.revision_both", { asked, answered })}
            {answered === null || answered === asked ? null : <> <Tag tone="amber">{t("klaviyo.revision_other")}</Tag></>}
          </Fact>
          <Fact name={t("klaviyo.latency")}>{check.latency_ms === null ? t("common.unknown") : t("klaviyo.ms", { n: format.count(check.latency_ms) })}</Fact>
          <Fact name={t("klaviyo.clock")}>
            {skew === null ? t("common.unknown") : Math.abs(skew) < 5 ? t("health.clock_right") : t(skew > 0 ? "health.clock_fast" : "health.clock_slow", { count: Math.abs(skew), n: format.count(Math.abs(skew)) })}
          </Fact>
        </Facts>
        <Facts>
          <Fact name={t("klaviyo.lists")}>
            {lists === null ? t("klaviyo.lists_unread") : t(lists.complete ? "klaviyo.lists_count" : "klaviyo.lists_more", { count: lists.count, n: format.count(lists.count) })}
            {lists === null || lists.samples.length === 0 ? null : <ul className={css["samples"]}>{lists.samples.map((list) => <li key={list.id}><bdi>{list.name}</bdi> <code className={css["id"]}>{list.id}</code></li>)}</ul>}
          </Fact>
          <Fact name={t("klaviyo.metrics")}>{t("klaviyo.metrics_count", { count: seen.metrics.length, n: format.count(seen.metrics.length), custom: format.count(custom) })}</Fact>
        </Facts>
      </Columns>
      <Columns shape="even">
        <div className={css["framed"]}><ScopeTable scopes={seen.scopes} /></div>
        <div className={css["framed"]}><LimitTable limits={seen.limits} /></div>
      </Columns>
      <details className={css["all"]}>
        <summary>{t("klaviyo.all_metrics")}</summary>
        <ul className={css["plainMetrics"]}>
          {seen.metrics.map((metric) => <li key={metric.id}><MetricName metric={metric} /><code className={css["id"]}>{metric.id}</code></li>)}
        </ul>
      </details>
    </div>
  );
}

/** The report for a ticket: the engine's own text, without secrets. */
function CopyReport({ report }: { report: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  return (
    <Button size="compact-xs" leftSection={<Icon name={copied ? "check" : "copy"} size={12} />} title={t("klaviyo.report_note")} onClick={() => void copyText(report).then(setCopied)}>
      {t(copied ? "copy.done" : "klaviyo.copy_report")}
    </Button>
  );
}
