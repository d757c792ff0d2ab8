import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useStore, useStoreId } from "../data/active_store";
import { useCommand } from "../data/commands";
import { useRefusal } from "../data/desk";
import { actionQuery, planQuery } from "../data/fix_queries";
import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import { asApiError } from "../ipc/api_error";
import type { ActionPlan } from "../ipc/generated/ActionPlan";
import type { ActionRequest } from "../ipc/generated/ActionRequest";
import type { ActionView } from "../ipc/generated/ActionView";
import { plainAmount, readAmount } from "../lib/money";
import { Banner, ErrorPanel, Waiting } from "../ui/Feedback";
import { ActionOutcome, isOver } from "./ActionOutcome";
import { RefusalText, WayOut } from "./Blocked";
import css from "./Dialog.module.css";
import { KlaviyoProblem } from "./KlaviyoProblem";
import { ModeTag } from "./ModeTag";
import { PlanView } from "./PlanView";

/** What an action that was just confirmed changes on screen. */
const TOPICS = ["actions", "preorders", "findings", "klaviyo"] as const;

/** One request from its plan to its outcome: nothing is done before the plan was shown and confirmed. */
export function FixFlow({
  request, back, close, onRun,
}: { request: ActionRequest; back: () => void; close: () => void; onRun?: () => void }) {
  const store = useStoreId();
  const seed = useId();
  const [attempt, setAttempt] = useState(0);
  const { data, error, isError, refetch } = useQuery(planQuery(store, request, `${seed} ${attempt}`));
  const run = useCommand("action_run", store, TOPICS);
  const { t } = useTranslation();
  // What Klaviyo and its rules say is said in the reader's words.
  const Trouble = request.action === "send_event" ? KlaviyoProblem : ErrorPanel;
  if (run.data !== undefined) return <Outcome first={run.data} close={close} />;
  if (data === undefined) {
    return isError ? (
      <div className={css["form"]}>
        <Trouble error={error} retry={() => void refetch()} />
        <WayOut code={asApiError(error).code} />
        <div className={css["buttons"]}><Button data-autofocus onClick={back}>{t("fix.back")}</Button></div>
      </div>
    ) : <Waiting rows={5} />;
  }
  const changed = run.error !== null && ["PLAN_CHANGED", "NO_PLAN"].includes(asApiError(run.error).code);
  return (
    <Confirm
      key={data.id} plan={data} back={back} pending={run.isPending}
      confirm={(amount) => run.mutate({ plan: data.id, confirm_amount: amount }, { onSuccess: () => onRun?.() })}
      trouble={run.error === null ? null : changed ? (
        <Banner tone="amber" icon="warning" title={t("fix.changed")} action={
          <Button size="compact-xs" variant="filled" onClick={() => { run.reset(); setAttempt(attempt + 1); }}>{t("fix.new_plan")}</Button>
        }>{t("fix.changed_text")}</Banner>
      ) : <><Trouble error={run.error} /><WayOut code={asApiError(run.error).code} /></>}
      overtaken={changed}
    />
  );
}

type ConfirmProps = {
  plan: ActionPlan; back: () => void; pending: boolean; confirm: (amount: number | null) => void; trouble: ReactNode; overtaken: boolean;
};

function Confirm({ plan, back, pending, confirm, trouble, overtaken }: ConfirmProps) {
  const { t } = useTranslation();
  const words = useFixWords();
  const store = useStore();
  const refusal = useRefusal(plan.money === null ? "repair" : "move_money");
  const [typed, setTyped] = useState("");
  const sent = useRef(false);
  const safe = useRef<HTMLButtonElement>(null);
  const money = plan.confirm_amount ? plan.money : null;
  const amount = money === null ? null : readAmount(typed, money.currency);
  const ready = refusal === undefined && !overtaken && (money === null || amount === money.amount_minor);

  // The plan is there to be read: Enter must not confirm it by accident.
  useEffect(() => safe.current?.focus(), []);
  useEffect(() => {
    if (!pending) sent.current = false;
  }, [pending]);

  return (
    <form
      className={css["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        // A second click comes before the first one shows.
        if (!ready || pending || sent.current) return;
        sent.current = true;
        confirm(amount);
      }}
    >
      <PlanView plan={plan} />
      {money === null ? null : <AmountField money={money} typed={typed} setTyped={setTyped} />}
      {trouble}
      {pending ? <p className={css["note"]} role="status">{t(plan.action === "send_event" ? "fix.sending" : "fix.running")}</p> : null}
      <div className={css["buttons"]}>
        {store !== undefined && plan.calls.length > 0 ? <span className={css["left"]}><ModeTag store={store} /></span> : null}
        <Button ref={safe} onClick={back}>{t("fix.back")}</Button>
        <Button
          type="submit" variant="filled" color={plan.money?.direction === "out" ? "red" : undefined} disabled={!ready} loading={pending}
          title={refusal}
        >
          {words.action(plan.action)}
        </Button>
      </div>
      {refusal === undefined ? null : <p className={css["why"]}><RefusalText refusal={refusal} /></p>}
    </form>
  );
}

/** Real money moves only for who has typed how much. */
export function AmountField({
  money, typed, setTyped,
}: { money: { amount_minor: number; currency: string }; typed: string; setTyped: (text: string) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const read = readAmount(typed, money.currency);
  const wrong = typed.trim() !== "" && read !== money.amount_minor;
  return (
    <TextInput
      label={t("fix.type_amount", { amount: format.money(money.amount_minor, money.currency) })} placeholder={plainAmount(money.amount_minor, money.currency)}
      autoComplete="off" inputMode="decimal" value={typed} error={wrong ? t("fix.other_amount") : null}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  );
}

const LOOK_EVERY_MS = 1000;

function Outcome({ first, close }: { first: ActionView; close: () => void }) {
  const { t } = useTranslation();
  const store = useStoreId();
  const { data } = useQuery({
    ...actionQuery(store, first.id), initialData: first,
    refetchInterval: ({ state }) => (state.data !== undefined && isOver(state.data) ? false : LOOK_EVERY_MS),
  });
  const done = useRef<HTMLButtonElement>(null);
  useEffect(() => done.current?.focus(), []);
  return (
    <div className={css["form"]}>
      <ActionOutcome view={data} />
      <div className={css["buttons"]}><Button ref={done} variant="filled" onClick={close}>{t("fix.done")}</Button></div>
    </div>
  );
}
