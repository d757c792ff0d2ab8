import { Select } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { timeZones } from "../lib/time";

/** Every time zone this machine knows, to search through. */
export function TimeZoneField({ value, onChange, description }: { value: string; onChange: (zone: string) => void; description?: string }) {
  const { t } = useTranslation();
  const zones = useMemo(() => timeZones(value), [value]);
  return (
    <Select
      label={t("settings.time_zone")} description={description} data={zones} value={value} searchable allowDeselect={false} limit={60}
      nothingFoundMessage={t("settings.no_zone")} onChange={(zone) => { if (zone !== null) onChange(zone); }}
    />
  );
}
