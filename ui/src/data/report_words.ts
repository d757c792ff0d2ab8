// What report syncs say, in the reader's language. A code this window does not know is shown as it came.

import { useTranslation } from "react-i18next";

import en from "../i18n/en.json";
import type { SaidTrouble, Trouble } from "../i18n/problem_words";
import { sayProblem } from "../i18n/problem_words";
import { isKeyOf } from "../lib/guard";
import { useKlaviyoWords } from "./klaviyo_words";

/** Codes of the report server whose own sentence holds what no translation can: a status, what it answered. */
const SERVER_SAYS_MORE = new Set(["REPORT_SERVER_REFUSED", "REPORT_SERVER_ERROR", "BAD_URL"]);

export function useReportWords() {
  const { t, i18n } = useTranslation();
  const klaviyo = useKlaviyoWords();
  return {
    /** Why a sync waits, failed, was skipped or found nothing. */
    trouble: (trouble: Trouble): SaidTrouble =>
      isKeyOf(en.report_why, trouble.code)
        ? { code: trouble.code, message: t(`report_why.${trouble.code}`), hint: t(`report_cure.${trouble.code}`), detail: null }
        : klaviyo.trouble(trouble),
    /** Why the report server was not told. */
    serverTrouble: (trouble: Trouble): SaidTrouble =>
      isKeyOf(en.report_server_why, trouble.code)
        ? {
            code: trouble.code, message: t(`report_server_why.${trouble.code}`), hint: t(`report_server_cure.${trouble.code}`),
            detail: SERVER_SAYS_MORE.has(trouble.code) ? trouble.message : null,
          }
        : sayProblem(trouble, i18n.language),
    /** Why days or windows have nothing. */
    reason: (code: string) => (isKeyOf(en.report_reason, code) ? t(`report_reason.${code}`) : code),
    /** Why a sync was asked for. */
    asked: (code: string) => (isKeyOf(en.report_asked, code) ? t(`report_asked.${code}`) : code),
    triggerState: (code: string) => (isKeyOf(en.report_trigger, code) ? t(`report_trigger.${code}`) : code),
    /** A statistic or a rate, by Klaviyo's name. */
    statistic: (name: string) => (isKeyOf(en.report_stat, name) ? t(`report_stat.${name}`) : name),
    archived: t("reports.archived"),
    channel: (name: string) => (isKeyOf(en.report_channel, name) ? t(`report_channel.${name}`) : name),
  };
}
