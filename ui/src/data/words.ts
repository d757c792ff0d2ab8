// The engine's codes in the reader's language. A code this window does not know is shown as it came.

import { useTranslation } from "react-i18next";

import en from "../i18n/en.json";
import { isKeyOf } from "../lib/guard";

export function useWords() {
  const { t } = useTranslation();
  return {
    matchedBy: (code: string) => (isKeyOf(en.matched_by, code) ? t(`matched_by.${code}`) : code),
    rule: (code: string) => (isKeyOf(en.rule, code) ? t(`rule.${code}`) : code),
    origin: (code: string) => (isKeyOf(en.origin, code) ? t(`origin.${code}`) : code),
    kind: (code: string) => {
      const key = slug(code);
      return isKeyOf(en.kind, key) ? t(`kind.${key}`) : code;
    },
    timeline: (code: string) => {
      const key = slug(code);
      return isKeyOf(en.timeline_kind, key) ? t(`timeline_kind.${key}`) : code;
    },
    gap: (code: string) => (isKeyOf(en.gap_reason, code) ? t(`gap_reason.${code}`) : code),
    notice: (code: string) => (isKeyOf(en.notice, code) ? t(`notice.${code}`) : code),
    task: (code: string) => (isKeyOf(en.task, code) ? t(`task.${code}`) : code),
    hit: (code: string) => (isKeyOf(en.hit, code) ? t(`hit.${code}`) : code),
    objectStatus: (code: string) => (isKeyOf(en.object_status, code) ? t(`object_status.${code}`) : code),
    actionState: (code: string) => (isKeyOf(en.action_state, code) ? t(`action_state.${code}`) : code),
    findingState: (code: string) => (isKeyOf(en.finding_state, code) ? t(`finding_state.${code}`) : code),
    step: (code: string) => (isKeyOf(en.step, code) ? t(`step.${code}`) : code),
    entryKind: (code: string) => (isKeyOf(en.entry_kind, code) ? t(`entry_kind.${code}`) : code),
    importField: (code: string) => (isKeyOf(en.import_field, code) ? t(`import_field.${code}`) : code),
    differenceWhy: (code: string) => (isKeyOf(en.difference_why, code) ? t(`difference_why.${code}`) : code),
  };
}

export type Words = ReturnType<typeof useWords>;

/** i18next reads `.` as a path, so `charge.refunded` stands in the table as `charge_refunded`. */
const slug = (code: string) => code.replaceAll(".", "_");
