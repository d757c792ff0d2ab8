import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { axisTicks } from "../lib/number";
import css from "./DayChart.module.css";
import own from "./SeriesChart.module.css";

const WIDTH = 1000;
const HEIGHT = 132;

/** One day: its number, null where there is none; whether it was read; and in words why it has nothing. */
export type SeriesDay = { day: string; value: number | null; known: boolean; why: string | null };

/**
 * One statistic, a bar a day, drawn as the other charts are: plain SVG and CSS. A day that was not read is hatched, and never a bar of
 * no height. What is drawn is said in a sentence, and stands day by day in a table below.
 */
export function SeriesChart({ days, name, money = false, write }: { days: readonly SeriesDay[]; name: string; money?: boolean; write: (value: number) => string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [at, setAt] = useState<number | null>(null);
  const values = days.map((day) => day.value ?? 0);
  const ticks = axisTicks(Math.max(0, ...values), 3);
  const top = ticks.at(-1) ?? 1;
  const slot = WIDTH / Math.max(1, days.length);
  const bar = Math.max(1, Math.min(slot * 0.72, 30));
  const every = Math.max(1, Math.ceil(days.length / 10));
  const shown = at === null ? undefined : days[at];
  const best = days.reduce<SeriesDay | undefined>((most, day) => ((day.value ?? 0) > (most?.value ?? 0) ? day : most), undefined);
  const unread = days.filter((day) => !day.known).length;
  const summary = [
    best === undefined || best.value === null ? t("series.nothing") : t("series.most", { value: write(best.value), day: format.day(best.day, "long") }),
    ...(unread === 0 ? [] : [t("series.unread", { count: unread, n: format.count(unread) })]),
  ].join(" ");
  const said = (day: SeriesDay) => (day.value === null ? (day.why ?? t("series.none")) : write(day.value));
  return (
    <figure className={css["chart"]} aria-label={name} data-money={money}>
      <figcaption className={css["legend"]}>
        <span className={css["key"]} data-bar="paid">{name}</span>
        {unread === 0 ? null : <span className={`${css["key"]} ${own["unreadKey"]}`}>{t("series.not_read")}</span>}
        <span className={css["reading"]} aria-live="off">{shown === undefined ? summary : t("series.reading", { day: format.day(shown.day, "long"), value: said(shown) })}</span>
      </figcaption>
      <div className={`${css["plot"]} ${own["plot"]}`}>
        <div className={css["axis"]} aria-hidden="true">
          {ticks.map((tick) => <span key={tick} className={css["tick"]} style={{ bottom: `${(tick / top) * 100}%` }}>{write(tick)}</span>)}
        </div>
        <div className={`${css["area"]} ${own["area"]}`} role="img" aria-label={`${name}. ${summary}`} data-testid="series">
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className={css["svg"]} aria-hidden="true">
            {ticks.map((tick) => <line key={tick} x1={0} x2={WIDTH} y1={HEIGHT * (1 - tick / top)} y2={HEIGHT * (1 - tick / top)} className={css["grid"]} vectorEffect="non-scaling-stroke" />)}
            {days.map((day, index) => {
              const height = (HEIGHT * (day.value ?? 0)) / top;
              return (
                // The table below has the same for whoever cannot point.
                <g key={day.day} onMouseEnter={() => setAt(index)} onMouseLeave={() => setAt(null)}>
                  <rect x={index * slot} y={0} width={slot} height={HEIGHT} className={index === at ? css["cursor"] : day.known ? own["room"] : own["unread"]} />
                  <rect x={index * slot + (slot - bar) / 2} y={HEIGHT - height} width={bar} height={height} className={css["paid"]} />
                </g>
              );
            })}
          </svg>
        </div>
      </div>
      <ol className={`${css["labels"]} ${own["labels"]}`} aria-hidden="true">
        {days.map(({ day }, index) => <li key={day}>{index % every === 0 ? <span>{format.day(day)}</span> : null}</li>)}
      </ol>
      <details className={own["numbers"]}>
        <summary>{t("series.numbers")}</summary>
        <div className={own["scroll"]}>
          <table className={own["table"]} aria-label={t("series.by_day", { name })} data-testid="series-table">
            <thead>
              <tr>
                <th scope="col">{t("funnel.dimensions.day")}</th>
                <th scope="col">{name}</th>
              </tr>
            </thead>
            <tbody>
              {days.map((day) => (
                <tr key={day.day} data-known={day.known}>
                  <th scope="row"><time dateTime={day.day}>{format.day(day.day, "long")}</time></th>
                  <td data-value={day.value ?? undefined}>{said(day)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
