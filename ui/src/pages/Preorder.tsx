import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { MailButton } from "../components/ActionOutcome";
import { BackButton, useBack } from "../components/Back";
import { FixDialog } from "../components/FixDialog";
import { KindNotice } from "../components/KindNotice";
import { OrderActions } from "../components/OrderActions";
import { OrderEvents } from "../components/OrderEvents";
import { OrderFindings } from "../components/OrderFindings";
import { RawFacts } from "../components/RawFacts";
import { StatusTag } from "../components/StatusTag";
import { Summary } from "../components/Summary";
import { Timeline } from "../components/Timeline";
import { Given, Instant, Money } from "../components/Values";
import { useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import { sheetQuery } from "../data/queries";
import { useWords } from "../data/words";
import { asApiError } from "../ipc/api_error";
import type { IdConflict } from "../ipc/generated/IdConflict";
import type { LinkView } from "../ipc/generated/LinkView";
import type { ObjectLine } from "../ipc/generated/ObjectLine";
import type { PaymentView } from "../ipc/generated/PaymentView";
import type { Person } from "../ipc/generated/Person";
import type { PreorderSheet } from "../ipc/generated/PreorderSheet";
import type { SessionView } from "../ipc/generated/SessionView";
import type { FixSubject } from "../lib/fix_choice";
import { CopyButton, CopyId } from "../ui/Copy";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Fact, Facts } from "../ui/Facts";
import { Icon } from "../ui/Icon";
import { Columns, Page, Section, Stack } from "../ui/Page";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import { toastError } from "../ui/Toasts";
import css from "./Preorder.module.css";

const RESTS_ON = ["event", "checkout.session", "payment_intent", "charge", "refund", "dispute", "customer", "product", "price"];

/** One order, whole. */
export function Preorder() {
  const { t } = useTranslation();
  const store = useStoreId();
  const { id = "" } = useParams({ strict: false });
  const { data, error, isError, refetch } = useQuery(sheetQuery(store, id));
  const navigate = useNavigate();
  const back = useBack(() => void navigate({ to: "/s/$store/preorders", params: { store } }));

  return (
    <Page
      title={<span className={css["title"]}><BackButton back={back} /><Heading sheet={data} id={id} /></span>}
      actions={data === undefined ? undefined : <Actions sheet={data} />}
    >
      <KindNotice kinds={RESTS_ON} />
      {data === undefined ? (
        isError ? (
          asApiError(error).code === "NOT_FOUND" ? (
            <Section>
              <Empty icon="search" title={t("sheet.not_found")} action={<Button onClick={back}>{t("sheet.back")}</Button>}>{t("sheet.not_found_text", { id })}</Empty>
            </Section>
          ) : (
            <ErrorPanel error={error} retry={() => void refetch()} />
          )
        ) : (
          <Section><Waiting rows={12} /></Section>
        )
      ) : (
        <Body sheet={data} asked={id} store={store} />
      )}
    </Page>
  );
}

function Heading({ sheet, id }: { sheet: PreorderSheet | undefined; id: string }) {
  if (sheet === undefined) return <bdi className={css["who"]}>{id}</bdi>;
  const { row } = sheet;
  return (
    <>
      <bdi className={css["who"]}>{row.email ?? row.name ?? row.id}</bdi>
      <StatusTag status={row.status} />
    </>
  );
}

function Actions({ sheet }: { sheet: PreorderSheet }) {
  const { t } = useTranslation();
  const openUrl = useCommand("shell_open_url", null);
  const { stripe_url: url } = sheet;
  return (
    <Button
      leftSection={<Icon name="external" size={13} />} disabled={url === null} title={url === null ? t("sheet.no_stripe") : undefined}
      onClick={() => {
        if (url !== null) openUrl.mutate({ url }, { onError: toastError });
      }}
    >
      {t("sheet.open_stripe")}
    </Button>
  );
}

