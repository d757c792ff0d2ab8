import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import type { FunnelRow } from "../ipc/generated/FunnelRow";
import type { Sender } from "../lib/funnel_view";
import { axisTicks } from "../lib/number";
import css from "./DayChart.module.css";

const WIDTH = 1000;
const HEIGHT = 190;

/** Messages that went out, by day; a day that was not read is not among them. */
export type DaySends = { sender: Sender; by: ReadonlyMap<string, number> };

/**
 * Started and paid, a pair of bars a day. Plain SVG and CSS: no canvas, no measuring, no library, so it obeys the strict CSP,
 * follows the theme and prints. Each day is a link to its orders, reachable with Tab.
 * Messages that were sent stand over them by a scale of their own, on the right: campaigns as stems, flows as a line.
 */
export function DayChart({ rows, store, sends }: { rows: readonly FunnelRow[]; store: string; sends: readonly DaySends[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [at, setAt] = useState<number | null>(null);
  const ticks = axisTicks(Math.max(0, ...rows.map((row) => row.started)));
  const top = ticks.at(-1) ?? 1;
  const slot = WIDTH / Math.max(1, rows.length);
  const bar = Math.max(1, Math.min(slot * 0.72, 34));
  const y = (count: number) => HEIGHT * (1 - count / top);
  const every = Math.max(1, Math.ceil(rows.length / 10));
  const shown = at === null ? undefined : rows[at];
  const sentTicks = axisTicks(Math.max(0, ...sends.flatMap(({ by }) => [...by.values()])));
  const sentTop = sentTicks.at(-1) ?? 1;
  const sentY = (count: number) => HEIGHT * (1 - count / sentTop);
  const sentOn = (key: string) =>
    sends.map(({ sender, by }) => {
      const count = by.get(key);
      return ` · ${count === undefined ? t(`chart.not_read_${sender}`) : t(`chart.sent_${sender}`, { count, n: format.count(count) })}`;
    }).join("");

  return (
    <figure className={css["chart"]} aria-label={t("chart.label")}>
      <figcaption className={css["legend"]}>
        <span className={css["key"]} data-bar="started">{t("step.started")}</span>
        <span className={css["key"]} data-bar="paid">{t("step.paid")}</span>
        {sends.map(({ sender }) => <span key={sender} className={css["key"]} data-bar={sender}>{t("chart.sends_key", { sender: t(`chart.${sender}`) })}</span>)}
        <span className={css["reading"]} aria-live="off">
          {shown?.key === undefined || shown.key === null
            ? t("chart.hint")
            : t("chart.reading", {
                day: format.day(shown.key, "long"),
                started: format.count(shown.started),
                paid: format.count(shown.paid),
                rate: format.rate(shown.paid, shown.started) ?? "–",
              }) + sentOn(shown.key)}
        </span>
      </figcaption>
      <div className={css["plot"]} data-sends={sends.length > 0}>
        <div className={css["axis"]} aria-hidden="true">
          {ticks.map((tick) => (
            <span key={tick} className={css["tick"]} style={{ bottom: `${(tick / top) * 100}%` }}>{format.count(tick)}</span>
          ))}
        </div>
        <div className={css["area"]}>
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className={css["svg"]} aria-hidden="true">
            {ticks.map((tick) => (
              <line key={tick} x1={0} x2={WIDTH} y1={y(tick)} y2={y(tick)} className={css["grid"]} vectorEffect="non-scaling-stroke" />
            ))}
            {rows.map((row, index) => {
              const x = index * slot + (slot - bar) / 2;
              return (
                <g key={row.key ?? index} data-shown={index === at}>
                  {index === at ? <rect x={index * slot} y={0} width={slot} height={HEIGHT} className={css["cursor"]} /> : null}
                  <rect x={x} y={y(row.started)} width={bar} height={HEIGHT - y(row.started)} className={css["started"]} />
                  <rect x={x} y={y(row.paid)} width={bar} height={HEIGHT - y(row.paid)} className={css["paid"]} />
                </g>
              );
            })}
            {sends.map(({ sender, by }) => <Sent key={sender} sender={sender} by={by} rows={rows} slot={slot} y={sentY} />)}
          </svg>
          {/* Each day is a link that says the same on focus: the pointer only reads ahead. */}
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
          <ol className={css["days"]} onMouseLeave={() => setAt(null)}>
            {rows.map((row, index) => (
              // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
              <li key={row.key ?? index} onMouseEnter={() => setAt(index)}>
                {row.key === null ? null : (
                  <Link
                    to="/s/$store/preorders" params={{ store }} search={{ from: row.key, to: row.key }} className={css["day"]}
                    onFocus={() => setAt(index)} onBlur={() => setAt(null)}
                    aria-label={t("chart.day", {
                      day: format.day(row.key, "long"), started: format.count(row.started), paid: format.count(row.paid),
                    }) + sentOn(row.key)}
                  />
                )}
              </li>
            ))}
          </ol>
        </div>
        {sends.length === 0 ? null : (
          <div className={css["axis"]} aria-hidden="true" data-side="sends">
            {sentTicks.map((tick) => <span key={tick} className={css["tick"]} style={{ bottom: `${(tick / sentTop) * 100}%` }}>{format.count(tick)}</span>)}
          </div>
        )}
      </div>
      <ol className={css["labels"]} aria-hidden="true" data-sends={sends.length > 0}>
        {rows.map((row, index) => (
          <li key={row.key ?? index}>{row.key !== null && index % every === 0 ? <span>{format.day(row.key)}</span> : null}</li>
        ))}
      </ol>
    </figure>
  );
}

/** The messages of one sender. */
function Sent({ sender, by, rows, slot, y }: DaySends & { rows: readonly FunnelRow[]; slot: number; y: (count: number) => number }) {
  const points = rows.flatMap((row, index) => {
    const count = row.key === null ? undefined : by.get(row.key);
    return count === undefined ? [] : [{ index, count, x: (index + 0.5) * slot }];
  });
  if (sender === "campaigns") {
    return (
      <g data-testid="sends-campaigns">
        {points.filter(({ count }) => count > 0).map(({ x, count, index }) => (
          <line key={index} x1={x} x2={x} y1={HEIGHT} y2={y(count)} className={css["campaigns"]} vectorEffect="non-scaling-stroke" />
        ))}
      </g>
    );
  }
  // A line is broken where days were not read: it must not lead over them.
  const path = points.map(({ index, x, count }, place) => `${place === 0 || points[place - 1]?.index !== index - 1 ? "M" : "L"}${x} ${y(count)}`).join("");
  return <path d={path} className={css["flows"]} vectorEffect="non-scaling-stroke" data-testid="sends-flows" />;
}
