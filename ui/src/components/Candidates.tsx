import { Radio } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { FindingRow } from "../ipc/generated/FindingRow";
import css from "./FixDialog.module.css";
import { Instant, Money } from "./Values";

/** Orders that an orphan payment may belong to, the likeliest first, with what speaks for each. */
export function Candidates({
  finding, chosen, choose,
}: { finding: FindingRow | undefined; chosen: string; choose: (order: string) => void }) {
  const { t } = useTranslation();
  const found = finding?.evidence.filter((one) => one.name === "candidate" && one.id !== undefined).toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0)) ?? [];
  if (finding === undefined || finding.rule !== "orphan_payment") return null;
  if (found.length === 0) return <p className={css["note"]}>{t("fix.no_candidates")}</p>;
  return (
    <Radio.Group label={t("fix.candidates")} value={chosen} onChange={choose} size="xs">
      <ul className={css["candidates"]}>
        {found.map((one) => (
          <li key={one.id}>
            <Radio
              size="xs" value={one.id ?? ""}
              label={
                <span className={css["candidate"]}>
                  <bdi>{one.text ?? one.id}</bdi>
                  <Money minor={one.amount_minor ?? null} currency={one.currency ?? null} />
                  <Instant at={one.at ?? null} />
                  <span className={css["score"]}>{t("fix.score", { score: one.score ?? 0 })}</span>
                </span>
              }
            />
          </li>
        ))}
      </ul>
    </Radio.Group>
  );
}
