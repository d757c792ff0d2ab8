import { PasswordInput } from "@mantine/core";
import type { RefObject } from "react";
import { useId } from "react";
import { useTranslation } from "react-i18next";

import type { KlaviyoKeyReading } from "../lib/klaviyo_key";
import { readKlaviyoKey } from "../lib/klaviyo_key";
import { Icon } from "../ui/Icon";
import css from "./KeyField.module.css";

/**
 * A Klaviyo key as it is typed: what it is, or why it cannot be used, at once. The key stays in the field alone, which `field` gives
 * to whoever sends it; the page keeps only what it reads as.
 */
export function KlaviyoKeyField({
  field, label, reading, onRead, disabled = false,
}: { field: RefObject<HTMLInputElement | null>; label: string; reading: KlaviyoKeyReading; onRead: (reading: KlaviyoKeyReading) => void; disabled?: boolean }) {
  const { t } = useTranslation();
  const note = useId();
  const refused = reading.kind === "refused" ? t(`klaviyo.refused.${reading.why}`) : null;
  const unusual = reading.kind === "key" && !reading.usual;
  return (
    <div>
      <PasswordInput
        ref={field} label={label} defaultValue="" onChange={(event) => onRead(readKlaviyoKey(event.currentTarget.value))} placeholder={t("klaviyo.key_placeholder")}
        autoComplete="off" autoCorrect="off" spellCheck={false} error={refused !== null} aria-describedby={note} aria-invalid={refused !== null} disabled={disabled}
        visibilityToggleButtonProps={{ "aria-label": t("key.show") }} name="klaviyo-key" data-1p-ignore data-lpignore="true"
      />
      <p id={note} className={css["note"]} role="status" data-kind={reading.kind} data-mode={reading.kind === "key" ? (unusual ? "test" : "live") : undefined}>
        {reading.kind === "empty" ? t("klaviyo.key_empty") : null}
        {refused === null ? null : <><Icon name="cross" size={13} />{refused}</>}
        {reading.kind !== "key" ? null : <><Icon name={unusual ? "warning" : "check"} size={13} />{t(unusual ? "klaviyo.key_unusual" : "klaviyo.key_good")}</>}
      </p>
    </div>
  );
}

/** What is in the field, which is empty from then on. */
export function takeKey(field: RefObject<HTMLInputElement | null>): string {
  const key = field.current?.value.trim() ?? "";
  if (field.current !== null) field.current.value = "";
  return key;
}
