import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { FunnelDays } from "../components/FunnelDays";
import { KindNotice } from "../components/KindNotice";
import { RangePicker } from "../components/RangePicker";
import { useStoreId, useTimeZone } from "../data/active_store";
import { useFormat } from "../data/format";
import { useMinute } from "../data/now";
import { funnelQuery } from "../data/queries";
import type { FunnelCounts } from "../ipc/generated/FunnelCounts";
import type { FunnelRow } from "../ipc/generated/FunnelRow";
import type { Dimension, FunnelView } from "../lib/funnel_view";
import { DIMENSIONS, funnelSpan, readFunnelView, SPANS, stepBefore } from "../lib/funnel_view";
import type { PreorderFilter } from "../lib/preorder_filter";
import { STEPS } from "../lib/preorder_filter";
import { dayOf } from "../lib/time";
import { BreakdownTable } from "../table/BreakdownTable";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Page, Section } from "../ui/Page";
import css from "./Funnel.module.css";

const RESTS_ON = ["event", "checkout.session", "payment_intent", "charge", "refund", "dispute"];

/** How far the preorders of a span of days came. */
export function Funnel() {
  const { t } = useTranslation();
  const format = useFormat();
  const store = useStoreId();
  const navigate = useNavigate();
  const view = readFunnelView(useSearch({ strict: false }));
  const today = dayOf(useMinute(), useTimeZone());
  const { from, to } = funnelSpan(view, today);
  const by: Dimension = view.by ?? "color";

  const days = useQuery(funnelQuery(store, { from, to, by: "day" }));
  const parts = useQuery({ ...funnelQuery(store, { from, to, by }), enabled: by !== "day" });
  const table = by === "day" ? days : parts;

  const show = (change: FunnelView) =>
    void navigate({ to: "/s/$store/funnel", params: { store }, replace: true, search: readFunnelView({ ...view, ...change }) });

  const filterOf = (row: FunnelRow | null): PreorderFilter => {
    if (row === null) return { from, to };
    const key = row.key ?? "";
    return by === "day" ? { from: key, to: key } : { from, to, [by]: key };
  };

  return (
    <Page
      title={t("funnel.title")}
      note={t("funnel.note", { from: format.day(from), to: format.day(to), zone: format.timeZone })}
      actions={
        <RangePicker
          spans={SPANS} span={view.days ?? "30"} custom={view.from !== undefined} from={from} to={to} today={today}
          onSpan={(span) => show({ from: undefined, to: undefined, days: span })} onDays={(span) => show({ ...span, days: undefined })}
        />
      }
    >
      <KindNotice kinds={RESTS_ON} />
      {days.isError ? (
        <ErrorPanel error={days.error} retry={() => void days.refetch()} />
      ) : days.data === undefined ? (
        <Section><Waiting rows={8} /></Section>
      ) : (
        <>
          <Steps total={days.data.total} filter={{ from, to }} store={store} />
          {days.data.total.started === 0 ? (
            <Section><Empty icon="funnel" title={t("funnel.none")}>{t("funnel.none_text")}</Empty></Section>
          ) : (
            <>
              <FunnelDays rows={days.data.rows} store={store} view={view} from={from} to={to} show={show} />
              <Section
                title={t(`funnel.by.${by}`)} flush
                actions={
                  <SegmentedControl
                    aria-label={t("funnel.dimension")} value={by}
                    data={DIMENSIONS.map((dimension) => ({ value: dimension, label: t(`funnel.dimensions.${dimension}`) }))}
                    onChange={(value) => show({ by: DIMENSIONS.find((dimension) => dimension === value), sort: undefined, asc: undefined })}
                  />
                }
              >
                {table.isError ? (
                  <ErrorPanel error={table.error} retry={() => void table.refetch()} />
                ) : table.data === undefined ? (
                  <Waiting />
                ) : (
                  <BreakdownTable
                    rows={table.data.rows} total={table.data.total} caption={t(`funnel.by.${by}`)} keyName={t(`funnel.dimensions.${by}`)}
                    keyText={(key) => (key === null || key === "" ? t("common.unknown") : by === "day" ? format.day(key, "long") : key)}
                    filterOf={filterOf} store={store} sort={view.sort} ascending={view.asc ?? false}
                    onSort={(sort, asc) => show({ sort, asc })}
                  />
                )}
              </Section>
            </>
          )}
        </>
      )}
    </Page>
  );
}

/** The five steps, each against the one before and against all that started. */
function Steps({ total, filter, store }: { total: FunnelCounts; filter: PreorderFilter; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <ol className={css["steps"]} aria-label={t("funnel.steps")}>
      {STEPS.map((step) => {
        const before = stepBefore(step);
        const count = total[step];
        const lost = before === null ? 0 : total[before] - count;
        return (
          <li key={step} className={css["step"]}>
            <Link
              className={css["stepLink"]} to="/s/$store/preorders" params={{ store }}
              search={{ ...filter, ...(step === "started" ? {} : { step }) }} title={t(`step_meaning.${step}`)}
            >
              <span className={css["stepName"]}>{t(`step.${step}`)}</span>
              <span className={css["stepCount"]} data-testid={`funnel-total-${step}`}>{format.count(count)}</span>
              <span className={css["stepRates"]}>
                {before === null ? (
                  t("funnel.all")
                ) : total.started === 0 ? null : (
                  <>
                    <span>{t("funnel.of_before", { rate: format.rate(count, total[before]) ?? "–" })}</span>
                    <span className={css["faint"]}>
                      {t("funnel.of_all_lost", { rate: format.rate(count, total.started) ?? "–", n: format.count(lost) })}
                    </span>
                  </>
                )}
              </span>
              <span className={css["track"]}>
                <span className={css["level"]} style={{ width: `${total.started === 0 ? 0 : (count / total.started) * 100}%` }} />
              </span>
            </Link>
          </li>
        );
      })}
    </ol>
  );
}
