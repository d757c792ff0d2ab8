/** What a pasted text is, told by its form alone; nothing is sent anywhere. The engine reads it by the same rules. */
export type KlaviyoKeyReading =
  | { kind: "empty" }
  | { kind: "key"; usual: boolean }
  | { kind: "refused"; why: KlaviyoKeyRefusal };

/** Why a text cannot be used; each has its own words. */
export type KlaviyoKeyRefusal = "stripe" | "public_id" | "prefix" | "characters";

const OF_STRIPE = ["sk_", "rk_", "whsec_", "pk_live_", "pk_test_"];
const PRIVATE = /^pk_[A-Za-z0-9_-]+$/;
const PUBLIC_ID = /^[A-Za-z0-9]{6}$/;
const LONGEST = 255;
/** `pk_` and 34 characters, in every key that was seen so far. Another length is said, not refused. */
const USUAL_LENGTH = 37;

/** Reads a pasted Klaviyo key. Blanks and line ends around it are not part of it. What it gives never holds the key. */
export function readKlaviyoKey(pasted: string): KlaviyoKeyReading {
  const text = pasted.trim();
  if (text === "") return { kind: "empty" };
  if (OF_STRIPE.some((prefix) => text.startsWith(prefix))) return { kind: "refused", why: "stripe" };
  if (!text.startsWith("pk_")) return { kind: "refused", why: PUBLIC_ID.test(text) ? "public_id" : "prefix" };
  if (!PRIVATE.test(text) || text.length > LONGEST) return { kind: "refused", why: "characters" };
  return { kind: "key", usual: text.length === USUAL_LENGTH };
}
