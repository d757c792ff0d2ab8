import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { useWords } from "../data/words";
import type { Claim } from "../ipc/generated/Claim";
import { CopyId } from "../ui/Copy";
import { Fact, Facts } from "../ui/Facts";
import { Tag } from "../ui/Tag";
import css from "./Claims.module.css";
import { RawObject } from "./RawObject";
import { Credits, Given, Instant } from "./Values";

/** The shop's rows that say the payment was applied; two of them are one too many. */
export function appliedRows(claims: readonly Claim[]): Claim[] {
  return claims.filter((claim) => claim.by === "row" && claim.applied === true);
}

/** What says that a payment was made or applied, oldest first: events of Stripe, and rows of the shop. */
export function Claims({ claims, store }: { claims: readonly Claim[]; store: string }) {
  const { t } = useTranslation();
  if (claims.length === 0) return <p className={css["none"]}>{t("claims.none")}</p>;
  return (
    <ol>
      {claims.map((claim, index) => (
        // Claims may lack an id of their own and never change order.
        // oxlint-disable-next-line react/no-array-index-key
        <li key={index} className={css["claim"]} data-testid="claim" data-by={claim.by}>
          {claim.by === "event" ? <EventClaim claim={claim} store={store} /> : <RowClaim claim={claim} store={store} />}
        </li>
      ))}
    </ol>
  );
}

function EventClaim({ claim, store }: { claim: Claim; store: string }) {
  const { t } = useTranslation();
  const words = useWords();
  const said = claim.what === null ? t("common.unknown") : words.timeline(claim.what);
  return (
    <>
      <p className={css["head"]}>
        <Tag tone="accent">{t("claims.event")}</Tag>
        <strong>{said}</strong>
        {claim.what === null || claim.what === said ? null : <code className={css["code"]}>{claim.what}</code>}
        <span className={css["when"]}><Instant at={claim.at} /></span>
      </p>
      {claim.id === null ? null : <RawObject id={claim.id} store={store} label={t("sheet.event_id")} />}
    </>
  );
}

function RowClaim({ claim, store }: { claim: Claim; store: string }) {
  const { t } = useTranslation();
  return (
    <>
      <p className={css["head"]}>
        <Tag tone={claim.applied === true ? "green" : "grey"}>{t("claims.row")}</Tag>
        <strong>{t(claim.applied === true ? "claims.applied" : "claims.not_applied")}</strong>
        <span className={css["when"]}><Instant at={claim.at} /></span>
      </p>
      <RowFacts claim={claim} store={store} />
    </>
  );
}

function RowFacts({ claim, store }: { claim: Claim; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Facts>
      {claim.id === null ? null : <Fact name={t("claims.row_id")}><CopyId id={claim.id} label={t("claims.row_id")} /></Fact>}
      {claim.what === null ? null : <Fact name={t("table.status")}><Given text={claim.what} /></Fact>}
      {claim.credits === null ? null : <Fact name={t("table.credits")}><Credits credits={claim.credits} /></Fact>}
      {claim.endpoint === null ? null : <Fact name={t("claims.endpoint")}><code className={css["code"]}>{claim.endpoint}</code></Fact>}
      {claim.owner === null ? null : <Fact name={t("table.owner")}><Given text={claim.owner} /></Fact>}
      {claim.about === null ? null : <Fact name={t("claims.by_event")}><RawObject id={claim.about} store={store} label={t("sheet.event_id")} /></Fact>}
      {claim.line === null || claim.batch === null ? null : (
        <Fact name={t("claims.place")}>
          {claim.file === null
            ? t("claims.line_of_batch", { line: format.count(claim.line), batch: claim.batch })
            : t("claims.line_of_file", { line: format.count(claim.line), file: claim.file })}
        </Fact>
      )}
    </Facts>
  );
}

/** The rows that applied one payment, side by side, each with the event it came by. */
export function AppliedTwice({
  rows, claims, store, action,
}: { rows: readonly Claim[]; claims: readonly Claim[]; store: string; action: ReactNode }) {
  const { t } = useTranslation();
  const words = useWords();
  return (
    <section className={css["twice"]} aria-label={t("claims.twice")} data-testid="applied-twice">
      <p className={css["head"]}>
        <Tag tone="red">{t("claims.twice")}</Tag>
        <span>{t("claims.twice_text", { count: rows.length })}</span>
        <span className={css["do"]}>{action}</span>
      </p>
      <div className={css["sides"]}>
        {rows.map((row, index) => {
          const event = claims.find((claim) => claim.by === "event" && claim.id === row.about);
          return (
            // Rows may lack an id of their own and never change order.
            // oxlint-disable-next-line react/no-array-index-key
            <div key={index} className={css["side"]}>
              <p className={css["head"]}>
                <strong>{event === undefined || event.what === null ? t("claims.no_event") : words.timeline(event.what)}</strong>
                <span className={css["when"]}><Instant at={row.at} /></span>
              </p>
              <RowFacts claim={row} store={store} />
            </div>
          );
        })}
      </div>
    </section>
  );
}
