import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import type { ReportEngine } from "../ipc/generated/ReportEngine";
import type { ReportsView } from "../ipc/generated/ReportsView";
import { isOpen } from "../lib/report_sync";
import { Remarks } from "../ui/Remarks";
import { toast } from "../ui/Toasts";
import { RefusalText } from "./Blocked";
import dialog from "./Dialog.module.css";
import css from "./KlaviyoEvents.module.css";
import { KlaviyoProblem } from "./KlaviyoProblem";

const ENGINES = ["local", "server"] as const satisfies readonly ReportEngine[];

/** Chooses who syncs reports. What that calls off is said before it does. */
export function ReportEngineDialog({ view, store, close }: { view: ReportsView; store: string; close: () => void }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage_integrations");
  const [engine, setEngine] = useState<ReportEngine>(view.engine);
  const set = useCommand("reports_engine_set", store, ["reports", "settings"]);
  const same = engine === view.engine;
  const open = view.engine === "local" ? view.kinds.filter(isOpen).length : view.server.triggers.filter((one) => one.state === "queued").length;
  const lines = engine === "server"
    ? [t("reports.effect_server", { url: view.server.url }), t("reports.effect_stays")]
    : [t("reports.effect_local"), t("reports.effect_due")];
  return (
    <Modal opened onClose={close} size="lg" title={t("reports.engine_title")} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form
        className={dialog["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (same || refusal !== undefined || set.isPending) return;
          set.mutate({ engine }, {
            onSuccess: () => {
              toast(t("reports.engine_set", { engine: t(`report_engine.${engine}`) }));
              close();
            },
          });
        }}
      >
        <div className={css["options"]} role="radiogroup" aria-label={t("reports.engine")}>
          {ENGINES.map((one) => (
            <label key={one} className={css["option"]} data-chosen={one === engine}>
              <input type="radio" name="report-engine" value={one} checked={one === engine} disabled={refusal !== undefined} onChange={() => { setEngine(one); set.reset(); }} />
              <strong>{t(`report_engine.${one}`)}</strong>
              <span>{t(`report_engine_meaning.${one}`)}</span>
            </label>
          ))}
        </div>
        {same ? null : (
          <Remarks title={t("klaviyo_events.effects")} testId="engine-effects" warnings={open === 0 ? [] : [t("reports.effect_called_off", { count: open })]} notes={lines} />
        )}
        {set.error === null ? null : <KlaviyoProblem error={set.error} />}
        <div className={dialog["buttons"]}>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button type="submit" variant="filled" disabled={same || refusal !== undefined} title={refusal} loading={set.isPending}>{t("klaviyo_events.set_policy")}</Button>
        </div>
        {refusal === undefined ? null : <p className={dialog["why"]}><RefusalText refusal={refusal} /></p>}
      </form>
    </Modal>
  );
}
