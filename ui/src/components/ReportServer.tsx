import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { useKeyed } from "../data/keyed";
import { settingsQuery } from "../data/queries";
import { useReportWords } from "../data/report_words";
import type { ReportServerView } from "../ipc/generated/ReportServerView";
import { sentence } from "../lib/sentence";
import { ErrorPanel } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Columns, Section } from "../ui/Page";
import table from "../ui/table.module.css";
import { toast } from "../ui/Toasts";
import state from "./Klaviyo.module.css";
import { takeKey } from "./KlaviyoKeyField";
import { ReportTriggers } from "./ReportTriggers";
import css from "./Reports.module.css";

/** The shop's report server: where it is, its key, whether it is there, and what it was told. */
export function ReportServer({ server, store }: { server: ReportServerView; store: string }) {
  return (
    <>
      <Columns shape="even">
        <Place key={`${server.url} ${server.key_header}`} server={server} store={store} />
        <Key server={server} store={store} />
      </Columns>
      <ReportTriggers triggers={server.triggers} />
    </>
  );
}

/** An error of the report server's in the reader's own words. */
function ServerProblem({ error }: { error: unknown }) {
  return <ErrorPanel error={error} say={useReportWords().serverTrouble} />;
}

function Place({ server, store }: { server: ReportServerView; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const may = useRefusal("repair");
  const refusal = useRefusal("manage_integrations");
  const settings = useQuery(settingsQuery(store)).data;
  const save = useCommand("settings_set", store, ["settings", "reports"]);
  const test = useCommand("report_test", store);
  const [url, setUrl] = useState<string | null>(null);
  const [header, setHeader] = useState(server.key_header);
  const kept = settings?.reports.server_url ?? "";
  const typed = url ?? kept;
  const changed = settings !== undefined && (typed.trim() !== kept || header.trim() !== server.key_header);
  const closed = refusal !== undefined || settings === undefined;
  return (
    <Section
      title={t("reports.server")}
      actions={<Button data-testid="report-test" disabled={may !== undefined || changed} title={may ?? (changed ? t("reports.save_first") : undefined)} loading={test.isPending} onClick={() => test.mutate({})}>{t("reports.test")}</Button>}
    >
      <form
        className={state["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (settings === undefined || closed || !changed || save.isPending) return;
          const reports = { ...settings.reports, server_url: typed.trim() === "" ? null : typed.trim(), server_key_header: header.trim() };
          save.mutate({ ...settings, reports }, { onSuccess: () => { test.reset(); toast(t("settings.saved")); } });
        }}
      >
        <TextInput
          label={t("reports.server_url")} description={t("reports.server_url_note")} data-testid="report-url" placeholder={server.url} value={typed} disabled={closed} autoComplete="off" spellCheck={false}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <TextInput
          label={t("reports.key_header")} description={t("reports.key_header_note")} data-testid="report-header" value={header} disabled={closed} autoComplete="off" spellCheck={false}
          onChange={(event) => setHeader(event.currentTarget.value)}
        />
        <div className={state["buttons"]}>
          <Button type="submit" variant="filled" disabled={closed || !changed} title={refusal} loading={save.isPending}>{t("settings.save")}</Button>
          <span className={state["small"]}>{t("reports.server_at")} <bdi><code className={table["mono"]}>{server.url === "" ? t("common.none") : server.url}</code></bdi></span>
        </div>
      </form>
      {server.problem === null ? null : <p className={css["failed"]} role="alert">{sentence(server.problem)}</p>}
      {test.data === undefined ? null : (
        <p className={css["tested"]} role="status" data-testid="report-tested" data-status={test.data.status}>
          <Icon name="check" size={14} />
          <span title={t("reports.tested_status", { status: test.data.status })}>{t("reports.tested", { ms: format.count(test.data.latency_ms) })}</span>
        </p>
      )}
      {test.error === null ? null : <ServerProblem error={test.error} />}
      {save.error === null ? null : <ServerProblem error={save.error} />}
    </Section>
  );
}

function Key({ server, store }: { server: ReportServerView; store: string }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage_integrations");
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(false);
  const set = useKeyed("report_server_key", store, ["reports"]);
  const submit = async (forget: boolean) => {
    const key = takeKey(field);
    setTyped(false);
    const now = await set.ask(forget ? {} : { key });
    if (now !== undefined) toast(t(forget ? "reports.key_forgotten" : now.server.key_source === "session" ? "reports.key_for_run" : "reports.key_set"));
  };
  return (
    <Section title={t("reports.server_key")}>
      <p className={state["line"]} data-testid="report-key">{t(`key_source.${server.key_source}`)}</p>
      <form
        className={state["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (typed && refusal === undefined && !set.pending) void submit(false);
        }}
      >
        <PasswordInput
          ref={field} label={t("reports.new_key")} defaultValue="" onChange={(event) => setTyped(event.currentTarget.value.trim() !== "")} disabled={refusal !== undefined}
          autoComplete="off" autoCorrect="off" spellCheck={false} visibilityToggleButtonProps={{ "aria-label": t("key.show") }} name="report-server-key" data-1p-ignore data-lpignore="true"
        />
        {set.error === null ? null : <ServerProblem error={set.error} />}
        <div className={state["buttons"]}>
          <Button type="submit" variant="filled" disabled={!typed || refusal !== undefined} title={refusal} loading={set.pending}>{t("reports.set_key")}</Button>
          <Button
            disabled={server.key_source === "none" || server.key_source === "environment" || refusal !== undefined} title={refusal ?? (server.key_source === "environment" ? t("reports.key_environment") : undefined)}
            onClick={() => void submit(true)}
          >
            {t("reports.forget_key")}
          </Button>
        </div>
        <p className={state["small"]}>{t("reports.key_note")}</p>
      </form>
    </Section>
  );
}
