import { Autocomplete, Button, NumberInput, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { BackButton, useBack } from "../components/Back";
import { RefusalText } from "../components/Blocked";
import { FixFlow } from "../components/FixFlow";
import { useStoreId } from "../data/active_store";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { useKnownValues } from "../data/known_values";
import { planCatalogueQuery } from "../data/queries";
import type { ActionRequest } from "../ipc/generated/ActionRequest";
import type { CataloguePrice } from "../ipc/generated/CataloguePrice";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Page, Section } from "../ui/Page";
import css from "./NewPreorder.module.css";

/** Support takes an order: who, what and which colour; then the plan, and the link that is handed over. */
export function NewPreorder() {
  const { t } = useTranslation();
  const store = useStoreId();
  const navigate = useNavigate();
  const { data, error, isError, refetch } = useQuery(planCatalogueQuery(store));
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [request, setRequest] = useState<ActionRequest | null>(null);
  const [done, setDone] = useState(false);
  const toList = () => void navigate({ to: "/s/$store/preorders", params: { store } });
  const back = useBack(toList);
  const prices = data?.prices.filter((price) => price.active && price.amount_minor !== null) ?? [];
  return (
    <Page title={<span className={css["title"]}><BackButton back={back} />{t("new_preorder.title")}</span>} note={t("new_preorder.note")}>
      <div className={css["narrow"]}>
        <Section title={t(request === null ? "new_preorder.order" : done ? "fix.outcome_title" : "fix.plan_title")}>
          {request !== null ? (
            <FixFlow request={request} back={() => setRequest(null)} onRun={() => setDone(true)} close={toList} />
          ) : data === undefined ? (
            isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Waiting rows={6} />
          ) : prices.length === 0 ? (
            <Empty icon="purchases" title={t("new_preorder.no_prices")}>{t("new_preorder.no_prices_text")}</Empty>
          ) : (
            <Form draft={draft} put={(change) => setDraft({ ...draft, ...change })} prices={prices} plan={setRequest} />
          )}
        </Section>
      </div>
    </Page>
  );
}

type Draft = { email: string; name: string; color: string; locale: string; price: string | null; quantity: number };
const EMPTY: Draft = { email: "", name: "", color: "", locale: "", price: null, quantity: 1 };

function requestOf(draft: Draft): ActionRequest | null {
  const email = draft.email.trim();
  const at = email.lastIndexOf("@");
  const complete = at > 0 && email.slice(at).includes(".") && draft.color.trim() !== "" && draft.locale.trim() !== "" && draft.quantity >= 1;
  if (!complete || draft.price === null) return null;
  return {
    action: "new_preorder", email, name: draft.name.trim() === "" ? null : draft.name.trim(), color: draft.color.trim(), locale: draft.locale.trim(),
    price: draft.price, quantity: draft.quantity,
  };
}

function Form({ draft, put, prices, plan }: { draft: Draft; put: (change: Partial<Draft>) => void; prices: readonly CataloguePrice[]; plan: (request: ActionRequest) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const refusal = useRefusal("repair");
  const request = requestOf(draft);
  const nameOf = (price: CataloguePrice) =>
    [price.product_name ?? price.price, price.nickname, format.money(price.amount_minor ?? 0, price.currency ?? "")].filter((part) => part !== null).join(" · ");
  return (
    <form
      className={css["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (request !== null && refusal === undefined) plan(request);
      }}
    >
      <div className={css["fields"]}>
        <TextInput label={t("sheet.email")} type="email" required withAsterisk={false} data-autofocus value={draft.email} onChange={(event) => put({ email: event.currentTarget.value })} />
        <TextInput label={t("new_preorder.name")} value={draft.name} onChange={(event) => put({ name: event.currentTarget.value })} />
        <Select
          className={css["price"]} label={t("new_preorder.price")} placeholder={t("new_preorder.choose_price")} searchable allowDeselect={false} value={draft.price}
          data={prices.map((price) => ({ value: price.price, label: nameOf(price) }))} onChange={(price) => put({ price })}
        />
        <Autocomplete size="xs" label={t("table.color")} data={useKnownValues("color")} value={draft.color} onChange={(color) => put({ color })} />
        <Autocomplete size="xs" label={t("table.locale")} placeholder={"en"} data={useKnownValues("locale")} value={draft.locale} onChange={(locale) => put({ locale })} />
        <NumberInput label={t("new_preorder.quantity")} min={1} max={100} allowDecimal={false} clampBehavior="blur" value={draft.quantity} onChange={(value) => put({ quantity: Number(value) })} />
      </div>
      <p className={css["note"]}>{t("new_preorder.what_happens")}</p>
      <div className={css["buttons"]}>
        {refusal === undefined ? null : <span className={css["why"]}><RefusalText refusal={refusal} /></span>}
        <Button type="submit" variant="filled" disabled={request === null || refusal !== undefined} title={refusal}>{t("fix.show_plan")}</Button>
      </div>
    </form>
  );
}