function Body({ sheet, asked, store }: { sheet: PreorderSheet; asked: string; store: string }) {
  const { t } = useTranslation();
  const [fixing, setFixing] = useState<FixSubject | null>(null);
  return (
    <>
      <OrderFindings order={sheet.row.id} findings={sheet.findings} fix={setFixing} />
      {fixing === null ? null : <FixDialog subject={fixing} close={() => setFixing(null)} />}
      <Short sheet={sheet} />
      {asked === sheet.row.id ? null : <p className={css["alias"]}>{t("sheet.alias", { asked })}</p>}
      {sheet.conflicts.length === 0 ? null : <Conflicts conflicts={sheet.conflicts} />}
      <Columns shape="wide_left">
        <Stack>
          <OrderActions order={sheet.row.id} store={store} fix={setFixing} />
          <Section title={t("sheet.timeline")} note={t("sheet.timeline_note", { count: sheet.timeline.length })}>
            <Timeline entries={sheet.timeline} />
          </Section>
          <Section title={t("sheet.facts")} note={t("sheet.facts_note")} flush>
            <RawFacts facts={sheet.facts} store={store} />
          </Section>
        </Stack>
        <Stack>
          <Section title={t("sheet.people")}><People people={sheet.people} store={store} /></Section>
          <Section title={t("sheet.payments")}>
            {sheet.payments.length === 0 ? <Nothing text={t("sheet.no_payments")} /> : sheet.payments.map((payment, index) => (
              <Payment key={payment.payment_intent_id ?? index} payment={payment} />
            ))}
          </Section>
          <Section title={t("sheet.sessions")}>
            {sheet.sessions.length === 0 ? <Nothing text={t("sheet.no_sessions")} /> : sheet.sessions.map((session) => (
              <Session key={session.id} session={session} email={sheet.row.email} />
            ))}
          </Section>
          <OrderEvents order={sheet.row.id} store={store} fix={setFixing} />
          <Section title={t("sheet.links")} note={t("sheet.links_note")}><Links sheet={sheet} links={sheet.links} /></Section>
        </Stack>
      </Columns>
    </>
  );
}

function Short({ sheet }: { sheet: PreorderSheet }) {
  const { t } = useTranslation();
  const words = useWords();
  const { row } = sheet;
  const other = (id: string | null) => (id === row.id ? null : id);
  return (
    <Summary
      label={t("sheet.summary")} unsettled={row.unsettled ? t("sheet.unsettled") : null}
      cells={[
        [t("table.amount"), <Amount key="amount" sheet={sheet} />],
        [t("table.started"), <Instant key="started" at={row.started_at} />],
        [t("table.paid"), <Instant key="paid" at={row.paid_at} />],
        [t("table.color"), <Given key="color" text={row.color} />],
        [t("table.locale"), <Given key="locale" text={row.locale} />],
        [t("table.source"), <Given key="source" text={row.source} />],
        [t("sheet.matched_by"), words.matchedBy(row.matched_by)],
      ]}
      ids={[
        [t("sheet.id"), row.id],
        [t("sheet.session_id"), other(row.session_id)],
        [t("sheet.intent_id"), other(row.payment_intent_id)],
        [t("sheet.email"), other(row.email)],
      ]}
    />
  );
}

function Amount({ sheet }: { sheet: PreorderSheet }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { amount_minor, currency, refunded_minor } = sheet.row;
  return (
    <span>
      <strong className={css["amount"]}><Money minor={amount_minor} currency={currency} /></strong>
      {refunded_minor > 0 && currency !== null ? (
        <span className={css["refunded"]}>{t("sheet.refunded", { amount: format.money(refunded_minor, currency) })}</span>
      ) : null}
    </span>
  );
}

