import { SegmentedControl } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { addDays, spanDays } from "../lib/time";

/** A year and a day at most: more bars than that say nothing. */
const LONGEST_DAYS = 366;

type Days = { from: string; to: string };

/** Which days a page is about: so many up to today, or from one to another. */
export function RangePicker<Span extends string>({
  spans, span, custom, from, to, today, onSpan, onDays,
}: Days & { spans: readonly Span[]; span: Span; custom: boolean; today: string; onSpan: (span: Span | undefined) => void; onDays: (days: Days) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <SegmentedControl
        aria-label={t("funnel.range")} value={custom ? "" : span} data={spans.map((days) => ({ value: days, label: t("funnel.days", { count: Number(days) }) }))}
        onChange={(value) => onSpan(spans.find((days) => days === value))}
      />
      <CustomRange key={`${from} ${to}`} from={from} to={to} today={today} onDays={onDays} />
    </>
  );
}

function CustomRange({ from, to, today, onDays }: Days & { today: string; onDays: (days: Days) => void }) {
  const { t } = useTranslation();
  const [days, setDays] = useState<[string | null, string | null]>([from, to]);
  return (
    <DatePickerInput
      type="range" size="xs" allowSingleDateInRange maxDate={today} valueFormat={t("preorders.day_format")}
      aria-label={`${t("funnel.custom")}: ${from} – ${to}`} value={days}
      onChange={([first, last]) => {
        setDays([first, last]);
        if (first === null || last === null) return;
        onDays({ from: spanDays(first, last) > LONGEST_DAYS ? addDays(last, 1 - LONGEST_DAYS) : first, to: last });
      }}
    />
  );
}
