// What Klaviyo and the engine say of the connection, in the reader's language. What is not of Klaviyo is said as everywhere.

import { useTranslation } from "react-i18next";

import en from "../i18n/en.json";
import type { SaidTrouble, Trouble } from "../i18n/problem_words";
import { sayProblem } from "../i18n/problem_words";
import { isKeyOf } from "../lib/guard";

/** Codes whose own sentence holds what no translation can: a scope, an instant, an id, a status. */
const SAYS_MORE = new Set([
  "KLAVIYO_SCOPE_MISSING", "KLAVIYO_THROTTLED", "KLAVIYO_METRIC_NOT_FOUND", "KLAVIYO_BLOCKED", "KLAVIYO_REFUSED", "KLAVIYO_FOREIGN_LINK",
  "KLAVIYO_NOT_FOUND", "KLAVIYO_DUPLICATE_PROFILE", "KLAVIYO_LIST_BROKEN", "KLAVIYO_SCOPE", "KLAVIYO_ERROR", "KLAVIYO_URL_FIXED", "BAD_URL", "BAD_KLAVIYO_KEY", "OFFLINE", "DISCONNECTED", "BAD_SETTING", "ALREADY_SENT",
  "REPORTS_BUDGET", "REPORT_SERVER_REFUSED", "REPORT_SERVER_ERROR", "FILE_EXISTS", "READ_ONLY", "INVALID",
]);

export function useKlaviyoWords() {
  const { t, i18n } = useTranslation();
  return {
    /** A trouble in the reader's words: what it is, what to do, and the engine's own sentence where that says more. */
    trouble: (trouble: Trouble): SaidTrouble => {
      const { code, message } = trouble;
      return isKeyOf(en.klaviyo_why, code)
        ? { code, message: t(`klaviyo_why.${code}`), hint: t(`klaviyo_cure.${code}`), detail: SAYS_MORE.has(code) ? message : null }
        : sayProblem(trouble, i18n.language);
    },
    warning: ({ code, message }: { code: string; message: string }) => (isKeyOf(en.klaviyo_warning, code) ? t(`klaviyo_warning.${code}`) : message),
  };
}