function Conflicts({ conflicts }: { conflicts: readonly IdConflict[] }) {
  const { t } = useTranslation();
  return (
    <div className={css["conflicts"]} role="note">
      <Icon name="warning" size={15} />
      <ul>
        {conflicts.map(({ preorder_id, reason }) => (
          <li key={`${preorder_id} ${reason}`}>
            <code className={table["mono"]}>{preorder_id === "" ? "\"\"" : preorder_id}</code>{" "}
            {reason === "shared_by_many" ? t("conflict.shared_by_many") : reason === "two_ids" ? t("conflict.two_ids") : reason}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Nothing({ text }: { text: string }) {
  return <p className={table["dim"]}>{text}</p>;
}

function People({ people, store }: { people: readonly Person[]; store: string }) {
  const { t } = useTranslation();
  if (people.length === 0) return <Nothing text={t("sheet.no_people")} />;
  return people.map((person, index) => (
    <div key={person.customer_id ?? person.email ?? index} className={css["block"]}>
      <div className={css["blockHead"]}>
        <strong><Given text={person.name ?? person.email} /></strong>
        {person.deleted ? <Tag tone="grey">{t("sheet.deleted")}</Tag> : null}
      </div>
      <Facts>
        {person.email === null ? null : (
          <Fact name={t("sheet.email")}>
            <span className={css["inline"]}><Email text={person.email} /><CopyButton text={person.email} label={t("sheet.email")} /></span>
          </Fact>
        )}
        {person.customer_id === null ? null : <Fact name={t("kind.customer")}><CopyId id={person.customer_id} label={t("kind.customer")} /></Fact>}
        {person.other_orders === 0 ? null : (
          <Fact name={t("sheet.other_orders")}>
            <Link className={css["link"]} to="/s/$store/preorders" params={{ store }} search={person.email === null ? {} : { q: person.email }}>
              {t("sheet.other_orders_count", { count: person.other_orders })}
            </Link>
          </Fact>
        )}
      </Facts>
    </div>
  ));
}

/** Breaks before its `@` where it does not fit. */
function Email({ text }: { text: string }) {
  const at = text.lastIndexOf("@");
  return at < 1 ? <bdi>{text}</bdi> : <bdi>{text.slice(0, at)}<wbr />{text.slice(at)}</bdi>;
}

function Payment({ payment }: { payment: PaymentView }) {
  const { t } = useTranslation();
  const words = useWords();
  const fix = useFixWords();
  const groups: [string, readonly ObjectLine[], (reason: string) => string][] = [
    [t("sheet.charges"), payment.charges, fix.decline],
    [t("sheet.refunds"), payment.refunds, fix.refundReason],
    [t("sheet.disputes"), payment.disputes, fix.disputeReason],
  ];
  return (
    <div className={css["block"]}>
      <div className={css["blockHead"]}>
        <strong><Money minor={payment.amount_minor} currency={payment.currency} /></strong>
        {payment.status === null ? null : <Tag tone={toneOf(payment.status)}>{words.objectStatus(payment.status)}</Tag>}
        <span className={css["when"]}><Instant at={payment.created_at} /></span>
      </div>
      {payment.payment_intent_id === null ? <Nothing text={t("sheet.no_intent")} /> : <CopyId id={payment.payment_intent_id} label={t("kind.payment_intent")} />}
      {payment.failure_message === null && payment.failure_code === null ? null : (
        <p className={css["failure"]}>
          {payment.failure_message === null ? null : <bdi>{payment.failure_message}</bdi>}{" "}
          {payment.failure_code === null ? null : <code className={table["mono"]}>{payment.failure_code}</code>}
        </p>
      )}
      {groups.map(([name, lines, said]) =>
        lines.length === 0 ? null : (
          <div key={name} className={css["group"]}>
            <span className={css["groupName"]}>{name}</span>
            <ul>
              {lines.map((line) => (
                <li key={line.id} className={css["line"]}>
                  <CopyId id={line.id} label={name} />
                  <Money minor={line.amount_minor} currency={line.currency} />
                  <span className={css["lineStatus"]} title={line.reason ?? undefined}>
                    {line.status === null ? "" : words.objectStatus(line.status)}
                    {line.reason === null ? "" : ` · ${said(line.reason)}`}
                  </span>
                </li>
              ))}
            </ul>
          </div>
        ),
      )}
    </div>
  );
}

function toneOf(status: string): "green" | "red" | "accent" | "grey" {
  if (["succeeded", "paid", "complete", "won"].includes(status)) return "green";
  if (["failed", "requires_payment_method", "lost"].includes(status)) return "red";
  if (["canceled", "expired"].includes(status)) return "grey";
  return "accent";
}

function Session({ session, email }: { session: SessionView; email: string | null }) {
  const { t } = useTranslation();
  const words = useWords();
  return (
    <div className={css["block"]}>
      <div className={css["blockHead"]}>
        <strong><Money minor={session.amount_minor} currency={session.currency} /></strong>
        {session.status === null ? null : <Tag tone={toneOf(session.status)}>{words.objectStatus(session.status)}</Tag>}
        {session.payment_status === null ? null : <Tag tone={toneOf(session.payment_status)}>{words.objectStatus(session.payment_status)}</Tag>}
        <span className={css["when"]}><Instant at={session.created_at} /></span>
      </div>
      <CopyId id={session.id} label={t("kind.checkout_session")} />
      <ul className={css["items"]}>
        {session.line_items.map((item, index) => (
          // Lines have no id of their own and never change order.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index} className={css["line"]}>
            <span className={css["item"]}>
              {item.quantity === null ? null : <span className={table["dim"]}>{t("sheet.quantity", { n: item.quantity })} </span>}
              <Given text={item.description ?? item.price_id} />
            </span>
            <Money minor={item.amount_minor} currency={item.currency} />
          </li>
        ))}
      </ul>
      <Facts>
        {session.expires_at === null || session.status !== "open" ? null : <Fact name={t("sheet.expires")}><Instant at={session.expires_at} /></Fact>}
        {session.expires_at === null || session.status !== "expired" ? null : <Fact name={t("sheet.expired")}><Instant at={session.expires_at} /></Fact>}
        {session.url === null ? null : <Fact name={t("sheet.payment_page")}><CopyId id={session.url} label={t("sheet.payment_page")} /> <MailButton link={session.url} email={email} /></Fact>}
        {session.recovery_url === null ? null : <Fact name={t("sheet.recovery")}><CopyId id={session.recovery_url} label={t("sheet.recovery")} /> <MailButton link={session.recovery_url} email={email} /></Fact>}
        {session.recovered_from === null ? null : <Fact name={t("sheet.recovered_from")}><CopyId id={session.recovered_from} label={t("sheet.recovered_from")} /></Fact>}
      </Facts>
    </div>
  );
}

function Links({ sheet, links }: { sheet: PreorderSheet; links: readonly LinkView[] }) {
  const { t } = useTranslation();
  const words = useWords();
  return (
    <>
      {links.length === 0 ? <Nothing text={t("sheet.no_links")} /> : (
        <ul className={css["links"]}>
          {links.map((link) => (
            <li key={`${link.from} ${link.to} ${link.rule}`}>
              <span>{words.rule(link.rule)}</span>
              <span className={css["linkIds"]}>
                <code className={table["mono"]} title={link.from}>{link.from}</code>
                <Icon name="link" size={12} />
                <code className={table["mono"]} title={link.to}>{link.to}</code>
              </span>
            </li>
          ))}
        </ul>
      )}
      {sheet.former_ids.length === 0 ? null : (
        <div className={css["group"]}>
          <span className={css["groupName"]}>{t("sheet.former_ids")}</span>
          <ul>{sheet.former_ids.map((id) => <li key={id}><CopyId id={id} label={t("sheet.former_ids")} /></li>)}</ul>
        </div>
      )}
    </>
  );
}
