import { useTranslation } from "react-i18next";

import { useStore } from "../data/active_store";
import { useFormat } from "../data/format";
import { useKlaviyoWords } from "../data/klaviyo_words";
import { useMinute } from "../data/now";
import type { KlaviyoStatus } from "../ipc/generated/KlaviyoStatus";
import type { KlaviyoView } from "../ipc/generated/KlaviyoView";
import { sentence, sentences } from "../lib/sentence";
import { Cell, Cells } from "../ui/Cells";
import table from "../ui/table.module.css";
import type { Tone } from "../ui/Tag";
import { Tag } from "../ui/Tag";
import css from "./Klaviyo.module.css";
import { Instant } from "./Values";

const TONES: Record<KlaviyoStatus, Tone> = { connected: "green", disconnected: "red", error: "amber", not_configured: "grey" };

/** Where the store stands with Klaviyo, since when and why, and until when Klaviyo asks to wait. */
export function KlaviyoState({ view }: { view: KlaviyoView }) {
  const { t } = useTranslation();
  const words = useKlaviyoWords();
  // A file never has a key: that says nothing of the connection.
  const unknown = useStore()?.read_only === true && view.code === "NO_KLAVIYO_KEY";
  const trouble = view.code === null || unknown ? null : words.trouble({ code: view.code, message: view.message ?? "", hint: view.hint ?? "" });
  return (
    <section className={css["state"]} aria-label={t("klaviyo.state")} data-testid="klaviyo-state" data-status={view.status}>
      <Cells>
        <Cell name={t("klaviyo.state")}>
          <Tag tone={unknown ? "grey" : TONES[view.status]} dot>{unknown ? t("klaviyo.since_unknown") : t(`klaviyo.status.${view.status}`)}</Tag>
        </Cell>
        <Cell name={t("klaviyo.since")}>
          {view.since === null ? t(view.status === "not_configured" ? "klaviyo.never" : "klaviyo.since_unknown") : <Instant at={view.since} />}
        </Cell>
        {view.account === null ? null : (
          <>
            <Cell name={t("klaviyo.checked")}><Instant at={view.checked_at} /></Cell>
            <Cell name={t("klaviyo.last_sync")}>{view.last_sync === null ? t("klaviyo.no_sync_yet") : <Instant at={view.last_sync} />}</Cell>
            <Cell name={t("klaviyo.sync_state")}>
              {view.sync_status === null ? t("klaviyo.no_sync") : <span title={t(`klaviyo.sync_meaning.${view.sync_status}`)}>{t(`klaviyo.sync.${view.sync_status}`)}</span>}
            </Cell>
          </>
        )}
      </Cells>
      {trouble === null ? <p className={css["meaning"]}>{unknown ? t("klaviyo.in_file") : t(`klaviyo.meaning.${view.status}`)}</p> : (
        <p className={view.status === "not_configured" ? css["meaning"] : css["problem"]} role={view.status === "not_configured" ? undefined : "alert"}>
          {sentences(sentence(trouble.message), sentence(trouble.hint))}{" "}
          {trouble.detail === null ? null : <bdi className={table["dim"]}>{sentence(trouble.detail)} </bdi>}
          <code className={table["mono"]}>{trouble.code}</code>
        </p>
      )}
      <Waits view={view} />
    </section>
  );
}

function Waits({ view }: { view: KlaviyoView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useMinute();
  const waits = view.waits.filter((wait) => wait.until > now);
  if (waits.length === 0) return null;
  return (
    <div className={css["waits"]} role="status" data-testid="klaviyo-waits">
      <strong>{t("klaviyo.waits")}</strong>
      <ul>
        {waits.map((wait) => (
          <li key={wait.endpoint}>
            <code className={table["mono"]}>{wait.endpoint}</code>
            <span>{t("klaviyo.wait_until", { time: format.instant(wait.until), distance: format.distance(wait.until, now) })}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
