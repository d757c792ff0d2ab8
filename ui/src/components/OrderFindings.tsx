import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { orderFindingsQuery } from "../data/fix_queries";
import type { FindingWord } from "../ipc/generated/FindingWord";
import type { FindingRow } from "../ipc/pending/FindingRow";
import type { FixSubject } from "../lib/fix_choice";
import { toastError } from "../ui/Toasts";
import { Section } from "../ui/Page";
import css from "./Finding.module.css";
import { FindingCard } from "./FindingCard";
import { SayOfOne, useSay } from "./SayDialog";

/** What is wrong with one order, worst first, each with its cures. Nothing where nothing is. */
export function OrderFindings({ order, store, fix }: { order: string; store: string; fix: (subject: FixSubject) => void }) {
  const { t } = useTranslation();
  const { data } = useQuery(orderFindingsQuery(store, order));
  const [saying, setSaying] = useState<{ finding: FindingRow; word: Exclude<FindingWord, "open"> } | null>(null);
  const say = useSay();
  if (data === undefined || data.rows.length === 0) return null;
  return (
    <Section title={t("sheet.findings")} note={t("sheet.findings_note", { count: data.rows.length })} flush>
      <ul className={css["list"]}>
        {data.rows.map((finding) => (
          <li key={finding.id}>
            <FindingCard
              finding={finding} withOrder={false} fix={(prefer) => fix({ order, finding, ...(prefer === undefined ? {} : { prefer }) })}
              say={(word) => {
                if (word === "open") say.mutate({ finding, said: { state: word, until: null, note: null } }, { onError: toastError });
                else setSaying({ finding, word });
              }}
            />
          </li>
        ))}
      </ul>
      {saying === null ? null : <SayOfOne finding={saying.finding} word={saying.word} close={() => setSaying(null)} />}
    </Section>
  );
}
