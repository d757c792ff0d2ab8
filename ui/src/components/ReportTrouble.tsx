import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useStore } from "../data/active_store";
import { klaviyoStatusQuery } from "../data/klaviyo_queries";
import { useKlaviyoWords } from "../data/klaviyo_words";
import { sentence } from "../lib/sentence";
import { Banner, Empty } from "../ui/Feedback";
import css from "./Reports.module.css";

/** Where the store is connected to no Klaviyo account. */
export function NotConnected({ store }: { store: string }) {
  const { t } = useTranslation();
  return (
    <Empty icon="chart" title={t("reports.not_connected")} action={<Link className={css["link"]} to="/s/$store/klaviyo" params={{ store }}>{t("klaviyo_events.connect")}</Link>}>
      {t("reports.not_connected_text")}
    </Empty>
  );
}

/** What is wrong with the connection itself, and the way to its page. */
export function ConnectionTrouble({ store }: { store: string }) {
  const { t } = useTranslation();
  const words = useKlaviyoWords();
  const { data: view } = useQuery(klaviyoStatusQuery(store));
  // A file never has a key: that says nothing of the connection.
  const file = useStore()?.read_only === true;
  if (view === undefined || file || view.account === null || view.code === null || (view.status !== "disconnected" && view.status !== "error")) return null;
  const said = words.trouble({ code: view.code, message: view.message ?? "", hint: view.hint ?? "" });
  return (
    <Banner
      tone={view.status === "disconnected" ? "red" : "amber"} icon="warning" title={sentence(said.message)}
      action={<Link className={css["link"]} to="/s/$store/klaviyo" params={{ store }}>{t("reports.to_klaviyo")}</Link>}
    >
      {t("reports.goes_on_after")}
    </Banner>
  );
}
