import { Button, NumberInput, Switch, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { guardQuery } from "../data/fix_queries";
import { useFormat } from "../data/format";
import { overviewQuery } from "../data/queries";
import type { Guard } from "../ipc/generated/Guard";
import type { GuardView } from "../ipc/generated/GuardView";
import { plainAmount, readAmount } from "../lib/money";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Section } from "../ui/Page";
import { toast } from "../ui/Toasts";
import css from "./Safety.module.css";

/** What may be written to this store, and how much of it a day. */
export function SafetySection({ store }: { store: string }) {
  const { t } = useTranslation();
  const { data, error, isError, refetch } = useQuery(guardQuery(store));
  return (
    <div id="safety">
      <Section title={t("safety.title")} note={t("safety.note")}>
        {data === undefined ? (
          isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Waiting rows={3} />
        ) : <Form key={JSON.stringify(data.guard)} view={data} store={store} />}
      </Section>
    </div>
  );
}

type Caps = Record<string, string>;

const CAPS = /^[a-z]{3}$/;

function Form({ view, store }: { view: GuardView; store: string }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage_integrations");
  const set = useCommand("guard_set", store, ["actions"]);
  const { guard } = view;
  const currencies = useCurrencies(view, store);
  const [draft, setDraft] = useState<Guard>(guard);
  const [daily, setDaily] = useState<Caps>(() => capsOf(guard.daily_money));
  const [support, setSupport] = useState<Caps>(() => capsOf(guard.support_money));
  const [money, supportMoney] = [minorOf(daily), minorOf(support)];
  const wanted: Guard | null = money === null || supportMoney === null ? null : { ...draft, daily_money: money, support_money: supportMoney };
  const changed = wanted === null || JSON.stringify(sorted(wanted)) !== JSON.stringify(sorted(guard));
  const save = (next: Guard, said: string) => set.mutate(next, { onSuccess: () => toast(said) });
  return (
    <form
      className={css["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== null && refusal === undefined) save(wanted, t("safety.saved"));
      }}
    >
      {guard.stopped ? (
        <div className={css["stopped"]} role="alert">
          <span><strong>{t("guard.stopped_title")}</strong> {t("safety.stopped_text")}</span>
          <Button color="red" variant="filled" disabled={refusal !== undefined} title={refusal} loading={set.isPending} onClick={() => save({ ...guard, stopped: false }, t("safety.started"))}>
            {t("safety.start")}
          </Button>
        </div>
      ) : null}
      <Switch
        size="sm" label={t("safety.writing")} description={t(view.live ? "safety.writing_live" : "safety.writing_test")} checked={draft.writing} disabled={refusal !== undefined}
        onChange={(event) => setDraft({ ...draft, writing: event.currentTarget.checked })}
      />
      <Use view={view} currencies={currencies} />
      <div className={css["caps"]}>
        {currencies.map((currency) => (
          <div key={currency} className={css["cap"]}>
            <span className={css["currency"]}>{currency.toUpperCase()}</span>
            <TextInput
              label={t("safety.daily_money")} placeholder={t("safety.usual")} inputMode="decimal" disabled={refusal !== undefined} value={daily[currency] ?? ""}
              error={bad(daily[currency], currency) ? t("fix.bad_amount") : null} onChange={(event) => setDaily({ ...daily, [currency]: event.currentTarget.value })}
            />
            <TextInput
              label={t("safety.support_money")} placeholder={t("safety.usual")} inputMode="decimal" disabled={refusal !== undefined} value={support[currency] ?? ""}
              error={bad(support[currency], currency) ? t("fix.bad_amount") : null} onChange={(event) => setSupport({ ...support, [currency]: event.currentTarget.value })}
            />
          </div>
        ))}
      </div>
      <p className={css["note"]}>{t("safety.usual_note")}</p>
      <NumberInput
        className={css["mails"]} label={t("safety.daily_mails")} min={0} max={1_000_000} allowDecimal={false} clampBehavior="blur" disabled={refusal !== undefined}
        value={draft.daily_mails} onChange={(value) => setDraft({ ...draft, daily_mails: Number(value) })}
      />
      <Switch
        size="sm" label={t("safety.resend")} description={t("safety.resend_note")} checked={draft.resend} disabled={refusal !== undefined}
        onChange={(event) => setDraft({ ...draft, resend: event.currentTarget.checked })}
      />
      {set.error === null ? null : <ErrorPanel error={set.error} />}
      <div className={css["buttons"]}>
        {refusal === undefined ? null : <span className={css["why"]}>{refusal}</span>}
        <Button type="submit" variant="filled" disabled={!changed || wanted === null || refusal !== undefined} title={refusal} loading={set.isPending}>{t("safety.save")}</Button>
      </div>
    </form>
  );
}

/** What today's actions used of the caps. */
function Use({ view, currencies }: { view: GuardView; currencies: readonly string[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const used = currencies.filter((currency) => (view.money_today[currency] ?? 0) > 0);
  return (
    <p className={css["use"]} data-testid="guard-use">
      <span>{t("safety.today")}</span>
      {used.length === 0 ? <strong>{t("safety.no_money")}</strong> : used.map((currency) => <strong key={currency}>{format.money(view.money_today[currency] ?? 0, currency)}</strong>)}
      <strong>{t("safety.mails_of", { count: view.mails_today, n: format.count(view.mails_today), most: format.count(view.guard.daily_mails) })}</strong>
    </p>
  );
}

/** Currencies that a cap, today's use or the last week's orders name. */
function useCurrencies(view: GuardView, store: string): string[] {
  const { data } = useQuery(overviewQuery(store));
  const sold = [...(data?.last_7_days.revenue ?? []), ...(data?.previous_7_days.revenue ?? [])].map((line) => line.currency);
  const named = [...Object.keys(view.guard.daily_money), ...Object.keys(view.guard.support_money), ...Object.keys(view.money_today)];
  return [...new Set([...named, ...sold])].filter((currency) => CAPS.test(currency)).sort();
}

const capsOf = (caps: Record<string, number>): Caps => Object.fromEntries(Object.entries(caps).map(([currency, minor]) => [currency, plainAmount(minor, currency)]));
const bad = (text: string | undefined, currency: string) => text !== undefined && text.trim() !== "" && readAmount(text, currency) === null;

/** The caps in minor units; what is left empty is the usual. Null where one cannot be read. */
function minorOf(caps: Caps): Record<string, number> | null {
  const found: Record<string, number> = {};
  for (const [currency, text] of Object.entries(caps)) {
    if (text.trim() === "") continue;
    const minor = readAmount(text, currency);
    if (minor === null) return null;
    found[currency] = minor;
  }
  return found;
}

const inOrder = (caps: Record<string, number>) => Object.entries(caps).sort(([a], [b]) => (a < b ? -1 : 1));
const sorted = (guard: Guard) => [guard.writing, guard.stopped, inOrder(guard.daily_money), inOrder(guard.support_money), guard.daily_mails, guard.resend];
