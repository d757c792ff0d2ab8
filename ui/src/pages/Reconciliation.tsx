import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { DifferenceTable } from "../components/DifferenceTable";
import { ExportButton } from "../components/ExportMenu";
import { NotCompared } from "../components/NotCompared";
import { SearchField } from "../components/SearchField";
import { CreditChange, Credits, Money } from "../components/Values";
import { useStoreId } from "../data/active_store";
import { useFormat } from "../data/format";
import { useLivePages } from "../data/live_pages";
import { reconcilePagesQuery } from "../data/queries";
import type { Reconciliation as Reply } from "../ipc/generated/Reconciliation";
import type { DifferenceFilter } from "../lib/credits_filter";
import { DIFFERENCE_KINDS, readDifferenceFilter, reconcileArgs } from "../lib/credits_filter";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Page, Section } from "../ui/Page";
import css from "./Reconciliation.module.css";

/** What Stripe was paid, what the shop applied, and what the wallets hold, against each other. */
export function Reconciliation() {
  const { t } = useTranslation();
  const store = useStoreId();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const filter = useMemo(() => readDifferenceFilter(search), [search]);
  const query = reconcilePagesQuery(store, reconcileArgs(filter));
  const pages = useInfiniteQuery(query);
  // Everything is compared at each reading: during a launch a person says when.
  const live = useLivePages(store, query.queryKey, true);
  const first = pages.data?.pages[0];

  const show = useCallback(
    (change: Partial<DifferenceFilter>) =>
      void navigate({
        to: "/s/$store/reconciliation", params: { store }, replace: true,
        search: (before: Record<string, unknown>) => readDifferenceFilter({ ...before, ...change }),
      }),
    [navigate, store],
  );
  const onSearch = useCallback((owner: string) => show({ owner }), [show]);
  const narrowed = filter.kind !== undefined || filter.owner !== undefined;

  return (
    <Page
      title={t("reconciliation.title")} note={t("reconciliation.note")}
      actions={
        <>
          {narrowed ? <Button variant="subtle" onClick={() => show({ kind: undefined, owner: undefined })}>{t("preorders.clear")}</Button> : null}
          {live.newer ? (
            <Button variant="light" leftSection={<Icon name="refresh" size={13} />} onClick={live.refresh}>{t("preorders.newer")}</Button>
          ) : null}
          <ExportButton what="differences" />
        </>
      }
    >
      {first === undefined ? (
        pages.isError ? <ErrorPanel error={pages.error} retry={() => void pages.refetch()} /> : <Section><Waiting rows={10} /></Section>
      ) : (
        <>
          <Sides reply={first} />
          <NotCompared reply={first} store={store} />
          <div role="search" aria-label={t("reconciliation.filters")}>
            <SearchField
              key={filter.owner === undefined ? "none" : "some"} text={filter.owner} label={t("reconciliation.owner")}
              placeholder={t("reconciliation.owner_placeholder")} onSearch={onSearch}
            />
          </div>
          <Kinds reply={first} filter={filter} show={show} />
          <Section title={t("reconciliation.differences")} flush>
            <List
              reply={first} filter={filter} store={store} rows={pages.data?.pages.flatMap((page) => page.rows) ?? []}
              more={pages.hasNextPage ? () => void pages.fetchNextPage() : null} loading={pages.isFetchingNextPage}
              error={pages.isFetchNextPageError ? pages.error : null}
            />
          </Section>
        </>
      )}
    </Page>
  );
}

