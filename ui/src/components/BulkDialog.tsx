import { Button, Modal, Select, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ComponentType, ReactNode } from "react";
import { useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import { asApiError } from "../ipc/api_error";
import { call } from "../ipc/call";
import type { BulkArgs } from "../ipc/generated/BulkArgs";
import type { BulkPlan } from "../ipc/generated/BulkPlan";
import type { BulkKind } from "../lib/bulk_request";
import { onlyTotal } from "../lib/bulk_request";
import { REFUND_REASONS } from "../lib/fix_draft";
import { readAmount } from "../lib/money";
import { Banner, ErrorPanel, Waiting } from "../ui/Feedback";
import { Icon } from "../ui/Icon";
import table from "../ui/table.module.css";
import { WayOut } from "./Blocked";
import css from "./Bulk.module.css";
import { BulkRun, LeftOut } from "./BulkRun";
import dialog from "./Dialog.module.css";
import { AmountField } from "./FixFlow";
import { PlanView } from "./PlanView";

/** What has to be said before many orders are planned: a note, or why money goes back. */
export function BulkAsk({ kind, close, submit }: { kind: BulkKind; close: () => void; submit: (more: Partial<BulkArgs>) => void }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const [note, setNote] = useState("");
  const [reason, setReason] = useState<BulkArgs["reason"]>("requested_by_customer");
  const ready = kind !== "annotate" || note.trim() !== "";
  return (
    <Modal opened onClose={close} title={words.action(kind)} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form
        className={dialog["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) submit(kind === "annotate" ? { note: note.trim() } : { reason });
        }}
      >
        {kind === "annotate" ? (
          <Textarea size="xs" label={t("fix.note")} rows={3} maxLength={2000} data-autofocus value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        ) : (
          <Select
            label={t("fix.reason")} allowDeselect={false} value={reason} data={REFUND_REASONS.map((value) => ({ value, label: t(`refund_reason.${value}`) }))}
            onChange={(value) => setReason(REFUND_REASONS.find((known) => known === value) ?? reason)}
          />
        )}
        <div className={dialog["buttons"]}>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button type="submit" variant="filled" disabled={!ready}>{t("fix.show_plan")}</Button>
        </div>
      </form>
    </Modal>
  );
}

/** One plan for many orders that were selected, one confirmation, and how far it is. */
export function BulkDialog({ args, close }: { args: BulkArgs; close: (done: boolean) => void }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const store = useStoreId();
  const [done, setDone] = useState(false);
  return (
    <Modal opened onClose={() => close(done)} size={720} title={words.action(args.action)} closeButtonProps={{ "aria-label": t("common.close") }}>
      <BulkFlow about={["bulk_plan", store, args]} ask={() => call("bulk_plan", store, args)} close={close} onRun={() => setDone(true)} />
    </Modal>
  );
}

/** From a plan for many orders to how far its run is. `about` names what is asked for. */
export function BulkFlow({
  about, ask, close, onRun, trouble: Trouble = ErrorPanel,
}: {
  about: readonly unknown[]; ask: () => Promise<BulkPlan>; close: (done: boolean) => void; onRun?: () => void;
  /** How an error is shown. */
  trouble?: ComponentType<{ error: unknown; retry?: () => void }>;
}) {
  const { t } = useTranslation();
  const store = useStoreId();
  const seed = useId();
  const [attempt, setAttempt] = useState(0);
  // A plan is drawn once for each time somebody asks, and nothing is kept of it.
  const plan = useQuery({ queryKey: [...about, `${seed} ${attempt}`], queryFn: ask, meta: { topics: [] }, gcTime: 0 });
  const run = useCommand("bulk_run", store, ["actions", "findings", "preorders", "klaviyo"]);
  const overtaken = run.error !== null && ["PLAN_CHANGED", "NO_PLAN"].includes(asApiError(run.error).code);
  if (run.data !== undefined) {
    return (
      <div className={dialog["form"]}>
        <BulkRun first={run.data} store={store} open begun />
        <div className={dialog["buttons"]}><Button variant="filled" data-autofocus onClick={() => close(true)}>{t("fix.done")}</Button></div>
      </div>
    );
  }
  if (plan.data === undefined) {
    if (!plan.isError) return <Waiting rows={6} />;
    return (
      <div className={dialog["form"]}>
        <Trouble error={plan.error} retry={() => void plan.refetch()} />
        <WayOut code={asApiError(plan.error).code} />
        <div className={dialog["buttons"]}><Button data-autofocus onClick={() => close(false)}>{t("common.cancel")}</Button></div>
      </div>
    );
  }
  return (
    <Confirm
      key={plan.data.id} plan={plan.data} pending={run.isPending} overtaken={overtaken} back={() => close(false)}
      confirm={(amount) => run.mutate({ plan: plan.data.id, confirm_amount: amount }, { onSuccess: () => onRun?.() })}
      trouble={run.error === null ? null : overtaken ? (
        <Banner tone="amber" icon="warning" title={t("fix.changed")} action={
          <Button size="compact-xs" variant="filled" onClick={() => { run.reset(); setAttempt(attempt + 1); }}>{t("fix.new_plan")}</Button>
        }>{t("fix.changed_text")}</Banner>
      ) : <><Trouble error={run.error} /><WayOut code={asApiError(run.error).code} /></>}
    />
  );
}

/** Whether anybody gets a mail because of it. */
function Mailed({ mails }: { mails: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <p className={css["mailed"]} data-tone={mails > 0 ? "amber" : undefined} data-testid="bulk-mailed">
      <Icon name={mails > 0 ? "warning" : "info"} size={14} />
      {mails === 0 ? t("bulk.mails_nobody") : t("bulk.mails_people", { count: mails, n: format.count(mails) })}
    </p>
  );
}

function Confirm({
  plan, pending, overtaken, back, confirm, trouble,
}: { plan: BulkPlan; pending: boolean; overtaken: boolean; back: () => void; confirm: (amount: number | null) => void; trouble: ReactNode }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [typed, setTyped] = useState("");
  const sent = useRef(false);
  const safe = useRef<HTMLButtonElement>(null);
  const money = Object.entries(plan.money);
  const total = plan.confirm_amount ? onlyTotal(plan.money) : null;
  const amount = total === null ? null : readAmount(typed, total.currency);
  // One amount cannot stand for several currencies.
  const mixed = plan.confirm_amount && money.length > 1;
  const ready = plan.count > 0 && !overtaken && !mixed && (total === null || amount === total.amount_minor);
  const [first] = plan.sample;
  useEffect(() => safe.current?.focus(), []);
  useEffect(() => {
    if (!pending) sent.current = false;
  }, [pending]);
  return (
    <form
      className={dialog["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || pending || sent.current) return;
        sent.current = true;
        confirm(amount);
      }}
    >
      <dl className={css["sums"]} data-testid="bulk-plan">
        <div><dt>{t("bulk.count")}</dt><dd>{format.count(plan.count)}</dd></div>
        {money.map(([currency, minor]) => <div key={currency}><dt>{t("bulk.money")}</dt><dd>{format.money(minor, currency)}</dd></div>)}
        <div><dt>{t("bulk.mails")}</dt><dd>{format.count(plan.mails)}</dd></div>
        <div><dt>{t("bulk.left_out")}</dt><dd>{format.count(plan.refused.length)}</dd></div>
      </dl>
      {plan.action === "send_event" && plan.count > 0 ? <Mailed mails={plan.mails} /> : null}
      {plan.count === 0 ? <p className={table["dim"]}>{t("bulk.nothing")}</p> : null}
      <LeftOut rows={plan.refused} label={t("bulk.left_out")} />
      {first === undefined ? null : (
        <details className={css["sample"]} open={plan.refused.length === 0}>
          <summary>{t("bulk.sample", { count: plan.sample.length })}</summary>
          <ul>{plan.sample.map((one) => <li key={one.id}><PlanView plan={one} /></li>)}</ul>
        </details>
      )}
      {mixed ? <p className={dialog["why"]}>{t("bulk.one_currency")}</p> : null}
      {total === null ? null : <AmountField money={total} typed={typed} setTyped={setTyped} />}
      {trouble}
      <div className={dialog["buttons"]}>
        <Button ref={safe} onClick={back}>{t("common.cancel")}</Button>
        <Button type="submit" variant="filled" color={plan.action === "refund" || plan.mails > 0 ? "red" : undefined} disabled={!ready} loading={pending}>
          {t("bulk.confirm", { count: plan.count, n: format.count(plan.count) })}
        </Button>
      </div>
    </form>
  );
}
