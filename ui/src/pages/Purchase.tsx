import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { BackButton, useBack } from "../components/Back";
import { AppliedTwice, appliedRows, Claims } from "../components/Claims";
import { CoverageTag, PurchaseStatusTag } from "../components/CreditTags";
import { FixDialog } from "../components/FixDialog";
import { KindNotice } from "../components/KindNotice";
import { Ledger } from "../components/Ledger";
import { PaidLookup } from "../components/PaidLookup";
import { RawObject } from "../components/RawObject";
import { Summary } from "../components/Summary";
import { CreditChange, Credits, Given, Instant, Money } from "../components/Values";
import { useStoreId } from "../data/active_store";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { purchaseSheetQuery } from "../data/queries";
import { asApiError } from "../ipc/api_error";
import type { Claim } from "../ipc/generated/Claim";
import type { PurchaseRow } from "../ipc/generated/PurchaseRow";
import type { PurchaseSheet } from "../ipc/generated/PurchaseSheet";
import { readMatched } from "../lib/plan_rule";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Columns, Page, Section, Stack } from "../ui/Page";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import css from "./Credits.module.css";

const RESTS_ON = ["event", "checkout.session", "payment_intent", "charge", "refund", "dispute", "product", "price"];

/** One purchase: what it grants and why, what claims it, and what it did to its owner's wallet. */
export function Purchase() {
  const { t } = useTranslation();
  const store = useStoreId();
  const navigate = useNavigate();
  const { id = "" } = useParams({ strict: false });
  const { data, error, isError, refetch } = useQuery(purchaseSheetQuery(store, id));
  const back = useBack(() => void navigate({ to: "/s/$store/purchases", params: { store } }));
  const twice = data === undefined ? [] : appliedRows(data.claims);

  return (
    <Page
      title={
        <span className={css["title"]}>
          <BackButton back={back} />
          <bdi className={css["who"]}>{data?.purchase.owner ?? data?.purchase.payment_id ?? id}</bdi>
          {data === undefined ? null : <PurchaseStatusTag status={data.purchase.status} />}
          {twice.length > 1 ? <Tag tone="red">{t("claims.twice")}</Tag> : null}
        </span>
      }
      actions={data === undefined ? <PaidLookup id={id} /> : <Actions purchase={data.purchase} store={store} />}
    >
      <KindNotice kinds={RESTS_ON} />
      {data === undefined ? (
        isError ? (
          asApiError(error).code === "NOT_FOUND" ? (
            <Section>
              <Empty icon="search" title={t("purchase.not_found")} action={<Button onClick={back}>{t("sheet.back")}</Button>}>{t("purchase.not_found_text", { id })}</Empty>
            </Section>
          ) : (
            <ErrorPanel error={error} retry={() => void refetch()} />
          )
        ) : (
          <Section><Waiting rows={12} /></Section>
        )
      ) : (
        <Body sheet={data} store={store} />
      )}
    </Page>
  );
}

function Actions({ purchase, store }: { purchase: PurchaseRow; store: string }) {
  const { t } = useTranslation();
  const { preorder_id: order, owner } = purchase;
  return (
    <>
      {order === null ? null : (
        <Button
          leftSection={<Icon name="preorders" size={13} />}
          renderRoot={(props) => <Link to="/s/$store/preorders/$id" params={{ store, id: order }} {...props} />}
        >
          {t("purchase.to_order")}
        </Button>
      )}
      {owner === null ? null : (
        <Button
          leftSection={<Icon name="wallets" size={13} />}
          renderRoot={(props) => <Link to="/s/$store/wallets/$owner" params={{ store, owner }} {...props} />}
        >
          {t("purchase.to_wallet")}
        </Button>
      )}
      <PaidLookup id={purchase.payment_id} />
    </>
  );
}

