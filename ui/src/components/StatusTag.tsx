import { useTranslation } from "react-i18next";

import type { PreorderStatus } from "../ipc/generated/PreorderStatus";
import type { Tone } from "../ui/Tag";
import { Tag } from "../ui/Tag";

const TONES: Record<PreorderStatus, Tone> = {
  disputed: "violet",
  refunded: "grey",
  partially_refunded: "amber",
  completed: "green",
  processing: "accent",
  initiated: "accent",
  failed: "red",
  canceled: "grey",
  expired: "grey",
};

/** A preorder's status in one word. */
export function StatusTag({ status }: { status: PreorderStatus }) {
  const { t } = useTranslation();
  return <Tag tone={TONES[status]} dot title={t(`status_meaning.${status}`)}>{t(`status.${status}`)}</Tag>;
}
