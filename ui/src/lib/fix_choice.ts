// Which actions a person may choose from, and the one that is chosen first.

import type { ActionKind } from "../ipc/generated/ActionKind";
import type { ActionRequest } from "../ipc/generated/ActionRequest";
import type { AllowedAction } from "../ipc/generated/AllowedAction";
import type { DisabledReason } from "../ipc/generated/DisabledReason";
import type { FindingRow } from "../ipc/generated/FindingRow";
import type { OrderEvent } from "../ipc/generated/OrderEvent";

/** What the dialog is opened for. */
export type FixSubject = {
  /** The order, where there is one. */
  order: string | null;
  finding?: FindingRow;
  /** An event that was not delivered. */
  event?: string;
  /** An event that Klaviyo lacks. */
  klaviyo?: OrderEvent;
  /** Credits of a payment that were granted once too often, and whose. */
  grant?: { owner: string; payment: string; credits: number };
  /** What is chosen first. */
  prefer?: ActionKind;
};

export type FixChoice = {
  key: string;
  action: ActionKind;
  /** What to ask for; null where a person has to say more first. */
  request: ActionRequest | null;
  disabled: DisabledReason | null;
  /** The rule names it as a cure. */
  suggested: boolean;
};

const KINDS = [
  "refetch", "link_payment", "change_details", "new_link", "expire_session", "capture", "cancel_authorisation", "refund", "resend_event",
  "reverse_grant", "send_event", "set_finding", "annotate", "new_preorder",
] as const satisfies readonly ActionKind[];

/** Needs no order to stand on: filled in by hand where the order's own list does not have it. */
const BY_HAND = new Set<ActionKind>(["resend_event", "send_event", "link_payment", "change_details", "annotate", "reverse_grant"]);

export function isActionKind(text: string): text is ActionKind {
  return KINDS.some((kind) => kind === text);
}

/** Everything that can be chosen: what cures first, then the rest in the engine's order. `blocked` says why one that is filled in by hand cannot be done now. */
export function choicesOf(
  allowed: readonly AllowedAction[], subject: FixSubject, blocked: (action: ActionKind) => DisabledReason | null,
): FixChoice[] {
  const cures = (subject.finding?.fixes ?? []).filter(isActionKind);
  const known = allowed.map(({ action, request, disabled }, index) => ({
    key: `${index} ${action}`, action, request, disabled, suggested: cures.includes(action),
  }));
  const missing = [...cures, ...(subject.event === undefined ? [] : (["resend_event"] as const)), ...(subject.grant === undefined ? [] : (["reverse_grant"] as const))]
    .filter((kind, at, all) => all.indexOf(kind) === at && BY_HAND.has(kind) && !known.some((choice) => choice.action === kind))
    .map((action) => ({ key: `by hand ${action}`, action, request: null, disabled: blocked(action), suggested: true }));
  const rank = (choice: FixChoice) => {
    const at = cures.indexOf(choice.action);
    return at >= 0 ? at : choice.suggested ? cures.length : cures.length + 1;
  };
  return [...known, ...missing].sort((a, b) => rank(a) - rank(b));
}

/** The choice that is made until a person makes another: the first cure that can be done, about the finding's own objects where several fit. */
export function firstChoice(choices: readonly FixChoice[], subject: FixSubject): FixChoice | undefined {
  const free = choices.filter((choice) => choice.disabled === null);
  const preferred = free.filter((choice) => choice.action === subject.prefer);
  const cures = preferred.length > 0 ? preferred : free.filter((choice) => choice.suggested);
  const first = cures[0] ?? free[0];
  const named = idsOf(subject.finding);
  const same = cures.filter((choice) => choice.action === first?.action);
  const event = toldEvent(subject);
  return same.find(({ request }) => request !== null && (named.includes(objectOf(request) ?? "") || (request.action === "send_event" && request.event === event))) ?? first;
}

/** The event of Klaviyo's that it is opened for, or that its finding says is missing. */
export function toldEvent(subject: FixSubject): string | undefined {
  return subject.klaviyo ?? subject.finding?.evidence.find((one) => one.name === "klaviyo_event")?.text;
}

/** Ids that a finding is about, its subject first. */
function idsOf(finding: FindingRow | undefined): string[] {
  if (finding === undefined) return [];
  return [finding.subject, ...finding.evidence.flatMap(({ id }) => (id === undefined ? [] : [id])).toReversed()];
}

/** The object that a request is about, besides the order. */
export function objectOf(request: ActionRequest): string | null {
  switch (request.action) {
    case "link_payment": return request.payment;
    case "expire_session": return request.session;
    case "capture": return request.intent;
    case "cancel_authorisation": return request.intent;
    case "refund": return request.payment;
    case "resend_event": return request.event;
    default: return null;
  }
}
