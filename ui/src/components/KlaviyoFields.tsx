import { NumberInput, TagsInput, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { KlaviyoSettings } from "../ipc/generated/KlaviyoSettings";
import type { Settings } from "../ipc/generated/Settings";
import { Section } from "../ui/Page";
import css from "./KlaviyoEvents.module.css";

const NAMES = ["started_event", "success_event"] as const satisfies readonly (keyof KlaviyoSettings)[];
const ALSO = ["started_also", "success_also"] as const satisfies readonly (keyof KlaviyoSettings)[];
const PROPERTIES = ["color_property", "order_property", "status_property"] as const satisfies readonly (keyof KlaviyoSettings)[];

/** By which names orders are told to Klaviyo, after how long what is not there is missing, and what its profiles are told. */
export function KlaviyoFields({ draft, put, grid }: { draft: Settings; put: (change: Partial<Settings>) => void; grid: string | undefined }) {
  const { t } = useTranslation();
  const { klaviyo } = draft;
  const change = (next: Partial<KlaviyoSettings>) => put({ klaviyo: { ...klaviyo, ...next } });
  const all = new Set([klaviyo.started_event, ...klaviyo.started_also]);
  const both = [klaviyo.success_event, ...klaviyo.success_also].some((name) => all.has(name));
  return (
    <div id="klaviyo">
      <Section title={t("klaviyo_settings.title")} note={t("klaviyo_settings.note")}>
        <div className={grid}>
          {NAMES.map((name) => (
            <TextInput
              key={name} label={t(`klaviyo_settings.${name}`)} description={t("klaviyo_settings.name_note")} maxLength={127} value={klaviyo[name]}
              error={klaviyo[name].trim() === "" ? t("klaviyo_settings.name_empty") : both && name === "success_event" ? t("klaviyo_settings.name_twice") : null}
              onChange={(event) => change({ [name]: event.currentTarget.value })}
            />
          ))}
          {ALSO.map((name) => (
            <TagsInput
              key={name} label={t(`klaviyo_settings.${name}`)} description={t("klaviyo_settings.also_note")} maxTags={10} value={klaviyo[name]} splitChars={[","]}
              onChange={(names) => change({ [name]: names.map((one) => one.trim()).filter((one) => one !== "") })}
            />
          ))}
          <NumberInput
            label={t("klaviyo_settings.missing_after")} description={t("klaviyo_settings.missing_after_note")} suffix={t("settings.minutes")} min={5} max={10_080} clampBehavior="blur" allowDecimal={false}
            value={klaviyo.missing_after_min} onChange={(value) => change({ missing_after_min: Number(value) })}
          />
          <NumberInput
            label={t("klaviyo_settings.check_days")} description={t("klaviyo_settings.check_days_note")} suffix={t("klaviyo_settings.days")} min={1} max={3650} clampBehavior="blur" allowDecimal={false}
            value={klaviyo.check_days} onChange={(value) => change({ check_days: Number(value) })}
          />
          {PROPERTIES.map((name) => (
            <TextInput
              key={name} label={t(`klaviyo_settings.${name}`)} description={t(`klaviyo_settings.${name}_note`)} placeholder={t("klaviyo_settings.no_property")} maxLength={100} value={klaviyo[name]}
              error={klaviyo[name].startsWith("$") ? t("klaviyo_settings.dollar") : null} onChange={(event) => change({ [name]: event.currentTarget.value.trim() })}
            />
          ))}
        </div>
        <p className={css["settingsNote"]}>{t("klaviyo_settings.policy_elsewhere")}</p>
      </Section>
    </div>
  );
}
