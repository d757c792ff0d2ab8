import { useState } from "react";
import { useTranslation } from "react-i18next";

import { CopyButton } from "../ui/Copy";
import { Icon } from "../ui/Icon";
import { Raw } from "./RawFacts";
import css from "./RawObject.module.css";

/** An id of Stripe's that opens to its stored JSON, which is read only then, and that can be copied. */
export function RawObject({ id, store, label }: { id: string; store: string; label: string }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  return (
    <div className={css["object"]}>
      <div className={css["row"]}>
        <button type="button" className={css["open"]} aria-expanded={shown} aria-label={t("sheet.raw_of", { id })} onClick={() => setShown(!shown)}>
          <Icon name={shown ? "chevron_down" : "chevron_right"} size={13} />
          <code className={css["id"]}>{id}</code>
        </button>
        <CopyButton text={id} label={label} />
      </div>
      {shown ? <Raw id={id} store={store} /> : null}
    </div>
  );
}
