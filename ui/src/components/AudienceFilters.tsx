import { Autocomplete, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useKnownValues } from "../data/known_values";
import type { AudienceView } from "../lib/audience_filter";
import { KEEPS, readCurrency } from "../lib/audience_filter";
import { AGES } from "../lib/lead_filter";
import { plainAmount, readAmount } from "../lib/money";
import { Chip, Chips } from "../ui/Chip";
import { DayRange } from "./DayRange";

type Show = (change: Partial<AudienceView>) => void;

/** What narrows an audience: whose order was of which colour, locale, days and worth, and who is not left out. */
export function AudienceFilters({ view, currencies, show }: { view: AudienceView; currencies: readonly string[]; show: Show }) {
  const { t } = useTranslation();
  const { currency, least, most } = view;
  return (
    <>
      <Values by="color" value={view.color} choose={(color) => show({ color })} />
      <Values by="locale" value={view.locale} choose={(locale) => show({ locale })} />
      <Select
        w={160} aria-label={t("table.started")} placeholder={t("leads.any_age")} clearable value={view.age ?? null}
        data={AGES.map((value) => ({ value, label: t(`leads.ages.${value}`) }))} onChange={(value) => show({ age: AGES.find((known) => known === value) })}
      />
      <DayRange label={t("audiences.days")} from={view.from} to={view.to} show={show} />
      {/* Amounts of another currency are other amounts: they go with it. */}
      <Currency key={currency ?? ""} value={currency} known={currencies} put={(chosen) => show({ currency: chosen, least: undefined, most: undefined })} />
      <Worth key={`least ${currency ?? ""} ${least ?? ""}`} label={t("leads.least")} currency={currency} value={least} other={most} isLeast put={(value) => show({ least: value })} />
      <Worth key={`most ${currency ?? ""} ${most ?? ""}`} label={t("leads.most")} currency={currency} value={most} other={least} isLeast={false} put={(value) => show({ most: value })} />
      <Chips label={t("audiences.keeps")}>
        {KEEPS.map((name) => <Chip key={name} pressed={view[name] === true} onClick={() => show({ [name]: view[name] === true ? undefined : true })}>{t(`audience_keep.${name}`)}</Chip>)}
      </Chips>
    </>
  );
}

function Values({ by, value, choose }: { by: "color" | "locale"; value: string | undefined; choose: (value: string | undefined) => void }) {
  const { t } = useTranslation();
  const known = useKnownValues(by);
  return (
    <Select
      w={112} aria-label={t(`table.${by}`)} placeholder={t(`preorders.any_${by}`)} clearable searchable value={value ?? null}
      data={value === undefined || known.includes(value) ? known : [...known, value]} onChange={(chosen) => choose(chosen ?? undefined)}
    />
  );
}

/** The currency that orders are in. Those in sight are offered; any other can be typed. */
function Currency({ value, known, put }: { value: string | undefined; known: readonly string[]; put: (value: string | undefined) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value?.toUpperCase() ?? "");
  const read = readCurrency(text);
  const tell = (typed: string) => {
    const chosen = readCurrency(typed);
    if (chosen !== value && (chosen !== undefined || typed.trim() === "")) put(chosen);
  };
  return (
    <Autocomplete
      w={124} aria-label={t("audiences.currency")} placeholder={t("audiences.any_currency")} maxLength={3} autoComplete="off" spellCheck={false} clearable value={text}
      data={[...new Set([...known, ...(value === undefined ? [] : [value])])].map((one) => one.toUpperCase())}
      error={text.trim().length === 3 && read === undefined ? t("audiences.no_currency") : null}
      onChange={(typed) => { setText(typed); if (typed === "") tell(typed); }} onOptionSubmit={tell} onBlur={() => tell(text)}
      onKeyDown={(event) => { if (event.key === "Enter") tell(text); }}
    />
  );
}

/** An amount of the chosen currency, in its own units. */
function Worth({
  label, currency, value, other, isLeast, put,
}: {
  label: string; currency: string | undefined; value: string | undefined; other: string | undefined; isLeast: boolean;
  put: (value: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState(currency === undefined || value === undefined ? "" : plainAmount(Number(value), currency));
  const [asked, setAsked] = useState(false);
  const minor = currency === undefined || text.trim() === "" ? null : readAmount(text, currency);
  const crossed = minor !== null && other !== undefined && (isLeast ? minor > Number(other) : minor < Number(other));
  const wrong = text.trim() === "" ? null : minor === null ? t("fix.bad_amount") : crossed ? t("audiences.crossed") : null;
  const tell = () => {
    setAsked(true);
    if (wrong !== null) return;
    const now = minor === null ? undefined : String(minor);
    if (now !== value) put(now);
  };
  return (
    <TextInput
      w={130} inputMode="decimal" aria-label={label} placeholder={label} autoComplete="off" value={text} disabled={currency === undefined}
      title={currency === undefined ? t("audiences.currency_first") : currency.toUpperCase()} error={asked ? wrong : null}
      onChange={(event) => setText(event.currentTarget.value)} onBlur={tell} onKeyDown={(event) => { if (event.key === "Enter") tell(); }}
    />
  );
}
