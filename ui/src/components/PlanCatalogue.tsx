import { Button, Checkbox, Modal, NumberInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import { planCatalogueQuery } from "../data/queries";
import type { CataloguePrice } from "../ipc/generated/CataloguePrice";
import type { PlanRule } from "../ipc/generated/PlanRule";
import { Empty, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import table from "../ui/table.module.css";
import { Tag } from "../ui/Tag";
import dialog from "./Dialog.module.css";
import css from "./PlanTable.module.css";
import { Money } from "./Values";

/** Most prices that are listed at once; a search finds the others. */
const MOST = 100;

type Pick = { on: boolean; credits: number | string };

/** The account's products and prices: suggestions by their metadata, and any price with credits typed beside it. */
export function PlanCatalogue({ store, rules, onAdd, close }: { store: string; rules: readonly PlanRule[]; onAdd: (rules: PlanRule[]) => void; close: () => void }) {
  const { t } = useTranslation();
  const { data, error, isError, refetch } = useQuery(planCatalogueQuery(store));
  return (
    <Modal opened onClose={close} size="xl" title={t("plans.fill_title")} closeButtonProps={{ "aria-label": t("common.close") }}>
      {data === undefined ? (
        isError ? <ErrorPanel error={error} retry={() => void refetch()} /> : <Waiting rows={6} />
      ) : data.prices.length === 0 ? (
        <Empty icon="purchases" title={t("plans.no_prices")}>{t("plans.no_prices_text")}</Empty>
      ) : (
        <Prices prices={data.prices} rules={rules} onAdd={onAdd} close={close} />
      )}
    </Modal>
  );
}

function Prices({ prices, rules, onAdd, close }: { prices: readonly CataloguePrice[]; rules: readonly PlanRule[]; onAdd: (rules: PlanRule[]) => void; close: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [text, setText] = useState("");
  const [picks, setPicks] = useState<Readonly<Record<string, Pick>>>({});
  const covered = (price: CataloguePrice) => price.covered || rules.some((rule) => rule.by === "price" && rule.value === price.price);
  // What the metadata suggests is chosen until somebody says otherwise.
  const pickOf = (price: CataloguePrice): Pick =>
    picks[price.price] ?? { on: price.suggestion !== null && !covered(price), credits: price.suggestion?.credits ?? "" };
  const ruleOf = (price: CataloguePrice): PlanRule[] => {
    const { on, credits } = pickOf(price);
    return on && typeof credits === "number" ? [{ by: "price", value: price.price, plan: planOf(price), credits }] : [];
  };
  const asked = text.trim().toLowerCase();
  const found = prices.filter((price) =>
    asked === "" || [price.price, price.product, price.product_name, price.nickname, price.lookup_key].some((one) => one?.toLowerCase().includes(asked) === true));
  const chosen = prices.flatMap(ruleOf);
  return (
    <form
      className={dialog["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen.length > 0) onAdd(chosen);
      }}
    >
      <p className={dialog["note"]}>{t("plans.fill_note")}</p>
      <TextInput
        type="search" data-autofocus aria-label={t("plans.search_prices")} placeholder={t("plans.search_prices")} leftSection={<Icon name="search" size={14} />}
        value={text} onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className={css["prices"]}>
        <table className={table["table"]} aria-label={t("plans.fill_title")}>
          <tbody>
            {found.slice(0, MOST).map((price) => {
              const { on, credits } = pickOf(price);
              const name = `${planOf(price)} ${price.price}`;
              const set = (pick: Partial<Pick>) => setPicks({ ...picks, [price.price]: { on, credits, ...pick } });
              return (
                <tr key={price.price}>
                  <td><Checkbox aria-label={t("plans.choose", { name })} checked={on} onChange={(event) => set({ on: event.currentTarget.checked })} /></td>
                  <td>
                    <bdi>{planOf(price)}</bdi>{" "}
                    {price.product_name === planOf(price) ? null : <span className={table["dim"]}><bdi>{price.product_name}</bdi></span>}
                    <code className={css["priceId"]}>{price.price}</code>
                  </td>
                  <td className={table["number"]}><Money minor={price.amount_minor} currency={price.currency} /></td>
                  <td className={css["tags"]}>
                    {covered(price) ? <Tag tone="green">{t("plans.has_rule")}</Tag> : price.suggestion === null ? null : <Tag tone="accent">{t("plans.suggested")}</Tag>}
                    {price.active ? null : <Tag tone="grey">{t("plans.inactive")}</Tag>}
                  </td>
                  <td className={css["typed"]}>
                    <NumberInput
                      aria-label={t("plans.credits_of", { name })} placeholder={t("table.credits")} allowDecimal={false} allowNegative={false} hideControls
                      max={1_000_000_000_000} thousandSeparator={t("adjust.separator")} value={credits}
                      onChange={(typed) => set({ credits: typed, on: typed !== "" })}
                    />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
        {found.length === 0 ? <p className={css["note"]}>{t("preorders.no_value")}</p> : null}
        {found.length > MOST ? <p className={css["note"]}>{t("plans.more_prices", { n: format.count(found.length - MOST) })}</p> : null}
      </div>
      <div className={dialog["buttons"]}>
        <Button onClick={close}>{t("common.cancel")}</Button>
        <Button type="submit" variant="filled" disabled={chosen.length === 0}>{t("plans.add_rules", { count: chosen.length })}</Button>
      </div>
    </form>
  );
}

/** What the plan of a price is called. */
function planOf(price: CataloguePrice): string {
  return (price.suggestion?.plan ?? price.nickname ?? price.product_name ?? price.price).slice(0, 100);
}
