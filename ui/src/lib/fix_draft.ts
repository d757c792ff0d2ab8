// What a person fills in for an action, and the request it becomes.

import type { ActionRequest } from "../ipc/generated/ActionRequest";
import type { Address } from "../ipc/generated/Address";
import type { PreorderSheet } from "../ipc/generated/PreorderSheet";
import type { RefundReason } from "../ipc/generated/RefundReason";
import type { FixChoice, FixSubject } from "./fix_choice";
import { toldEvent } from "./fix_choice";
import { readAmount } from "./money";

export const ADDRESS_PARTS = ["name", "line1", "line2", "postal_code", "city", "state", "country"] as const satisfies readonly (keyof Address)[];
export const REFUND_REASONS = ["requested_by_customer", "duplicate"] as const satisfies readonly RefundReason[];
export const KLAVIYO_EVENTS = ["started", "success"] as const;

/** Every field that any action has; what one does not use is left alone. */
export type FixDraft = {
  amount: string; reason: RefundReason;
  color: string; email: string; locale: string; withAddress: boolean; address: Address;
  payment: string; order: string; note: string;
  event: string; endpoint: string; klaviyo: string; mail: boolean;
  owner: string; credits: string;
};

const NO_ADDRESS: Address = { name: "", line1: "", line2: "", city: "", state: "", postal_code: "", country: "" };

/** What is known before anybody types. */
export function draftOf(choice: FixChoice, subject: FixSubject, sheet: PreorderSheet | undefined): FixDraft {
  const { finding } = subject;
  const orphan = finding?.rule === "orphan_payment";
  const best = finding?.evidence.filter((one) => one.name === "candidate").toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0))[0];
  return {
    amount: "", reason: finding?.rule === "paid_twice" ? "duplicate" : "requested_by_customer",
    color: sheet?.row.color ?? "", email: sheet?.row.email ?? "", locale: sheet?.row.locale ?? "",
    withAddress: finding?.rule === "missing_address", address: { ...NO_ADDRESS, name: sheet?.row.name ?? "" },
    payment: orphan ? finding.subject : choice.action === "reverse_grant" ? (subject.grant?.payment ?? "") : choice.request?.action === "link_payment" ? choice.request.payment : "",
    order: orphan ? (best?.id ?? "") : (subject.order ?? ""),
    note: "", event: subject.event ?? (finding?.rule === "undelivered_event" ? finding.subject : ""), endpoint: "", klaviyo: choice.request?.action === "send_event" ? choice.request.event : (toldEvent(subject) ?? "success"), mail: false,
    owner: subject.grant?.owner ?? "", credits: subject.grant === undefined ? "" : String(subject.grant.credits),
  };
}

/** The currency of what a refund pays back, where the order's sheet knows it. */
export function refundCurrency(choice: FixChoice, sheet: PreorderSheet | undefined): string | null {
  if (choice.request?.action !== "refund") return null;
  const { payment } = choice.request;
  const found = sheet?.payments.find((one) => one.payment_intent_id === payment || one.charges.some((charge) => charge.id === payment));
  return found?.currency ?? sheet?.row.currency ?? null;
}

/** The request; null while something is missing. */
export function requestOf(choice: FixChoice, draft: FixDraft, subject: FixSubject, sheet: PreorderSheet | undefined): ActionRequest | null {
  const filled = (text: string) => (text.trim() === "" ? null : text.trim());
  switch (choice.action) {
    case "refund": return choice.request?.action === "refund" ? refundOf(choice.request, draft, refundCurrency(choice, sheet)) : null;
    case "change_details": return detailsOf(draft, subject, sheet);
    case "link_payment": {
      const [payment, order] = [filled(draft.payment), filled(draft.order)];
      return payment === null || order === null ? null : { action: "link_payment", payment, order };
    }
    case "annotate": {
      const note = filled(draft.note);
      return note === null || subject.order === null ? null : { action: "annotate", order: subject.order, note };
    }
    case "resend_event": {
      const [event, endpoint] = [filled(draft.event), filled(draft.endpoint)];
      return event === null || endpoint === null ? null : { action: "resend_event", event, endpoint };
    }
    case "send_event": return subject.order === null ? null : { action: "send_event", order: subject.order, event: draft.klaviyo, mail: draft.mail };
    case "reverse_grant": {
      const [owner, payment, credits] = [filled(draft.owner), filled(draft.payment), Number(draft.credits)];
      return owner === null || payment === null || !Number.isSafeInteger(credits) || credits < 1 ? null : { action: "reverse_grant", owner, payment, credits };
    }
    default: return choice.request;
  }
}

function refundOf(request: Extract<ActionRequest, { action: "refund" }>, draft: FixDraft, currency: string | null): ActionRequest | null {
  const whole = draft.amount.trim() === "";
  const amount = whole || currency === null ? null : readAmount(draft.amount, currency);
  if (!whole && (amount === null || amount < 1)) return null;
  return { ...request, amount_minor: amount, reason: draft.reason };
}

function detailsOf(draft: FixDraft, subject: FixSubject, sheet: PreorderSheet | undefined): ActionRequest | null {
  if (subject.order === null) return null;
  const changed = (text: string, before: string | null | undefined) => (text.trim() === "" || text.trim() === (before ?? "") ? null : text.trim());
  const { address } = draft;
  const complete = address.name.trim() !== "" && address.line1.trim() !== "" && /^[A-Z]{2}$/.test(address.country);
  if (draft.withAddress && !complete) return null;
  const request = {
    action: "change_details" as const, order: subject.order,
    color: changed(draft.color, sheet?.row.color), email: changed(draft.email, sheet?.row.email), locale: changed(draft.locale, sheet?.row.locale),
    address: draft.withAddress ? address : null,
  };
  return request.color === null && request.email === null && request.locale === null && request.address === null ? null : request;
}
