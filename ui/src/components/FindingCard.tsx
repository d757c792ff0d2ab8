import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useRefusal } from "../data/desk";
import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import type { FindingWord } from "../ipc/generated/FindingWord";
import type { FindingRow } from "../ipc/generated/FindingRow";
import type { ActionKind } from "../ipc/generated/ActionKind";
import { isActionKind } from "../lib/fix_choice";
import { Fact, Facts } from "../ui/Facts";
import { RefusalText } from "./Blocked";
import { EvidenceList } from "./EvidenceList";
import css from "./Finding.module.css";
import { Deadline, FindingStateTag, SeverityTag } from "./FindingTags";
import { Given, Instant, Money } from "./Values";

/** One finding, whole: what is wrong, how that is known, until when something can be done, and what cures it. */
export function FindingCard({
  finding, fix, say, withOrder,
}: { finding: FindingRow; fix: (prefer: ActionKind | undefined) => void; say: (word: FindingWord) => void; withOrder: boolean }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const store = useStoreId();
  const refusal = useRefusal("repair");
  const cures = finding.fixes.filter(isActionKind);
  return (
    <article className={css["card"]} data-severity={finding.severity} data-testid="finding-card" aria-label={words.finding(finding.rule)}>
      <header className={css["head"]}>
        <h3>{words.finding(finding.rule)}</h3>
        <SeverityTag severity={finding.severity} />
        <FindingStateTag state={finding.state} />
      </header>
      <p className={css["meaning"]}>{words.findingMeaning(finding.rule)}</p>
      <Facts>
        {withOrder && finding.order_id !== null ? (
          <Fact name={t("finding.order")}>
            <Link className={css["link"]} to="/s/$store/preorders/$id" params={{ store, id: finding.order_id }}>
              {finding.email === null ? <code>{finding.order_id}</code> : <bdi>{finding.email}</bdi>}
            </Link>
            {finding.name === null ? null : <span className={css["dim"]}> <bdi>{finding.name}</bdi></span>}
          </Fact>
        ) : null}
        {withOrder && finding.amount_minor !== null ? <Fact name={t("table.amount")}><Money minor={finding.amount_minor} currency={finding.currency} /></Fact> : null}
        {withOrder && finding.color !== null ? <Fact name={t("table.color")}><Given text={finding.color} /></Fact> : null}
        <Fact name={t("finding.since")}><Instant at={finding.opens_at} /></Fact>
        {finding.deadline_at === null ? null : <Fact name={t("finding.deadline")}><Deadline at={finding.deadline_at} /></Fact>}
        {finding.deadline_at === null ? null : <Fact name={t("finding.until")}><Instant at={finding.deadline_at} /></Fact>}
      </Facts>
      <EvidenceList finding={finding} />
      <Said finding={finding} />
      <div className={css["buttons"]}>
        {cures.map((kind, index) => (
          <Button key={kind} variant={index === 0 ? "filled" : "default"} disabled={refusal !== undefined} title={refusal} onClick={() => fix(kind)}>
            {words.action(kind)}
          </Button>
        ))}
        {finding.order_id === null && cures.length === 0 ? null : (
          <Button variant="subtle" disabled={refusal !== undefined} title={refusal} onClick={() => fix(undefined)}>{t("finding.other_fix")}</Button>
        )}
      </div>
      <div className={css["words"]} role="group" aria-label={t("finding.say")}>
        {finding.state === "open" ? (
          <>
            <Button size="compact-xs" disabled={refusal !== undefined} title={refusal} onClick={() => say("snoozed")}>{t("finding.snooze")}</Button>
            <Button size="compact-xs" disabled={refusal !== undefined} title={refusal} onClick={() => say("resolved")}>{t("finding.resolve")}</Button>
            <Button size="compact-xs" disabled={refusal !== undefined} title={refusal} onClick={() => say("dismissed")}>{t("finding.dismiss")}</Button>
          </>
        ) : finding.state === "gone" ? null : (
          <Button size="compact-xs" disabled={refusal !== undefined} title={refusal} onClick={() => say("open")}>{t("finding.reopen")}</Button>
        )}
        {refusal === undefined ? null : <span className={css["dim"]}><RefusalText refusal={refusal} /></span>}
      </div>
    </article>
  );
}

/** What an operator said of it. */
function Said({ finding }: { finding: FindingRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (finding.by === null || finding.at === null || finding.state === "open") return null;
  return (
    <p className={css["word"]}>
      <span>
        {t(`finding_state.${finding.state}`)} · <bdi>{finding.by}</bdi> · {format.instant(finding.at)}
        {finding.snoozed_until === null ? null : <> · {t("finding.snoozed_until", { time: format.instant(finding.snoozed_until) })}</>}
      </span>
      {finding.note === null ? null : <bdi className={css["note"]}>{finding.note}</bdi>}
    </p>
  );
}
