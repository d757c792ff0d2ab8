import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { AdjustButton } from "../components/AdjustDialog";
import { BackButton, useBack } from "../components/Back";
import { Ledger } from "../components/Ledger";
import { Summary } from "../components/Summary";
import { CreditChange, Credits, Instant } from "../components/Values";
import { useStoreId } from "../data/active_store";
import { useFormat } from "../data/format";
import { walletSheetQuery } from "../data/queries";
import { asApiError } from "../ipc/api_error";
import type { WalletSheet } from "../ipc/generated/WalletSheet";
import { CopyId } from "../ui/Copy";
import { Banner, Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Fact, Facts } from "../ui/Facts";
import { Columns, Page, Section, Stack } from "../ui/Page";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import css from "./Credits.module.css";

/** Entries that the engine gives at most: the newest. */
const MOST_ENTRIES = 1_000;

/** One owner's credits: the sums, the ledger, and the shop's own wallet beside it. */
export function Wallet() {
  const { t } = useTranslation();
  const store = useStoreId();
  const navigate = useNavigate();
  const { owner = "" } = useParams({ strict: false });
  const { data, error, isError, refetch } = useQuery(walletSheetQuery(store, owner));
  const back = useBack(() => void navigate({ to: "/s/$store/wallets", params: { store } }));
  return (
    <Page
      title={
        <span className={css["title"]}>
          <BackButton back={back} />
          <bdi className={css["who"]}>{data?.wallet.owner ?? owner}</bdi>
          {data !== undefined && data.wallet.balance < 0 ? <Tag tone="red">{t("wallets.below")}</Tag> : null}
        </span>
      }
      actions={data === undefined ? undefined : (
        <>
          <Button
            renderRoot={(props) => <Link to="/s/$store/reconciliation" params={{ store }} search={{ owner: data.wallet.owner }} {...props} />}
          >
            {t("wallet.to_differences")}
          </Button>
          <AdjustButton wallet={data.wallet} />
        </>
      )}
    >
      {data === undefined ? (
        isError ? (
          asApiError(error).code === "NOT_FOUND" ? (
            <Section>
              <Empty icon="search" title={t("wallet.not_found")} action={<Button onClick={back}>{t("sheet.back")}</Button>}>{t("wallet.not_found_text", { owner })}</Empty>
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

function Body({ sheet, store }: { sheet: WalletSheet; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { wallet, ledger, emails } = sheet;
  return (
    <>
      {sheet.spending_known ? null : <Banner tone="info" icon="info" title={t("wallets.spending_unknown")}>{t("wallets.spending_unknown_text")}</Banner>}
      <Summary
        label={t("wallet.sums")} ids={[[t("table.owner"), wallet.owner]]}
        cells={[
          [t("table.balance"), <strong key="balance"><Credits credits={wallet.balance} /></strong>],
          [t("table.granted"), <Credits key="granted" credits={wallet.granted} />],
          [t("table.clawed"), <CreditChange key="clawed" credits={-wallet.clawed} />],
          [t("table.reversed"), <CreditChange key="reversed" credits={wallet.reversed} />],
          [t("table.spent"), <CreditChange key="spent" credits={-wallet.spent} />],
          [t("table.adjusted"), <CreditChange key="adjusted" credits={wallet.adjusted} />],
          [t("wallet.first"), <Instant key="first" at={wallet.first_at} />],
          [t("table.last"), <Instant key="last" at={wallet.last_at} />],
        ]}
      />
      <Columns shape="wide_left">
        <Section
          title={t("wallet.ledger")} flush
          note={ledger.length < MOST_ENTRIES
            ? t("wallet.entries", { count: ledger.length, n: format.count(ledger.length) })
            : t("wallet.newest", { n: format.count(ledger.length) })}
        >
          {ledger.length === 0
            ? <p className={css["empty"]}>{t("wallet.no_entries")}</p>
            : <Ledger entries={ledger} balance={wallet.balance} store={store} label={t("wallet.ledger")} />}
        </Section>
        <Stack>
          <Section title={t("wallet.shop")} note={t("wallet.shop_note")}><Shop sheet={sheet} /></Section>
          <Section title={t("wallet.emails")}>
            {emails.length === 0 ? <p className={table["dim"]}>{t("wallet.no_emails")}</p> : (
              <ul className={css["lines"]}>{emails.map((email) => <li key={email}><CopyId id={email} label={t("sheet.email")} /></li>)}</ul>
            )}
          </Section>
        </Stack>
      </Columns>
    </>
  );
}

/** The shop's own wallet, and how far it is from what follows from the facts. */
function Shop({ sheet }: { sheet: WalletSheet }) {
  const { t } = useTranslation();
  const { shop, wallet, spending_known: known } = sheet;
  if (shop === null) return <p className={table["dim"]}>{t("wallet.shop_none")}</p>;
  const difference = shop.balance - wallet.balance;
  return (
    <>
      <Facts>
        <Fact name={t("table.balance")}><Credits credits={shop.balance} /></Fact>
        {shop.granted === null ? null : <Fact name={t("wallet.shop_granted")}><Credits credits={shop.granted} /></Fact>}
        <Fact name={t("wallet.here")}><Credits credits={wallet.balance} /></Fact>
        <Fact name={t("wallet.difference")}>
          {difference === 0 ? <Tag tone="green">{t("wallet.equal")}</Tag> : <Tag tone={known ? "red" : "amber"}><CreditChange credits={difference} /></Tag>}
        </Fact>
      </Facts>
      {difference === 0 || known ? null : <p className={css["note"]}>{t(difference < 0 ? "wallet.may_be_spent" : "wallet.more_than_granted")}</p>}
    </>
  );
}
