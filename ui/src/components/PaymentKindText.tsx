import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import type { BoughtView } from "../ipc/generated/BoughtView";
import type { PaymentKind } from "../ipc/generated/PaymentKind";
import table from "../ui/table.module.css";
import { CoverageTag } from "./CreditTags";
import css from "./PlanTable.module.css";
import { Money } from "./Values";

/** What payments of one kind have in common, as a plan table sees them. */
export function PaymentKindText({ kind }: { kind: PaymentKind }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <span className={css["kind"]}>
      {kind.items.map((item) => {
        const name = item.lookup_key ?? item.price ?? item.product ?? t("common.unknown");
        return (
          <span key={`${item.price ?? name} ${item.quantity}`} title={item.price ?? item.product ?? undefined}>
            {t("sheet.quantity", { n: format.count(item.quantity) })} <code className={table["mono"]}>{name}</code>
          </span>
        );
      })}
      {kind.plan === null ? null : <span>{t("plan_by.plan")}: <bdi>{kind.plan}</bdi></span>}
      {kind.credits === null ? null : <span>{t("plan_by.credits")}: {format.count(kind.credits)}</span>}
      <Money minor={kind.amount_minor} currency={kind.currency} />
    </span>
  );
}

/** What a payment buys by a plan table. */
export function BoughtText({ bought }: { bought: BoughtView }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (bought.coverage === "unmapped") return <CoverageTag coverage="unmapped" />;
  if (bought.coverage === "no_credits") return <CoverageTag coverage="no_credits" />;
  return <span title={bought.rule ?? undefined}><bdi>{bought.plan}</bdi>: {t("plans.n_credits", { n: format.count(bought.credits) })}</span>;
}
