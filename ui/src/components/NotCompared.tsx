import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useFormat } from "../data/format";
import type { Reconciliation } from "../ipc/generated/Reconciliation";
import { Icon } from "../ui/Icon";
import css from "./NotCompared.module.css";

const KINDS = ["purchases", "wallets", "wallet_entries", "users"] as const;

/** Says what could not be compared, and what to do about it. What is silent here was compared. */
export function NotCompared({ reply, store }: { reply: Reconciliation; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const missing = KINDS.filter((kind) => !reply.imported[kind]);
  if (missing.length === 0 && reply.has_plans && reply.unmapped === 0 && reply.since_import === 0) return null;
  return (
    <section className={css["box"]} aria-label={t("not_compared.title")}>
      <h2 className={css["title"]}>{t("not_compared.title")}</h2>
      <ul className={css["list"]}>
        {reply.has_plans ? null : (
          <li>
            <Icon name="warning" size={13} />
            <span>{t("not_compared.no_plans")} <Link className={css["link"]} to="/s/$store/settings" params={{ store }}>{t("plans.to_table")}</Link></span>
          </li>
        )}
        {missing.map((kind) => (
          <li key={kind}>
            <Icon name="info" size={13} />
            <span>
              {t(`not_compared.${kind}`)}{" "}
              <Link className={css["link"]} to="/s/$store/imports" params={{ store }} search={{ kind }}>{t(`not_compared_import.${kind}`)}</Link>
            </span>
          </li>
        ))}
        {reply.unmapped === 0 ? null : (
          <li>
            <Icon name="warning" size={13} />
            <span>
              {t("not_compared.unmapped", { count: reply.unmapped, n: format.count(reply.unmapped) })}{" "}
              <Link className={css["link"]} to="/s/$store/purchases" params={{ store }} search={{ coverage: "unmapped" }}>{t("not_compared.show_them")}</Link>
            </span>
          </li>
        )}
        {reply.since_import === 0 ? null : (
          <li><Icon name="clock" size={13} /><span>{t("not_compared.since_import", { count: reply.since_import, n: format.count(reply.since_import) })}</span></li>
        )}
      </ul>
    </section>
  );
}
