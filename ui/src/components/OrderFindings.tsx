import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { FindingWord } from "../ipc/generated/FindingWord";
import type { FindingRow } from "../ipc/generated/FindingRow";
import type { FixSubject } from "../lib/fix_choice";
import { Section } from "../ui/Page";
import { toastError } from "../ui/Toasts";
import css from "./Finding.module.css";
import { FindingCard } from "./FindingCard";
import { SayOfOne, useSay } from "./SayDialog";

/** What is wrong with one order, worst first, each with its cures; what was dealt with is folded away. Nothing where nothing is. */
export function OrderFindings({ order, findings, fix }: { order: string; findings: readonly FindingRow[]; fix: (subject: FixSubject) => void }) {
  const { t } = useTranslation();
  const [saying, setSaying] = useState<{ finding: FindingRow; word: Exclude<FindingWord, "open"> } | null>(null);
  const say = useSay();
  const open = findings.filter((finding) => finding.state === "open");
  const before = findings.filter((finding) => finding.state !== "open");
  const card = (finding: FindingRow) => (
    <li key={finding.id}>
      <FindingCard
        finding={finding} withOrder={false} fix={(prefer) => fix({ order, finding, ...(prefer === undefined ? {} : { prefer }) })}
        say={(word) => {
          if (word === "open") say.mutate({ finding, said: { state: word, until: null, note: null } }, { onError: toastError });
          else setSaying({ finding, word });
        }}
      />
    </li>
  );
  if (findings.length === 0) return null;
  return (
    <Section title={t("sheet.findings")} note={t("sheet.findings_note", { count: open.length })} flush>
      <ul className={css["list"]}>{open.map(card)}</ul>
      {before.length === 0 ? null : (
        <details className={css["before"]}>
          <summary>{t("sheet.findings_before", { count: before.length })}</summary>
          <ul className={css["list"]}>{before.map(card)}</ul>
        </details>
      )}
      {saying === null ? null : <SayOfOne finding={saying.finding} word={saying.word} close={() => setSaying(null)} />}
    </Section>
  );
}
