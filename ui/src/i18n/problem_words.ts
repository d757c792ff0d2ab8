// Problems in the reader's language, by their codes. In English they are said in the engine's own words, which say the most: only
// another language has words here. A code that has none is shown as it came.

import { isKeyOf } from "../lib/guard";
import { sentence, sentences } from "../lib/sentence";
import own from "./problems.zh-CN.json";
import zh from "./zh-CN.json";

export type Trouble = { code: string; message: string; hint: string };
/** `detail` is the engine's own sentence, where it says what the words do not. */
export type SaidTrouble = Trouble & { detail: string | null };

type Words = Readonly<Record<string, string>>;

/** What happened. A refusal's short words are a sentence without its end. */
const WHY: Words = {
  ...zh.alert_why,
  ...Object.fromEntries(Object.entries(zh.refusal).map(([code, words]) => [code, `${words}。`])),
  ...zh.klaviyo_why,
  WINDOW_ERROR: zh.error.unknown,
  ...own.why,
};
const CURE: Words = { ...zh.klaviyo_cure, ...zh.refusal_cure, ...own.cure };
const ROW: Words = own.row;

/** Codes whose sentence is always the same, so that the words have all of it. */
export const SAYS_ENOUGH: ReadonlySet<string> = new Set([
  "ALREADY_CONNECTED", "BAD_ADDRESS", "BAD_DATE", "BAD_ENDPOINT", "BAD_NOTE", "BAD_PASSPHRASE", "BAD_QUANTITY", "CLOSED", "DISK_FULL", "DONE_ELSEWHERE",
  "FILE_EMPTY", "FILE_NOT_JSONL", "FILE_NO_ROWS", "IMPORT_BUSY", "KEYCHAIN", "KEY_MALFORMED", "KEY_REJECTED", "KLAVIYO_KEY_REJECTED",
  "KLAVIYO_METRIC_UNUSABLE", "KLAVIYO_NOT_CONNECTED", "KLAVIYO_NOT_LOOKED_AT", "KLAVIYO_REVISION", "LINK_REFUSED", "LIVE_KEY_ELSEWHERE", "LOCKED",
  "MIRROR_EMPTY", "NOTHING_MISSING", "NOT_A_MIRROR", "NOT_CONFIRMED", "NO_KLAVIYO", "NO_REASON", "NO_SUCCESS_URL", "ONE_OPERATOR", "OTHER_ACCOUNT",
  "OTHER_KLAVIYO_ACCOUNT", "POLICY_CHANGED", "REPORTS_BUDGET", "REPORTS_CANCELLED", "REPORTS_NOTHING_THERE", "REPORTS_OFF", "RESEND_OFF",
  "SETTINGS_CHANGED", "SEVERAL_CURRENCIES", "SHOP_SENDS_EVENTS", "UNKNOWN", "WRITES_STOPPED", "WRITING_OFF",
]);

/** Codes of many causes: what to do depends on which it is, and the engine's hint says it. */
const HINT_SAYS_MORE: ReadonlySet<string> = new Set(["BAD_ADJUSTMENT", "BAD_KEY", "BAD_SETTING", "DATA_FOLDER"]);

/** What happened, what to do, and what else the engine said of it. */
export function sayProblem(problem: Trouble, language: string): SaidTrouble {
  const { code, message, hint } = problem;
  const why = language === "zh-CN" && isKeyOf(WHY, code) ? WHY[code] : undefined;
  if (why === undefined) return { ...problem, detail: null };
  const particulars = message === "" || SAYS_ENOUGH.has(code) ? "" : HINT_SAYS_MORE.has(code) ? sentences(sentence(message), sentence(hint)) : message;
  return { code, message: why, hint: CURE[code] ?? hint, detail: particulars === "" ? null : particulars };
}

/** What is wrong with a row of a file: words, where there are some, and what the engine said, which names the value. */
export function sayBadRow({ code, message }: { code: string; message: string }, language: string): { words: string | null; said: string } {
  return { words: language === "zh-CN" && isKeyOf(ROW, code) ? (ROW[code] ?? null) : null, said: message };
}
