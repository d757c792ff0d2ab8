import { useTranslation } from "react-i18next";

import type { Coverage } from "../ipc/generated/Coverage";
import type { EntryKind } from "../ipc/generated/EntryKind";
import type { PurchaseStatus } from "../ipc/generated/PurchaseStatus";
import type { Tone } from "../ui/Tag";
import { Tag } from "../ui/Tag";

const STATUS_TONES: Record<PurchaseStatus, Tone> = {
  paid: "green", pending: "accent", partially_refunded: "amber", refunded: "grey", disputed: "violet",
};

/** Where a purchase stands, in one word. */
export function PurchaseStatusTag({ status }: { status: PurchaseStatus }) {
  const { t } = useTranslation();
  return <Tag tone={STATUS_TONES[status]} dot title={t(`purchase_status_meaning.${status}`)}>{t(`purchase_status.${status}`)}</Tag>;
}

/** What the plan table says of a payment that has no plan. */
export function CoverageTag({ coverage }: { coverage: Exclude<Coverage, "plan"> }) {
  const { t } = useTranslation();
  return <Tag tone={coverage === "unmapped" ? "amber" : "grey"} title={t(`coverage_meaning.${coverage}`)}>{t(`coverage.${coverage}`)}</Tag>;
}

const ENTRY_TONES: Record<EntryKind, Tone> = { grant: "green", spend: "grey", clawback: "amber", reversal: "accent", adjustment: "violet" };

/** Why a wallet changed, in one word. */
export function EntryTag({ kind }: { kind: EntryKind }) {
  const { t } = useTranslation();
  return <Tag tone={ENTRY_TONES[kind]}>{t(`entry_kind.${kind}`)}</Tag>;
}
