import { useTranslation } from "react-i18next";

import css from "./Permissions.module.css";

/** What a restricted key must be allowed to read, in the words of Stripe's own page. */
const NEEDED = [
  "Events", "Checkout Sessions", "PaymentIntents", "Charges and Refunds", "Disputes", "Customers", "Products", "Prices",
  "Webhook Endpoints",
] as const;

/** Which permissions a restricted key needs. Names are Stripe's and are not translated. */
export function NeededPermissions() {
  const { t } = useTranslation();
  return (
    <div className={css["permissions"]}>
      <p>{t("permissions.intro")}</p>
      <ul className={css["list"]}>
        {NEEDED.map((name) => (
          <li key={name}>
            <span lang="en">{name}</span>
            <span className={css["read"]} lang="en">{"Read"}</span>
          </li>
        ))}
      </ul>
      <p>{t("permissions.missing")}</p>
    </div>
  );
}
