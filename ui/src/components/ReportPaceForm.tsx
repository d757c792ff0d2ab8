import { Button, NumberInput, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { settingsQuery } from "../data/queries";
import type { ReportKindView } from "../ipc/generated/ReportKindView";
import { toast } from "../ui/Toasts";
import { KlaviyoProblem } from "./KlaviyoProblem";
import css from "./Reports.module.css";

const [LEAST_H, MOST_H] = [1, 720];

/** Whether and how often a kind is synced by itself. It is drawn anew as soon as the engine says something else. */
export function ReportPaceForm({ view, store }: { view: ReportKindView; store: string }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage_integrations");
  const settings = useQuery(settingsQuery(store)).data;
  const save = useCommand("settings_set", store, ["settings", "reports"]);
  const [on, setOn] = useState(view.on);
  const [hours, setHours] = useState<number | string>(view.every_h);
  const kind = t(`report_kind.${view.kind}`);
  const every = Number(hours);
  const changed = on !== view.on || every !== view.every_h;
  const fits = Number.isInteger(every) && every >= LEAST_H && every <= MOST_H;
  const closed = refusal !== undefined || settings === undefined;
  return (
    <form
      className={css["pace"]} title={refusal}
      onSubmit={(event) => {
        event.preventDefault();
        if (settings === undefined || closed || !changed || !fits || save.isPending) return;
        save.mutate({ ...settings, reports: { ...settings.reports, [view.kind]: { on, every_h: every } } }, { onSuccess: () => toast(t("reports.pace_set", { kind })) });
      }}
    >
      <Switch
        size="xs" label={t("reports.by_itself")} aria-label={t("reports.by_itself_kind", { kind })} data-testid={`report-on-${view.kind}`} checked={on} disabled={closed}
        onChange={(event) => setOn(event.currentTarget.checked)}
      />
      <span className={css["every"]} aria-hidden="true">{t("reports.every")}</span>
      <NumberInput
        w={76} aria-label={t("reports.every_kind", { kind })} data-testid={`report-hours-${view.kind}`} min={LEAST_H} max={MOST_H} clampBehavior="none" allowDecimal={false} allowNegative={false}
        value={hours} disabled={closed || !on} error={!fits} onChange={setHours}
      />
      <span className={css["unit"]} aria-hidden="true">{t("reports.hours")}</span>
      {changed ? <Button type="submit" variant="filled" data-testid={`report-pace-${view.kind}`} disabled={closed || !fits} loading={save.isPending}>{t("reports.set_pace")}</Button> : null}
      {fits ? null : <span className={css["failed"]} role="alert">{t("reports.hours_range", { least: LEAST_H, most: MOST_H })}</span>}
      {save.error === null ? null : <KlaviyoProblem error={save.error} />}
    </form>
  );
}
