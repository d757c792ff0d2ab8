import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useCommand } from "../data/commands";
import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import { useKlaviyoWords } from "../data/klaviyo_words";
import { sayProblem } from "../i18n/problem_words";
import type { ActionState } from "../ipc/generated/ActionState";
import type { ActionView } from "../ipc/generated/ActionView";
import { mailDraft } from "../lib/mail_draft";
import { sentence, sentences } from "../lib/sentence";
import { CopyButton, CopyId } from "../ui/Copy";
import { Icon } from "../ui/Icon";
import type { Tone } from "../ui/Tag";
import { Tag } from "../ui/Tag";
import { toastError } from "../ui/Toasts";
import css from "./ActionOutcome.module.css";
import { Doer, Instant } from "./Values";

const TONES: Record<ActionState, Tone> = { queued: "grey", running: "accent", succeeded: "green", failed: "red", unknown: "amber" };

/** Whether nothing more will become of it. */
export function isOver(view: ActionView): boolean {
  if (view.state === "queued" || view.state === "running") return false;
  return view.state !== "succeeded" || view.verified !== null || view.plan.calls.length === 0;
}

/** What became of a confirmed action: state, proof, link, error, and what was sent. */
export function ActionOutcome({ view }: { view: ActionView }) {
  const { t, i18n } = useTranslation();
  const words = useFixWords();
  const klaviyo = useKlaviyoWords();
  const raw = { code: view.error_code ?? "", message: view.error ?? "", hint: "" };
  const said = view.plan.action === "send_event" ? klaviyo.trouble(raw) : sayProblem(raw, i18n.language);
  return (
    <div className={css["outcome"]} data-testid="outcome" role="status">
      <p className={css["head"]}>
        <Tag tone={TONES[view.state]} dot>{t(`action_state.${view.state}`)}</Tag>
        <strong>{words.action(view.plan.action)}</strong>
        <span className={css["who"]}><Doer name={view.operator} /> · <Instant at={view.confirmed_at} /></span>
      </p>
      <Verified view={view} />
      {view.error === null ? null : (
        <div className={css["error"]} role="alert">
          <p>{sentences(sentence(said.message), sentence(said.hint))}</p>
          {said.detail === null ? null : <p><bdi>{sentence(said.detail)}</bdi></p>}
          {view.error_code === null ? null : <code>{view.error_code}</code>}
        </div>
      )}
      {view.link === null ? null : <PaymentLink link={view.link} email={view.plan.email} />}
      <Steps view={view} />
      <p className={css["id"]}>{t("outcome.id")} <CopyId id={view.id} label={t("outcome.id")} /></p>
    </div>
  );
}

function Verified({ view }: { view: ActionView }) {
  const { t } = useTranslation();
  if (view.state === "unknown") return <p className={css["line"]} data-tone="amber"><Icon name="warning" size={14} />{t("outcome.unknown")}</p>;
  if (view.state !== "succeeded") {
    return view.state === "failed" ? null : <p className={css["line"]}><Icon name="clock" size={14} />{t("outcome.under_way")}</p>;
  }
  if (view.plan.calls.length === 0) return <p className={css["line"]} data-tone="green"><Icon name="check" size={14} />{t("outcome.kept_here")}</p>;
  const told = view.plan.action === "send_event";
  if (view.verified === null) return <p className={css["line"]}><Icon name="clock" size={14} />{t(told ? "outcome.looked_for" : "outcome.not_read_again")}</p>;
  return view.verified
    ? <p className={css["line"]} data-tone="green"><Icon name="check" size={14} />{t(told ? "outcome.seen" : "outcome.verified")}</p>
    : <p className={css["line"]} data-tone="amber"><Icon name="warning" size={14} />{t(told ? "outcome.not_seen" : "outcome.not_verified")}</p>;
}

/** A link to pay with: copied, or opened as a draft of a mail. */
export function PaymentLink({ link, email }: { link: string; email: string | null }) {
  const { t } = useTranslation();
  return (
    <div className={css["link"]}>
      <CopyId id={link} label={t("outcome.link")} />
      <MailButton link={link} email={email} />
    </div>
  );
}

/** Opens a draft with a payment link in the desktop's mail program; nothing is sent from here. */
export function MailButton({ link, email }: { link: string; email: string | null }) {
  const { t } = useTranslation();
  const open = useCommand("shell_open_url", null);
  return (
    <Button
      size="compact-xs" disabled={email === null} title={email === null ? t("outcome.no_email") : t("outcome.mail_meaning")}
      onClick={() => {
        if (email !== null) open.mutate({ url: mailDraft(email, t("outcome.mail_subject"), t("outcome.mail_body", { link })) }, { onError: toastError });
      }}
    >
      {t("outcome.mail")}
    </Button>
  );
}

function Steps({ view }: { view: ActionView }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const sent = view.steps.filter((step) => step.path !== null || step.object !== null);
  if (sent.length === 0) return null;
  return (
    <ol className={css["steps"]} aria-label={t("outcome.steps")}>
      {sent.map((step, index) => (
        // Steps have no id of their own and never change order.
        // oxlint-disable-next-line react/no-array-index-key
        <li key={index}>
          <span className={css["step"]} data-state={step.state}>{words.stepState(step.state)}</span>
          <span className={css["what"]}>
            {step.path === null ? null : <Call path={step.path} />}
            {step.object === null ? null : <CopyId id={step.object} label={t("outcome.object")} />}
            {step.request_id === null ? null : <span className={css["request"]}><code>{step.request_id}</code><CopyButton text={step.request_id} label={t("health.request_id")} /></span>}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** What was written to, in words where it is known; the path beside it. */
function Call({ path }: { path: string }) {
  const name = useFixWords().call(path);
  return name === null ? <code>{path}</code> : <span title={path}>{name}</span>;
}

/** One action in one line, opening to all of it. */
export function ActionLine({ view }: { view: ActionView }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const format = useFormat();
  const { money } = view.plan;
  return (
    <details className={css["action"]}>
      <summary>
        <Tag tone={TONES[view.state]} dot>{t(`action_state.${view.state}`)}</Tag>
        <span>{words.action(view.plan.action)}</span>
        {money === null ? null : <span>{format.money(money.amount_minor, money.currency)}</span>}
        <span className={css["who"]}><Doer name={view.operator} /> · <Instant at={view.confirmed_at} /></span>
      </summary>
      <ActionOutcome view={view} />
    </details>
  );
}
