import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { useRefusal } from "../data/desk";
import { guardQuery, orderActionsQuery } from "../data/fix_queries";
import { useFixWords } from "../data/fix_words";
import { sheetQuery } from "../data/queries";
import type { ActionKind } from "../ipc/generated/ActionKind";
import type { ActionRequest } from "../ipc/generated/ActionRequest";
import type { DisabledReason } from "../ipc/generated/DisabledReason";
import type { PreorderSheet } from "../ipc/generated/PreorderSheet";
import type { FixChoice, FixSubject } from "../lib/fix_choice";
import { choicesOf, firstChoice, objectOf } from "../lib/fix_choice";
import { draftOf, requestOf } from "../lib/fix_draft";
import { ErrorPanel, Waiting } from "../ui/Feedback";
import { BlockedNote, RefusalText } from "./Blocked";
import dialog from "./Dialog.module.css";
import css from "./FixDialog.module.css";
import { FixFlow } from "./FixFlow";
import { FixForm } from "./FixForm";

/** Chooses what is done about an order or a finding, fills it in, and sees it through. */
export function FixDialog({ subject, close }: { subject: FixSubject; close: () => void }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const [request, setRequest] = useState<ActionRequest | null>(null);
  const [done, setDone] = useState(false);
  const title = done ? t("fix.outcome_title") : request !== null ? t("fix.plan_title") : subject.finding === undefined ? t("fix.title") : words.finding(subject.finding.rule);
  return (
    <Modal opened onClose={close} title={title} size={760} closeButtonProps={{ "aria-label": t("common.close") }}>
      {request === null
        ? <Choose subject={subject} close={close} onPlan={setRequest} />
        : <FixFlow request={request} back={() => setRequest(null)} close={close} onRun={() => setDone(true)} />}
    </Modal>
  );
}

function Choose({ subject, close, onPlan }: { subject: FixSubject; close: () => void; onPlan: (request: ActionRequest) => void }) {
  const { t } = useTranslation();
  const store = useStoreId();
  const known = subject.order !== null;
  const blocked = useBlocked(store);
  const actions = useQuery({ ...orderActionsQuery(store, subject.order ?? ""), enabled: known });
  const sheet = useQuery({ ...sheetQuery(store, subject.order ?? ""), enabled: known });
  if (known && actions.isError) return <ErrorPanel error={actions.error} retry={() => void actions.refetch()} />;
  if (known && (actions.data === undefined || (sheet.data === undefined && !sheet.isError))) return <Waiting rows={6} />;
  const choices = choicesOf(actions.data?.allowed ?? [], subject, blocked);
  if (choices.length === 0) {
    return (
      <div className={dialog["form"]}>
        <p>{t("fix.nothing")}</p>
        <div className={dialog["buttons"]}><Button data-autofocus onClick={close}>{t("common.close")}</Button></div>
      </div>
    );
  }
  return <Chooser choices={choices} subject={subject} sheet={sheet.data} close={close} onPlan={onPlan} />;
}

/** Why an action cannot be sent now, for those that the order's own list does not have. */
function useBlocked(store: string): (action: ActionKind) => DisabledReason | null {
  const { t } = useTranslation();
  const guard = useQuery(guardQuery(store)).data?.guard;
  return (action) => {
    if (guard === undefined || action === "annotate" || action === "reverse_grant") return null;
    const code = guard.stopped ? "WRITES_STOPPED" : !guard.writing ? "WRITING_OFF" : action === "resend_event" && !guard.resend ? "RESEND_OFF" : null;
    return code === null ? null : { code, message: t(`refusal.${code}`), hint: t(`refusal_cure.${code}`) };
  };
}

function Chooser({
  choices, subject, sheet, close, onPlan,
}: { choices: readonly FixChoice[]; subject: FixSubject; sheet: PreorderSheet | undefined; close: () => void; onPlan: (request: ActionRequest) => void }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const refusal = useRefusal("repair");
  const [key, setKey] = useState(() => firstChoice(choices, subject)?.key);
  const choice = choices.find((one) => one.key === key) ?? choices[0];
  return (
    <div className={css["columns"]}>
      <ul className={css["choices"]} role="radiogroup" aria-label={t("fix.actions")}>
        {choices.map((one) => (
          <li key={one.key}>
            <Choice choice={one} pressed={one.key === choice?.key} many={choices.filter((other) => other.action === one.action).length > 1} choose={() => setKey(one.key)} />
          </li>
        ))}
      </ul>
      {choice === undefined ? null : (
        <div className={css["right"]}>
          <p className={css["meaning"]}>{words.actionMeaning(choice.action)}</p>
          <Fill key={choice.key} choice={choice} subject={subject} sheet={sheet} refusal={refusal} close={close} onPlan={onPlan} />
        </div>
      )}
    </div>
  );
}

function Choice({ choice, pressed, many, choose }: { choice: FixChoice; pressed: boolean; many: boolean; choose: () => void }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const object = choice.request === null ? null : objectOf(choice.request);
  const event = choice.request?.action === "send_event" ? words.klaviyoEvent(choice.request.event) : null;
  return (
    <button type="button" role="radio" aria-checked={pressed} aria-disabled={choice.disabled !== null} className={css["choice"]} data-testid={`fix-${choice.action}`} onClick={choose}>
      <span className={css["name"]}>
        {words.action(choice.action)}{event === null ? "" : `: ${event}`}
        {choice.suggested ? <span className={css["suggested"]}>{t("fix.suggested")}</span> : null}
      </span>
      {many && object !== null ? <code className={css["id"]}>{object}</code> : null}
      {choice.disabled === null ? null : (
        <span className={css["disabled"]} title={words.refusalCure(choice.action, choice.disabled.code, choice.disabled.hint)}>{words.refusal(choice.disabled.code, choice.disabled.message)}</span>
      )}
    </button>
  );
}

function Fill({
  choice, subject, sheet, refusal, close, onPlan,
}: {
  choice: FixChoice; subject: FixSubject; sheet: PreorderSheet | undefined; refusal: string | undefined; close: () => void;
  onPlan: (request: ActionRequest) => void;
}) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(() => draftOf(choice, subject, sheet));
  const form = useRef<HTMLFormElement>(null);
  const request = choice.disabled === null ? requestOf(choice, draft, subject, sheet) : null;
  const complete = useRef(request !== null);

  // Where something is missing, to the first field; else to the button that shows the plan, which does nothing yet.
  useEffect(() => {
    const at = complete.current ? 'button[type="submit"]' : "input, textarea, button";
    const safe = form.current?.querySelector<HTMLElement>(at);
    // The dialog looks for this mark when it opens, which is after this.
    safe?.setAttribute("data-autofocus", "");
    safe?.focus();
  }, []);
  return (
    <form
      ref={form}
      className={dialog["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (request !== null && refusal === undefined) onPlan(request);
      }}
    >
      {choice.disabled === null ? (
        <FixForm choice={choice} subject={subject} sheet={sheet} draft={draft} put={(change) => setDraft({ ...draft, ...change })} />
      ) : (
        <BlockedNote action={choice.action} reason={choice.disabled} />
      )}
      <div className={dialog["buttons"]}>
        <Button onClick={close}>{t("common.cancel")}</Button>
        <Button type="submit" variant="filled" disabled={request === null || refusal !== undefined} title={refusal}>{t("fix.show_plan")}</Button>
      </div>
      {refusal === undefined ? null : <p className={dialog["why"]}><RefusalText refusal={refusal} /></p>}
    </form>
  );
}