function Body({ sheet, store }: { sheet: PurchaseSheet; store: string }) {
  const { t } = useTranslation();
  const { purchase, claims, entries, objects } = sheet;
  const applied = appliedRows(claims);
  return (
    <>
      <Short purchase={purchase} />
      {applied.length > 1 ? <AppliedTwice rows={applied} claims={claims} store={store} action={<TakeBack purchase={purchase} rows={applied} />} /> : null}
      <Columns shape="wide_left">
        <Stack>
          <Section title={t("claims.title")} note={t("claims.note")} flush><Claims claims={claims} store={store} /></Section>
          <Section title={t("purchase.entries")} note={t("purchase.entries_note")} flush>
            {entries.length === 0
              ? <p className={css["empty"]}>{t("purchase.no_entries")}</p>
              : <Ledger entries={entries} store={store} label={t("purchase.entries")} />}
          </Section>
        </Stack>
        <Stack>
          <Section title={t("purchase.why")}><Why purchase={purchase} store={store} /></Section>
          <Section title={t("purchase.objects")} note={t("purchase.objects_note")}>
            <ul className={css["lines"]}>
              {objects.map((id) => <li key={id}><RawObject id={id} store={store} label={t("sheet.object_id")} /></li>)}
            </ul>
          </Section>
        </Stack>
      </Columns>
    </>
  );
}

/** Takes back what the rows after the first granted. */
function TakeBack({ purchase, rows }: { purchase: PurchaseRow; rows: readonly Claim[] }) {
  const { t } = useTranslation();
  const refusal = useRefusal("repair");
  const [asking, setAsking] = useState(false);
  const { owner, payment_id: payment } = purchase;
  const credits = rows.slice(1).reduce((sum, row) => sum + (row.credits ?? purchase.credits), 0);
  if (owner === null || credits < 1) return null;
  return (
    <>
      <Button disabled={refusal !== undefined} title={refusal} onClick={() => setAsking(true)}>{t("claims.take_back")}</Button>
      {asking ? <FixDialog subject={{ order: null, grant: { owner, payment, credits }, prefer: "reverse_grant" }} close={() => setAsking(false)} /> : null}
    </>
  );
}

function Short({ purchase }: { purchase: PurchaseRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { amount_minor, currency, refunded_minor, payment_id, email, owner, user_id } = purchase;
  const other = (id: string | null, than: string | null) => (id === than ? null : id);
  return (
    <Summary
      label={t("purchase.summary")} unsettled={purchase.unsettled ? t("sheet.unsettled") : null}
      cells={[
        [t("table.amount"), (
          <span key="amount">
            <Money minor={amount_minor} currency={currency} />
            {refunded_minor > 0 && currency !== null ? <span className={table["dim"]}> {t("sheet.refunded", { amount: format.money(refunded_minor, currency) })}</span> : null}
          </span>
        )],
        [t("table.plan"), purchase.coverage === "plan" ? <Given key="plan" text={purchase.plan} /> : <CoverageTag key="plan" coverage={purchase.coverage} />],
        [t("table.credits"), <Credits key="credits" credits={purchase.credits} />],
        [t("table.clawed"), <CreditChange key="clawed" credits={-purchase.clawed} />],
        ...(purchase.reversed === 0 ? [] : [[t("table.reversed"), <CreditChange key="reversed" credits={purchase.reversed} />] as const]),
        [t("table.paid"), <Instant key="paid" at={purchase.paid_at} />],
      ]}
      ids={[
        [t("table.payment"), payment_id],
        [t("sheet.session_id"), other(purchase.session_id, payment_id)],
        [t("purchase.first_event"), purchase.stripe_event_id],
        [t("sheet.id"), purchase.preorder_id],
        [t("table.owner"), other(owner, email)],
        [t("purchase.user_id"), other(user_id, owner)],
        [t("sheet.email"), email],
      ]}
    />
  );
}

/** The rule that matched, in words. */
function Why({ purchase, store }: { purchase: PurchaseRow; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const said =
    purchase.coverage === "unmapped" ? t("purchase.unmapped")
    : purchase.coverage === "no_credits" ? t("purchase.no_credits")
    : purchase.paid_at === null ? t("purchase.buys_once_paid", { plan: purchase.plan ?? "" })
    : t("purchase.buys", { plan: purchase.plan ?? "", n: format.count(purchase.credits) });
  return (
    <div className={css["lines"]}>
      <p>{said}</p>
      {purchase.rule === null ? null : (
        <ul className={css["rules"]}>
          {readMatched(purchase.rule).map(({ by, value }) => (
            <li key={`${by} ${value}`}>
              {t(`plan_by.${by}`)} {value === "" ? null : <code className={table["mono"]}>{value}</code>}
            </li>
          ))}
        </ul>
      )}
      <Link className={css["link"]} to="/s/$store/settings" params={{ store }}>{t("plans.to_table")}</Link>
    </div>
  );
}
