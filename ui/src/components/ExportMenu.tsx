import { Button, Menu } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useStore, useStoreId } from "../data/active_store";
import { useDeskRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import { call } from "../ipc/call";
import type { ExportKind } from "../ipc/generated/ExportKind";
import { dayOf } from "../lib/time";
import { Icon } from "../ui/Icon";
import { toast, toastError } from "../ui/Toasts";

const FORMATS = ["csv", "jsonl"] as const;

/** A page's export: all rows of its kind. */
export function ExportButton({ what }: { what: ExportKind }) {
  const { t } = useTranslation();
  // A file that is read may be exported too: nothing of it changes.
  const refusal = useDeskRefusal("repair");
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button disabled={refusal !== undefined} title={refusal} leftSection={<Icon name="download" size={14} />}>{t("export.button")}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <ExportMenuItems what={what} />
      </Menu.Dropdown>
    </Menu>
  );
}

/** Writes all rows of a kind to a file. The engine exports the whole kind, so the words say "all". */
export function ExportMenuItems({ what }: { what: ExportKind }) {
  const { t } = useTranslation();
  const format = useFormat();
  const id = useStoreId();
  const store = useStore();

  const run = async (as: (typeof FORMATS)[number]) => {
    const day = dayOf(Date.now() / 1000, format.timeZone);
    const picked = await call("shell_pick_file", null, {
      save: true, title: t("export.title"), default_name: `${fileName(store?.name ?? "foredeck")}-${what}-${day}.${as}`,
    });
    if (picked.path === null) return;
    const reply = await call("export", id, { what, format: as, path: picked.path });
    toast(t("export.done", { count: reply.rows, n: format.count(reply.rows), path: reply.path }));
  };

  return (
    <>
      {FORMATS.map((as) => (
        <Menu.Item
          key={as}
          onClick={() => {
            run(as).catch(toastError);
          }}
        >
          {t(`export.${what}_${as}`)}
        </Menu.Item>
      ))}
    </>
  );
}

/** A store's name as part of a file name. */
function fileName(name: string): string {
  return name.normalize("NFKC").replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "").toLowerCase() || "foredeck";
}
