import { Select, TagsInput, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { IdentityConnector } from "../ipc/generated/IdentityConnector";
import type { Settings } from "../ipc/generated/Settings";
import { Section } from "../ui/Page";

const IDENTITIES = ["none", "imported_users"] as const satisfies readonly IdentityConnector[];

/** What checkouts are opened with that are made here: new payment links, and orders that support takes. */
export function CheckoutFields({ draft, put, grid }: { draft: Settings; put: (change: Partial<Settings>) => void; grid: string | undefined }) {
  const { t } = useTranslation();
  const { checkout } = draft;
  const url = (text: string) => (text.trim() === "" ? null : text.trim());
  return (
    <Section title={t("checkout.title")} note={t("checkout.note")}>
      <div className={grid}>
        <TextInput
          label={t("checkout.success_url")} description={t("checkout.success_note")} placeholder="https://" value={checkout.success_url ?? ""}
          onChange={(event) => put({ checkout: { ...checkout, success_url: url(event.currentTarget.value) } })}
        />
        <TextInput
          label={t("checkout.cancel_url")} placeholder="https://" value={checkout.cancel_url ?? ""}
          onChange={(event) => put({ checkout: { ...checkout, cancel_url: url(event.currentTarget.value) } })}
        />
        <TagsInput
          label={t("checkout.countries")} description={t("checkout.countries_note")} value={checkout.countries} splitChars={[",", " "]}
          onChange={(names) => put({ checkout: { ...checkout, countries: names.map((name) => name.toUpperCase()).filter((name) => /^[A-Z]{2}$/.test(name)) } })}
        />
        <Select
          label={t("checkout.identity")} allowDeselect={false} value={draft.identity} data={IDENTITIES.map((value) => ({ value, label: t(`checkout.identities.${value}`) }))}
          onChange={(value) => put({ identity: IDENTITIES.find((known) => known === value) ?? draft.identity })}
        />
      </div>
    </Section>
  );
}
