import type { Mode } from "../ipc/generated/Mode";

/** What a pasted text is, told by its form alone; nothing is sent anywhere. */
export type KeyReading =
  | { kind: "empty" }
  | { kind: "key"; mode: Mode; restricted: boolean; text: string }
  | { kind: "refused"; why: KeyRefusal };

/** Why a text cannot be used; each has its own words. */
export type KeyRefusal = "publishable" | "webhook_secret" | "organisation" | "object_id" | "too_short" | "not_a_key";

const SECRET = /^(sk|rk)_(live|test)_([A-Za-z0-9]+)$/;
const OBJECT_ID = /^(acct|cus|cs|pi|ch|re|dp|evt|price|prod|we)_/;

/** Reads a pasted Stripe key. Blanks and line ends around it are not part of it. */
export function readStripeKey(pasted: string): KeyReading {
  const text = pasted.trim();
  if (text === "") return { kind: "empty" };
  if (text.startsWith("pk_")) return { kind: "refused", why: "publishable" };
  if (text.startsWith("whsec_")) return { kind: "refused", why: "webhook_secret" };
  if (text.startsWith("sk_org_")) return { kind: "refused", why: "organisation" };
  if (OBJECT_ID.test(text)) return { kind: "refused", why: "object_id" };
  const match = SECRET.exec(text);
  if (match === null) return { kind: "refused", why: "not_a_key" };
  if ((match[3] ?? "").length < 8) return { kind: "refused", why: "too_short" };
  return { kind: "key", mode: match[2] === "live" ? "live" : "test", restricted: match[1] === "rk", text };
}
