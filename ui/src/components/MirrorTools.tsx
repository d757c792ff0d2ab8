import { Button, Menu } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useStore, useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useDeskRefusal, useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { call } from "../ipc/call";
import type { Health } from "../ipc/generated/Health";
import type { MirrorReport } from "../ipc/generated/MirrorReport";
import { sentence } from "../lib/sentence";
import { dayOf } from "../lib/time";
import { CopyId } from "../ui/Copy";
import { ErrorPanel } from "../ui/Feedback";
import { Fact, Facts } from "../ui/Facts";
import { Icon } from "../ui/Icon";
import { ExportMenuItems } from "./ExportMenu";
import css from "./MirrorTools.module.css";

type Work = "verify" | "rebuild" | "backup";

/** The mirror file: its size and place, and what can be done with it. None of it loses anything. */
export function MirrorTools({ health }: { health: Health }) {
  const { t } = useTranslation();
  const format = useFormat();
  const id = useStoreId();
  const store = useStore();
  const verify = useCommand("mirror_verify", id);
  const rebuild = useCommand("mirror_rebuild", id, ["preorders", "sync"]);
  const backup = useCommand("mirror_backup", id);
  const [done, setDone] = useState<{ work: Work; report: MirrorReport; path?: string } | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const [mayRebuild, mayCopy] = [useRefusal("manage_integrations"), useDeskRefusal("repair")];
  const busy = verify.isPending || rebuild.isPending || backup.isPending;

  const run = async (work: Work) => {
    setDone(null);
    setFailed(null);
    try {
      if (work === "verify") setDone({ work, report: await verify.mutateAsync({}) });
      else if (work === "rebuild") setDone({ work, report: await rebuild.mutateAsync({}) });
      else {
        const day = dayOf(Date.now() / 1000, format.timeZone);
        const { path } = await call("shell_pick_file", null, { save: true, title: t("mirror.backup_title"), default_name: `foredeck-${id}-${day}.sqlite` });
        if (path !== null) setDone({ work, report: await backup.mutateAsync({ path }), path });
      }
    } catch (error) {
      setFailed(error);
    }
  };

  return (
    <>
      <Facts>
        <Fact name={t("mirror.size")}>{format.bytes(health.file_bytes)}</Fact>
        {store === undefined ? null : <Fact name={t("mirror.place")}><CopyId id={store.mirror_path} label={t("mirror.place")} /></Fact>}
      </Facts>
      <div className={css["buttons"]}>
        <Button loading={verify.isPending} disabled={busy} onClick={() => void run("verify")} title={t("mirror.verify_meaning")}>{t("mirror.verify")}</Button>
        {store?.read_only === true ? null : (
          <Button loading={rebuild.isPending} disabled={busy || mayRebuild !== undefined} onClick={() => void run("rebuild")} title={mayRebuild ?? t("mirror.rebuild_meaning")}>{t("mirror.rebuild")}</Button>
        )}
        <Button loading={backup.isPending} disabled={busy || mayCopy !== undefined} onClick={() => void run("backup")} title={mayCopy ?? t("mirror.backup_meaning")}>{t("mirror.backup")}</Button>
        <Menu>
          <Menu.Target><Button disabled={mayCopy !== undefined} title={mayCopy} leftSection={<Icon name="download" size={13} />}>{t("export.button")}</Button></Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{t("export.preorders")}</Menu.Label>
            <ExportMenuItems what="preorders" />
            <Menu.Label>{t("export.events")}</Menu.Label>
            <ExportMenuItems what="events" />
            <Menu.Label>{t("export.customers")}</Menu.Label>
            <ExportMenuItems what="customers" />
          </Menu.Dropdown>
        </Menu>
      </div>
      <div role="status">
        {done === null ? null : (
          <div className={css["report"]} data-ok={done.report.ok}>
            <p>
              <Icon name={done.report.ok ? "check" : "warning"} size={14} />
              {done.report.ok ? t(`mirror.ok.${done.work}`) : t("mirror.problems", { count: done.report.problems.length })}
            </p>
            <p className={css["numbers"]}>{t("mirror.numbers", { facts: format.count(done.report.facts), preorders: format.count(done.report.preorders) })}</p>
            {done.path === undefined ? null : <p className={css["numbers"]}>{done.path}</p>}
            <ul>{done.report.problems.map((problem) => <li key={problem}>{sentence(problem)}</li>)}</ul>
          </div>
        )}
      </div>
      {failed === null ? null : <ErrorPanel error={failed} />}
    </>
  );
}
