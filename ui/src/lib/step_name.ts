// What a call does, by its path.

/** Shapes of paths that are written to, each with its name among the languages' `action_call`. */
const WRITES = [
  [/^\/v1\/refunds$/, "refund"],
  [/^\/v1\/customers$/, "customer"],
  [/^\/v1\/customers\/[^/]+$/, "customer_change"],
  [/^\/v1\/checkout\/sessions$/, "checkout"],
  [/^\/v1\/checkout\/sessions\/[^/]+$/, "checkout_change"],
  [/^\/v1\/checkout\/sessions\/[^/]+\/expire$/, "checkout_end"],
  [/^\/v1\/payment_intents\/[^/]+$/, "payment_change"],
  [/^\/v1\/payment_intents\/[^/]+\/capture$/, "capture"],
  [/^\/v1\/payment_intents\/[^/]+\/cancel$/, "cancel"],
  [/^\/v1\/charges\/[^/]+$/, "charge_change"],
  [/^\/v1\/events\/[^/]+\/retry$/, "event"],
  [/^\/api\/events$/, "klaviyo_event"],
  [/^\/api\/profile-import$/, "klaviyo_profile"],
] as const satisfies readonly (readonly [RegExp, string])[];

/** And of those that are read. */
const READS = [
  [/^\/v1\/customers$/, "find_customer"],
  [/^\/v1\/customers\/[^/]+$/, "read_customer"],
  [/^\/v1\/checkout\/sessions\/[^/]+$/, "read_checkout"],
  [/^\/v1\/payment_intents\/[^/]+$/, "read_payment"],
  [/^\/v1\/charges\/[^/]+$/, "read_charge"],
  [/^\/v1\/refunds\/[^/]+$/, "read_refund"],
  [/^\/v1\/disputes\/[^/]+$/, "read_dispute"],
  [/^\/v1\/products\/[^/]+$/, "read_product"],
  [/^\/v1\/prices\/[^/]+$/, "read_price"],
] as const satisfies readonly (readonly [RegExp, string])[];

export type CallName = (typeof WRITES | typeof READS)[number][1];

/** What a call of a path does; null for one this window does not know. */
export function callOf(path: string, method = "POST"): CallName | null {
  const calls = method === "GET" ? READS : WRITES;
  return calls.find(([shape]) => shape.test(path))?.[1] ?? null;
}
