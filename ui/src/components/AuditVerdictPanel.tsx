import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import type { AuditVerdict } from "../ipc/generated/AuditVerdict";
import { CopyId } from "../ui/Copy";
import { Icon } from "../ui/Icon";
import css from "./AuditVerdictPanel.module.css";

/** Whether the audit is what was written, and how far that can be told. */
export function AuditVerdictPanel({ verdict }: { verdict: AuditVerdict }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { problem } = verdict;
  return (
    <div className={css["verdict"]} data-ok={verdict.ok} role={verdict.ok ? "status" : "alert"} data-testid="audit-verdict">
      <Icon name={verdict.ok ? "check" : "warning"} size={16} />
      <div className={css["body"]}>
        <strong>{problem === null ? t("audit.sound", { count: verdict.rows, n: format.count(verdict.rows) }) : t("audit.damaged", { row: format.count(problem.row) })}</strong>
        {problem === null ? null : <p>{t(`damage.${problem.damage}`)}</p>}
        {verdict.head_rows === null && verdict.rows > 0 ? <p>{t("audit.no_head")}</p> : null}
        {verdict.unkeyed > 0 ? <p>{t("audit.unkeyed", { count: verdict.unkeyed, n: format.count(verdict.unkeyed) })}</p> : null}
        {verdict.head === null ? null : <p className={css["head"]}>{t("audit.head")} <CopyId id={verdict.head} label={t("audit.head")} /></p>}
      </div>
    </div>
  );
}
