import { DatePickerInput } from "@mantine/dates";
import { useState } from "react";
import { useTranslation } from "react-i18next";

type Days = { from: string | undefined; to: string | undefined };

/** Days from and to, both included, as they stand in the URL. */
export function DayRange({ label, from, to, show }: Days & { label: string; show: (days: Days) => void }) {
  return <Picker key={`${from ?? ""} ${to ?? ""}`} label={label} from={from} to={to} show={show} />;
}

function Picker({ label, from, to, show }: Days & { label: string; show: (days: Days) => void }) {
  const { t } = useTranslation();
  // Half a range is not asked for: it waits here for its other end.
  const [days, setDays] = useState<[string | null, string | null]>([from ?? null, to ?? null]);
  return (
    <DatePickerInput
      miw={126} size="xs" type="range" allowSingleDateInRange clearable valueFormat={t("preorders.day_format")}
      aria-label={from === undefined && to === undefined ? label : `${label}: ${from ?? ""} – ${to ?? ""}`} placeholder={label} value={days}
      onChange={([first, last]) => {
        setDays([first, last]);
        if (first !== null && last !== null) show({ from: first, to: last });
        else if (first === null && last === null) show({ from: undefined, to: undefined });
      }}
    />
  );
}
