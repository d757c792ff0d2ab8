import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { healthQuery } from "../data/queries";
import { useWords } from "../data/words";
import css from "./KindNotice.module.css";
import { Icon } from "../ui/Icon";

/** Says which kinds a page rests on that the key may not read, with the permission's name at Stripe. */
export function KindNotice({ kinds }: { kinds: readonly string[] }) {
  const { t } = useTranslation();
  const words = useWords();
  const store = useStoreId();
  const { data } = useQuery(healthQuery(store));
  const missing = data?.kinds.filter((kind) => kind.missing_permission !== null && kinds.includes(kind.kind)) ?? [];
  if (missing.length === 0) return null;
  const permissions = [...new Set(missing.map((kind) => kind.missing_permission))];
  return (
    <div className={css["notice"]} role="status">
      <Icon name="key" size={14} />
      <p>
        {t("kind_notice.text", { kinds: missing.map((kind) => words.kind(kind.kind)).join(", ") })}{" "}
        {permissions.map((name) => <code key={name} className={css["permission"]}>{name}</code>)}
      </p>
      <Link className={css["link"]} to="/s/$store/health" params={{ store }}>{t("kind_notice.link")}</Link>
    </div>
  );
}