/** The three sides: what was paid at Stripe and grants, what the shop applied, and what the wallets hold. */
function Sides({ reply }: { reply: Reply }) {
  const { t } = useTranslation();
  const { sides, imported } = reply;
  return (
    <section className={css["sides"]} aria-label={t("reconciliation.sides")}>
      <div className={css["side"]}>
        <h2 className={css["sideName"]}>{t("reconciliation.at_stripe")}</h2>
        <p className={css["figure"]}><Credits credits={sides.granted} /></p>
        <p className={css["detail"]}>{t("reconciliation.granted")}</p>
        {sides.clawed === 0 ? null : <p className={css["detail"]}><CreditChange credits={-sides.clawed} /> {t("reconciliation.clawed")}</p>}
        <ul className={css["detail"]} aria-label={t("reconciliation.paid")}>
          {sides.paid.length === 0 ? <li>{t("reconciliation.nothing_paid")}</li> : sides.paid.map(({ currency, minor }) => (
            <li key={currency}><Money minor={minor} currency={currency} /></li>
          ))}
        </ul>
      </div>
      <div className={css["side"]}>
        <h2 className={css["sideName"]}>{t("reconciliation.at_shop")}</h2>
        <p className={css["figure"]}>{imported.purchases ? <Credits credits={sides.applied} /> : "–"}</p>
        <p className={css["detail"]}>{t(imported.purchases ? "reconciliation.applied" : "reconciliation.not_imported")}</p>
      </div>
      <div className={css["side"]}>
        <h2 className={css["sideName"]}>{t("reconciliation.in_wallets")}</h2>
        <p className={css["figure"]}>{imported.wallets ? <Credits credits={sides.shop_balance} /> : "–"}</p>
        <p className={css["detail"]}>{t(imported.wallets ? "reconciliation.shop_balance" : "reconciliation.not_imported")}</p>
        <p className={css["detail"]}><Credits credits={sides.balance} /> {t("reconciliation.balance")}</p>
      </div>
    </section>
  );
}

/** A card for each kind of difference; it filters the list. */
function Kinds({ reply, filter, show }: { reply: Reply; filter: DifferenceFilter; show: (change: Partial<DifferenceFilter>) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const shown = DIFFERENCE_KINDS.flatMap((kind) => {
    const total = reply.totals.find((one) => one.kind === kind);
    return total === undefined && filter.kind !== kind ? [] : [{ kind, total }];
  });
  if (shown.length === 0) return null;
  return (
    <div className={css["kinds"]} role="group" aria-label={t("reconciliation.kinds")}>
      {shown.map(({ kind, total }) => {
        const pressed = filter.kind === kind;
        return (
          <button
            key={kind} type="button" className={css["kind"]} aria-pressed={pressed} data-testid={`kind-${kind}`}
            onClick={() => show({ kind: pressed ? undefined : kind })}
          >
            <span className={css["kindHead"]}>
              <strong>{t(`difference.${kind}`)}</strong>
              <span className={css["count"]}>{format.count(total?.count ?? 0)}</span>
            </span>
            <span className={css["detail"]}>{t(`difference_leads.${kind}`)}</span>
            {total === undefined || kind === "user_missing" ? null : (
              <span className={css["amounts"]}>
                <span>{t("reconciliation.credits", { n: format.signed(total.credits) })}</span>
                {total.money.map(({ currency, minor }) => <span key={currency}>{format.money(minor, currency)}</span>)}
              </span>
            )}
          </button>
        );
      })}
    </div>
  );
}

function List({
  reply, rows, filter, store, more, loading, error,
}: {
  reply: Reply; rows: Reply["rows"]; filter: DifferenceFilter; store: string; more: (() => void) | null; loading: boolean; error: unknown;
}) {
  const { t } = useTranslation();
  const { purchases, wallets, users } = reply.imported;
  if (rows.length === 0) {
    if (!purchases && !wallets && !users) {
      return <Empty icon="reconciliation" title={t("reconciliation.nothing_compared")}>{t("reconciliation.nothing_compared_text")}</Empty>;
    }
    if (filter.kind !== undefined || filter.owner !== undefined) return <Empty icon="search" title={t("reconciliation.none_match")} />;
    return <Empty icon="check" title={t("reconciliation.adds_up")}>{t("reconciliation.adds_up_text")}</Empty>;
  }
  return (
    <>
      <DifferenceTable rows={rows} store={store} />
      {error === null ? null : <ErrorPanel error={error} />}
      {more === null ? null : <p className={css["more"]}><Button loading={loading} onClick={more}>{t("reconciliation.more")}</Button></p>}
    </>
  );
}
