import { Button, Checkbox, Modal, Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useFormat } from "../data/format";
import { call } from "../ipc/call";
import type { AudienceCount } from "../ipc/generated/AudienceCount";
import type { AudienceFilter } from "../ipc/generated/AudienceFilter";
import type { AudienceFormat } from "../ipc/generated/AudienceFormat";
import { dayOf } from "../lib/time";
import { Banner } from "../ui/Feedback";
import { toast, toastError } from "../ui/Toasts";
import dialog from "./Dialog.module.css";
import { KlaviyoProblem } from "./KlaviyoProblem";

const FORMATS = ["csv", "meta", "google", "tiktok"] as const satisfies readonly AudienceFormat[];

/** Writes an audience to a file: in which format, hashed or not; how many people that is stands there before. */
export function AudienceExport({ store, count, filter, close }: { store: string; count: AudienceCount; filter: AudienceFilter; close: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [as, setAs] = useState<AudienceFormat>("csv");
  const [plain, setPlain] = useState(false);
  const [consent, setConsent] = useState(false);
  const write = useCommand("audience_export", store, ["actions"]);
  const open = as === "csv" || plain;
  const submit = async () => {
    const day = dayOf(Date.now() / 1000, format.timeZone);
    const { path } = await call("shell_pick_file", null, { save: true, title: t("audiences.export_title"), default_name: `${count.audience}-${as}-${day}.csv` });
    if (path === null) return;
    const options = as === "csv" ? {} : { plain, consent_column: consent };
    write.mutate({ audience: count.audience, filter, format: as, path, ...options }, {
      onSuccess: (reply) => {
        toast(t("audiences.exported", { count: reply.count.count, n: format.count(reply.count.count), path: reply.path }));
        close();
      },
    });
  };
  return (
    <Modal opened onClose={close} title={t("audiences.export_title")} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form
        className={dialog["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (!write.isPending) submit().catch(toastError);
        }}
      >
        <p>{t("audiences.export_count", { count: count.count, n: format.count(count.count), audience: t(`audience.${count.audience}`) })}</p>
        <Select
          label={t("audiences.format")} allowDeselect={false} value={as} data={FORMATS.map((value) => ({ value, label: t(`audience_format.${value}`) }))}
          onChange={(value) => setAs(FORMATS.find((known) => known === value) ?? as)}
        />
        {as === "csv" ? null : (
          <>
            <Checkbox label={t("audiences.plain")} description={t("audiences.plain_note")} checked={plain} onChange={(event) => setPlain(event.currentTarget.checked)} />
            <Checkbox label={t("audiences.consent_column")} description={t("audiences.consent_column_note")} checked={consent} onChange={(event) => setConsent(event.currentTarget.checked)} />
          </>
        )}
        {open ? <Banner tone="amber" icon="warning" title={t("audiences.readable")}>{t("audiences.readable_text")}</Banner> : null}
        {write.error === null ? null : <KlaviyoProblem error={write.error} />}
        <div className={dialog["buttons"]}>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button type="submit" variant="filled" disabled={count.count === 0} loading={write.isPending}>{t("audiences.choose_file")}</Button>
        </div>
      </form>
    </Modal>
  );
}
