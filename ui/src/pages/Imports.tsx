import { Button, Select, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { ImportBatches } from "../components/ImportBatches";
import { ImportMapping } from "../components/ImportMapping";
import { ImportOutcome } from "../components/ImportOutcome";
import { useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { call } from "../ipc/call";
import type { ImportPreview } from "../ipc/generated/ImportPreview";
import type { ShopKind } from "../ipc/generated/ShopKind";
import { readImportView, SHOP_KINDS } from "../lib/import_view";
import { sentence } from "../lib/sentence";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import { Page, Section } from "../ui/Page";
import { toast } from "../ui/Toasts";
import css from "./Imports.module.css";

/** The shop's own rows: a file is looked at, mapped, checked, and only then imported; every batch can be taken out again. */
export function Imports() {
  const { t } = useTranslation();
  const store = useStoreId();
  const navigate = useNavigate();
  const { kind } = readImportView(useSearch({ strict: false }));
  const [path, setPath] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  const [failed, setFailed] = useState<unknown>(null);

  const choose = async () => {
    setFailed(null);
    try {
      const picked = await call("shell_pick_file", null, { save: false, title: t("imports.file_title") });
      if (picked.path === null) return;
      setTyped(picked.path);
      setPath(picked.path);
    } catch (error) {
      setFailed(error);
    }
  };

  return (
    <Page title={t("imports.title")} note={t("imports.note")}>
      <Section title={t("imports.file")} note={t("imports.file_note")}>
        <div className={css["choose"]}>
          <Select
            className={css["kindSelect"]} label={t("imports.kind")} description={t(`imports.about.${kind}`)} allowDeselect={false} value={kind}
            data={SHOP_KINDS.map((one) => ({ value: one, label: t(`imports.kinds.${one}`) }))}
            onChange={(value) => {
              const chosen = SHOP_KINDS.find((one) => one === value);
              if (chosen !== undefined) void navigate({ to: "/s/$store/imports", params: { store }, search: { kind: chosen }, replace: true });
            }}
          />
          <Button leftSection={<Icon name="file" size={14} />} variant={path === null ? "filled" : "default"} onClick={() => void choose()}>
            {t(path === null ? "imports.choose" : "imports.choose_another")}
          </Button>
          <form className={css["typed"]} onSubmit={(event) => { event.preventDefault(); if (typed.trim() !== "") setPath(typed.trim()); }}>
            <TextInput
              className={css["path"]} label={t("imports.path")} name="import-file" value={typed} spellCheck={false} autoComplete="off"
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            <Button type="submit" disabled={typed.trim() === "" || typed.trim() === path}>{t("imports.look")}</Button>
          </form>
        </div>
        {failed === null ? null : <ErrorPanel error={failed} />}
      </Section>
      {path === null ? null : <File key={`${kind} ${path}`} kind={kind} path={path} store={store} done={() => { setPath(null); setTyped(""); }} />}
      <Section title={t("imports.batches")} note={t("imports.batches_note")} flush><ImportBatches store={store} /></Section>
    </Page>
  );
}

/** One file on its way: how it is read, what it would change, and the import itself. */
function File({ kind, path, store, done }: { kind: ShopKind; path: string; store: string; done: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const refusal = useRefusal("manage_integrations");
  const [map, setMap] = useState<Readonly<Record<string, string>>>({});
  const [preview, setPreview] = useState<ImportPreview | null>(null);
  const [agreed, setAgreed] = useState(false);
  const look = useCommand("import_preview", store);
  const check = useCommand("import_run", store);
  const run = useCommand("import_run", store, ["imports"]);
  const report = run.data ?? check.data;

  const ask = (asked: Readonly<Record<string, string>>) => {
    setMap(asked);
    setAgreed(false);
    check.reset();
    run.reset();
    look.mutate({ kind, path, map: asked }, { onSuccess: setPreview });
  };
  const { mutate } = look;
  useEffect(() => mutate({ kind, path }, { onSuccess: setPreview }), [mutate, kind, path]);

  const load = () => run.mutate({ kind, path, map, dry_run: false, accept_bad: agreed }, {
    onSuccess: (made) => {
      if (made.batch === null) return;
      toast(t("imports.done", { count: made.loaded, n: format.count(made.loaded), batch: made.batch }));
      done();
    },
  });
  const changes = report === undefined ? 0 : report.new + report.changed;
  const ready = check.data !== undefined && changes > 0 && (check.data.bad === 0 || agreed);

  return (
    <>
      {look.error === null ? null : <ErrorPanel error={look.error} retry={() => ask(map)} />}
      {preview === null ? (look.isPending ? <Section><Waiting rows={6} /></Section> : null) : (
        <>
          <Section
            title={t("imports.mapping")} flush
            note={t("imports.read_as", { format: preview.format.toUpperCase(), encoding: preview.encoding, delimiter: preview.delimiter === "\t" ? "⇥" : (preview.delimiter ?? "–") })}
          >
            <ImportMapping preview={preview} busy={look.isPending} onMap={(field, column) => ask({ ...map, [field]: column })} />
            {preview.problems.length === 0 ? null : (
              <ul className={css["problems"]} role="alert">
                {preview.problems.map((problem) => <li key={problem}><Icon name="warning" size={13} /> {sentence(problem)}</li>)}
              </ul>
            )}
            <div className={css["buttons"]}>
              <Button
                variant={check.data === undefined ? "filled" : "default"} disabled={preview.problems.length > 0 || look.isPending} loading={check.isPending}
                onClick={() => { run.reset(); check.mutate({ kind, path, map, dry_run: true }); }}
              >
                {t("imports.check")}
              </Button>
              <span className={css["note"]}>{t("imports.check_note")}</span>
            </div>
            {check.error === null ? null : <ErrorPanel error={check.error} />}
          </Section>
          {report === undefined ? null : (
            <Section title={t("imports.outcome")} note={t("imports.outcome_note")}>
              <ImportOutcome report={report} agreed={agreed} setAgreed={setAgreed} />
              {run.data !== undefined && run.data.batch === null ? <p className={css["refused"]} role="alert">{t("imports.nothing_loaded")}</p> : null}
              {run.error === null ? null : <ErrorPanel error={run.error} />}
              <div className={css["buttons"]}>
                <Button
                  variant="filled" disabled={refusal !== undefined || !ready} title={refusal} loading={run.isPending}
                  onClick={load}
                >
                  {t("imports.run", { count: changes, n: format.count(changes) })}
                </Button>
                {changes === 0 ? <span className={css["note"]}>{t("imports.no_changes")}</span> : null}
              </div>
            </Section>
          )}
        </>
      )}
    </>
  );
}
