import { Autocomplete, Checkbox, Select, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useKnownValues } from "../data/known_values";
import { webhooksQuery } from "../data/queries";
import type { PreorderSheet } from "../ipc/generated/PreorderSheet";
import type { FixChoice, FixSubject } from "../lib/fix_choice";
import { objectOf } from "../lib/fix_choice";
import type { FixDraft } from "../lib/fix_draft";
import { ADDRESS_PARTS, KLAVIYO_EVENTS, REFUND_REASONS, refundCurrency } from "../lib/fix_draft";
import { readAmount } from "../lib/money";
import { CopyId } from "../ui/Copy";
import { Candidates } from "./Candidates";
import css from "./FixDialog.module.css";

type Props = {
  choice: FixChoice; subject: FixSubject; sheet: PreorderSheet | undefined; draft: FixDraft; put: (change: Partial<FixDraft>) => void;
};

/** What one action needs to be told. */
export function FixForm(props: Props) {
  switch (props.choice.action) {
    case "refund": return <RefundForm {...props} />;
    case "change_details": return <DetailsForm {...props} />;
    case "link_payment": return <LinkForm {...props} />;
    case "annotate": return <NoteForm {...props} />;
    case "resend_event": return <ResendForm {...props} />;
    case "send_event": return <SendForm {...props} />;
    case "reverse_grant": return <ReverseForm {...props} />;
    default: return <ObjectLine choice={props.choice} />;
  }
}

function ObjectLine({ choice }: { choice: FixChoice }) {
  const { t } = useTranslation();
  const object = choice.request === null ? null : objectOf(choice.request);
  return object === null ? null : <p className={css["object"]}><span>{t("fix.about")}</span><CopyId id={object} label={t("outcome.object")} /></p>;
}

function RefundForm({ choice, sheet, draft, put }: Props) {
  const { t } = useTranslation();
  const currency = refundCurrency(choice, sheet);
  const wrong = draft.amount.trim() !== "" && (currency === null || readAmount(draft.amount, currency) === null);
  return (
    <>
      <ObjectLine choice={choice} />
      <TextInput
        label={t("fix.amount")} description={t("fix.amount_note")} placeholder={t("fix.amount_whole")} autoComplete="off" inputMode="decimal"
        rightSection={currency === null ? null : <span className={css["currency"]}>{currency.toUpperCase()}</span>} rightSectionWidth={48}
        error={wrong ? t("fix.bad_amount") : null} value={draft.amount} onChange={(event) => put({ amount: event.currentTarget.value })}
      />
      <Select
        label={t("fix.reason")} allowDeselect={false} value={draft.reason}
        data={REFUND_REASONS.map((value) => ({ value, label: t(`refund_reason.${value}`) }))}
        onChange={(value) => put({ reason: REFUND_REASONS.find((known) => known === value) ?? draft.reason })}
      />
    </>
  );
}

function DetailsForm({ draft, put }: Props) {
  const { t } = useTranslation();
  return (
    <>
      <p className={css["note"]}>{t("fix.details_note")}</p>
      <div className={css["fields"]}>
        <TextInput label={t("sheet.email")} type="email" value={draft.email} onChange={(event) => put({ email: event.currentTarget.value })} />
        <Autocomplete label={t("table.color")} data={useKnownValues("color")} value={draft.color} onChange={(color) => put({ color })} size="xs" />
        <Autocomplete label={t("table.locale")} data={useKnownValues("locale")} value={draft.locale} onChange={(locale) => put({ locale })} size="xs" />
      </div>
      <Checkbox label={t("fix.with_address")} checked={draft.withAddress} onChange={(event) => put({ withAddress: event.currentTarget.checked })} />
      {draft.withAddress ? (
        <div className={css["fields"]}>
          {ADDRESS_PARTS.map((part) => (
            <TextInput
              key={part} label={t(`address.${part}`)} value={draft.address[part]} maxLength={part === "country" ? 2 : 200}
              onChange={(event) => {
                const text = event.currentTarget.value;
                put({ address: { ...draft.address, [part]: part === "country" ? text.toUpperCase() : text } });
              }}
            />
          ))}
        </div>
      ) : null}
    </>
  );
}

function LinkForm({ subject, draft, put }: Props) {
  const { t } = useTranslation();
  return (
    <>
      <Candidates finding={subject.finding} chosen={draft.order} choose={(order) => put({ order })} />
      <div className={css["fields"]}>
        <TextInput label={t("fix.payment")} description={t("fix.payment_note")} value={draft.payment} onChange={(event) => put({ payment: event.currentTarget.value })} />
        <TextInput label={t("fix.order")} description={t("fix.order_note")} value={draft.order} onChange={(event) => put({ order: event.currentTarget.value })} />
      </div>
    </>
  );
}

function NoteForm({ draft, put }: Props) {
  const { t } = useTranslation();
  return <Textarea size="xs" label={t("fix.note")} description={t("fix.note_note")} maxLength={2000} rows={4} value={draft.note} onChange={(event) => put({ note: event.currentTarget.value })} />;
}

function ResendForm({ draft, put }: Props) {
  const { t } = useTranslation();
  const { data } = useQuery(webhooksQuery(useStoreId()));
  const endpoints = data?.endpoints.filter((endpoint) => endpoint.status !== "disabled") ?? [];
  return (
    <>
      <TextInput label={t("sheet.event_id")} value={draft.event} onChange={(event) => put({ event: event.currentTarget.value })} />
      <Select
        label={t("webhooks.endpoint")} placeholder={t("fix.choose_endpoint")} allowDeselect={false} value={draft.endpoint === "" ? null : draft.endpoint}
        nothingFoundMessage={t("webhooks.no_endpoints")} data={endpoints.map((endpoint) => ({ value: endpoint.id, label: endpoint.url ?? endpoint.path }))}
        onChange={(endpoint) => put({ endpoint: endpoint ?? "" })}
      />
    </>
  );
}

function SendForm({ choice, draft, put }: Props) {
  const { t } = useTranslation();
  return (
    <>
      {choice.request?.action === "send_event" ? null : (
        <Select
          label={t("fix.klaviyo_event")} allowDeselect={false} value={draft.klaviyo} data={KLAVIYO_EVENTS.map((value) => ({ value, label: t(`klaviyo_event.${value}`) }))}
          onChange={(value) => put({ klaviyo: value ?? draft.klaviyo })}
        />
      )}
      <Checkbox label={t("fix.with_mail")} description={t("fix.with_mail_note")} checked={draft.mail} onChange={(event) => put({ mail: event.currentTarget.checked })} />
    </>
  );
}

function ReverseForm({ draft, put }: Props) {
  const { t } = useTranslation();
  return (
    <div className={css["fields"]}>
      <TextInput label={t("table.owner")} value={draft.owner} onChange={(event) => put({ owner: event.currentTarget.value })} />
      <TextInput label={t("fix.payment")} value={draft.payment} onChange={(event) => put({ payment: event.currentTarget.value })} />
      <TextInput label={t("adjust.credits")} inputMode="numeric" value={draft.credits} onChange={(event) => put({ credits: event.currentTarget.value })} />
    </div>
  );
}
