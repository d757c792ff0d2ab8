// What a write does, by its path.

/** Shapes of paths, each with its name among the languages' `action_call`. */
const CALLS = [
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

export type CallName = (typeof CALLS)[number][1];

/** What a write to a path does; null for one this window does not know. */
export function callOf(path: string): CallName | null {
  return CALLS.find(([shape]) => shape.test(path))?.[1] ?? null;
}
