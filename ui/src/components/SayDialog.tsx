import { Button, Modal, Textarea } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { announce } from "../data/changed";
import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import { useMinute } from "../data/now";
import { call } from "../ipc/call";
import type { FindingWord } from "../ipc/generated/FindingWord";
import type { FindingRow } from "../ipc/generated/FindingRow";
import { morningOf, SNOOZES, snoozeUntil } from "../lib/snooze";
import { addDays, dayOf } from "../lib/time";
import { ErrorPanel } from "../ui/Feedback";
import { toast } from "../ui/Toasts";
import css from "./Dialog.module.css";

export type Said = { state: FindingWord; until: number | null; note: string | null };

/** What an operator says of findings: asked for here, done by whoever opened it. */
export function SayDialog({
  word, title, submit, pending, error, close,
}: { word: Exclude<FindingWord, "open">; title: string; submit: (said: Said) => void; pending: boolean; error: unknown; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal opened onClose={close} title={title} closeButtonProps={{ "aria-label": t("common.close") }}>
      <div className={css["form"]}>
        {word === "snoozed" ? <Snoozes pending={pending} submit={(until) => submit({ state: word, until, note: null })} /> : (
          <Reason word={word} pending={pending} close={close} submit={(note) => submit({ state: word, until: null, note })} />
        )}
        {error === null ? null : <ErrorPanel error={error} />}
      </div>
    </Modal>
  );
}

function Snoozes({ submit, pending }: { submit: (until: number) => void; pending: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useMinute();
  const [day, setDay] = useState<string | null>(null);
  const today = dayOf(now, format.timeZone);
  return (
    <>
      {/* Each choice has its digit: two keys put a finding off. */}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        className={css["choices"]}
        onKeyDown={(event) => {
          const chosen = SNOOZES[Number(event.key) - 1];
          if (chosen !== undefined && !pending) submit(snoozeUntil(chosen, now, format.timeZone));
        }}
      >
        {SNOOZES.map((snooze, index) => {
          const until = snoozeUntil(snooze, now, format.timeZone);
          return (
            <Button
              key={snooze} data-autofocus={index === 0 ? true : undefined} justify="space-between" fullWidth disabled={pending} leftSection={<kbd>{index + 1}</kbd>}
              rightSection={<span className={css["when"]}>{format.short(until, now)}</span>} onClick={() => submit(until)}
            >
              {t(`snooze.${snooze}`)}
            </Button>
          );
        })}
      </div>
      <div className={css["row"]}>
        <DatePickerInput
          size="xs" label={t("snooze.date")} placeholder={t("snooze.choose")} minDate={addDays(today, 1)} maxDate={addDays(today, 365)}
          valueFormat={t("preorders.day_format")} value={day} onChange={setDay}
        />
        <Button variant="filled" disabled={day === null || pending} loading={pending} onClick={() => { if (day !== null) submit(morningOf(day, format.timeZone)); }}>
          {t("finding.snooze")}
        </Button>
      </div>
    </>
  );
}

function Reason({ word, submit, pending, close }: { word: "dismissed" | "resolved"; submit: (note: string | null) => void; pending: boolean; close: () => void }) {
  const { t } = useTranslation();
  const [note, setNote] = useState("");
  const said = note.trim();
  const ready = said !== "" || word === "resolved";
  return (
    <form
      className={css["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !pending) submit(said === "" ? null : said);
      }}
    >
      <Textarea
        size="xs" label={t(word === "dismissed" ? "finding.why_dismissed" : "finding.how_resolved")} rows={3} maxLength={2000} data-autofocus
        description={t(word === "dismissed" ? "finding.dismiss_note" : "finding.resolve_note")} value={note} onChange={(event) => setNote(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
        }}
      />
      <div className={css["buttons"]}>
        <Button onClick={close}>{t("common.cancel")}</Button>
        <Button type="submit" variant="filled" disabled={!ready} loading={pending}>{t(word === "dismissed" ? "finding.dismiss" : "finding.resolve")}</Button>
      </div>
    </form>
  );
}

/** Says something of one finding: planned and run in one go, since it stays here and can be taken back. */
export function useSay() {
  const { t } = useTranslation();
  const store = useStoreId();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ finding, said }: { finding: FindingRow; said: Said }) => {
      const plan = await call("action_plan", store, { action: "set_finding", finding: finding.id, ...said });
      return call("action_run", store, { plan: plan.id, confirm_amount: null });
    },
    onSuccess: (_view, { said }) => {
      announce(client, store, ["findings", "actions", "preorders"]);
      toast(t(`said.${said.state}`));
    },
  });
}

/** The dialog about one finding. */
export function SayOfOne({ finding, word, close }: { finding: FindingRow; word: Exclude<FindingWord, "open">; close: () => void }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const say = useSay();
  return (
    <SayDialog
      word={word} title={t(`say_title.${word}`, { finding: words.finding(finding.rule) })} pending={say.isPending} error={say.error} close={close}
      submit={(said) => say.mutate({ finding, said }, { onSuccess: close })}
    />
  );
}
