import { PasswordInput } from "@mantine/core";
import { useId } from "react";
import { useTranslation } from "react-i18next";

import { readStripeKey } from "../lib/stripe_key";
import { Icon } from "../ui/Icon";
import css from "./KeyField.module.css";

/** A Stripe key as it is typed: what it is, or why it cannot be used, at once. The key itself is never shown by default. */
export function KeyField({ value, onChange, label }: { value: string; onChange: (value: string) => void; label: string }) {
  const { t } = useTranslation();
  const note = useId();
  const reading = readStripeKey(value);
  const refused = reading.kind === "refused" ? t(`key.refused.${reading.why}`) : null;
  return (
    <div>
      <PasswordInput
        label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)} placeholder={t("key.placeholder")}
        autoComplete="off" autoCorrect="off" spellCheck={false} error={refused !== null} aria-describedby={note} aria-invalid={refused !== null}
        visibilityToggleButtonProps={{ "aria-label": t("key.show") }} name="stripe-key" data-1p-ignore data-lpignore="true"
      />
      <p id={note} className={css["note"]} role="status" data-kind={reading.kind} data-mode={reading.kind === "key" ? reading.mode : undefined}>
        {reading.kind === "empty" ? t("key.empty") : null}
        {refused === null ? null : <><Icon name="cross" size={13} />{refused}</>}
        {reading.kind === "key" ? (
          <>
            <Icon name="check" size={13} />
            {t(reading.mode === "live" ? (reading.restricted ? "key.live_restricted" : "key.live") : reading.restricted ? "key.test_restricted" : "key.test")}
          </>
        ) : null}
      </p>
    </div>
  );
}
