// The engine's codes about findings and actions in the reader's language. A code this window does not know is shown as it came.

import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import en from "../i18n/en.json";
import { sayProblem } from "../i18n/problem_words";
import type { ActionKind } from "../ipc/generated/ActionKind";
import type { DisabledReason } from "../ipc/generated/DisabledReason";
import { isKeyOf } from "../lib/guard";
import { callOf } from "../lib/step_name";

export function useFixWords() {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  return useMemo(() => wordsOf(t, language), [t, language]);
}

export type FixWords = ReturnType<typeof wordsOf>;

function wordsOf(t: TFunction, language: string) {
  const refusal = (code: string, message: string) => (isKeyOf(en.refusal, code) ? t(`refusal.${code}`) : sayProblem({ code, message, hint: "" }, language).message);
  /** What to do about it. What keeps an event from Klaviyo has another cure than what keeps money from going back. */
  const refusalCure = (action: ActionKind, code: string, hint: string) => {
    if (isKeyOf(en.refusal_cure, code)) return t(`refusal_cure.${code}`);
    if (action === "send_event" && isKeyOf(en.klaviyo_cure, code)) return t(`klaviyo_cure.${code}`);
    return sayProblem({ code, message: "", hint }, language).hint;
  };
  return {
    action: (kind: ActionKind) => t(`action.${kind}`),
    actionMeaning: (kind: ActionKind) => t(`action_meaning.${kind}`),
    actionKind: (code: string) => (isKeyOf(en.action, code) ? t(`action.${code}`) : code),
    finding: (code: string) => (isKeyOf(en.finding_rule, code) ? t(`finding_rule.${code}`) : code),
    findingMeaning: (code: string) => (isKeyOf(en.finding_meaning, code) ? t(`finding_meaning.${code}`) : ""),
    evidence: (code: string) => (isKeyOf(en.evidence, code) ? t(`evidence.${code}`) : code),
    decline: (code: string) => (isKeyOf(en.decline, code) ? t(`decline.${code}`) : code),
    disputeReason: (code: string) => (isKeyOf(en.dispute_reason, code) ? t(`dispute_reason.${code}`) : code),
    refundReason: (code: string) => (isKeyOf(en.refund_reason, code) ? t(`refund_reason.${code}`) : code),
    klaviyoEvent: (code: string) => (isKeyOf(en.klaviyo_event, code) ? t(`klaviyo_event.${code}`) : code),
    notice: (code: string) => (isKeyOf(en.plan_notice, code) ? t(`plan_notice.${code}`) : code),
    undo: (code: string) => (isKeyOf(en.plan_undo, code) ? t(`plan_undo.${code}`) : code),
    field: (code: string) => {
      const [of, ...name] = code.split(".");
      if (of === "metadata" && name.length > 0) return t("plan.metadata", { name: name.join(".") });
      if (of === "properties" && name.length > 0) return t("plan.event_property", { name: name.join(".") });
      if (of === "profile" && name.length > 0) return t("plan.profile_property", { name: name.join(".") });
      return isKeyOf(en.plan_field, code) ? t(`plan_field.${code}`) : code;
    },
    refusal,
    refusalCure,
    /** What a call of a path does, in words; null for one this window does not know. */
    call: (path: string, method?: string) => {
      const name = callOf(path, method);
      return name === null ? null : t(`action_call.${name}`);
    },
    /** Why an action is blocked and what to do, for where there is room for one text. */
    blocked: (action: ActionKind, { code, message, hint }: DisabledReason) => {
      const [why, cure] = [refusal(code, message), refusalCure(action, code, hint)];
      return cure === "" ? why : t("fix.blocked", { why, cure });
    },
    stepState: (code: string) => (isKeyOf(en.action_step, code) ? t(`action_step.${code}`) : code),
    auditEvent: (code: string) => (isKeyOf(en.audit_event, code) ? t(`audit_event.${code}`) : code),
  };
}
