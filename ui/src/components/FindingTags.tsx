import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { useMinute } from "../data/now";
import type { FindingState } from "../ipc/generated/FindingState";
import type { Severity } from "../ipc/generated/Severity";
import table from "../ui/table.module.css";
import type { Tone } from "../ui/Tag";
import { Tag } from "../ui/Tag";

const SEVERITY_TONES: Record<Severity, Tone> = { critical: "red", warning: "amber", info: "accent" };

/** How much a finding matters, in one word. */
export function SeverityTag({ severity }: { severity: Severity }) {
  const { t } = useTranslation();
  return <Tag tone={SEVERITY_TONES[severity]} dot title={t(`severity_meaning.${severity}`)}>{t(`severity.${severity}`)}</Tag>;
}

const STATE_TONES: Record<FindingState, Tone> = { open: "accent", snoozed: "violet", dismissed: "grey", resolved: "green", gone: "green" };

/** Where a finding stands, where that is not simply open. */
export function FindingStateTag({ state }: { state: FindingState }) {
  const { t } = useTranslation();
  return state === "open" ? null : <Tag tone={STATE_TONES[state]}>{t(`finding_state.${state}`)}</Tag>;
}

/** A deadline as the time that is left; what has passed or is near stands out. */
export function Deadline({ at }: { at: number | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useMinute();
  if (at === null) return <span className={table["faint"]}>–</span>;
  const near = at - now < 86_400;
  return (
    <time className={near ? table["below"] : undefined} dateTime={new Date(at * 1000).toISOString()} title={format.instant(at)}>
      {at <= now ? t("finding.passed") : format.distance(at, now)}
    </time>
  );
}
