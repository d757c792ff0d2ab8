import { useFixWords } from "../data/fix_words";
import { SAYS_ENOUGH } from "../i18n/problem_words";
import type { ActionKind } from "../ipc/generated/ActionKind";
import type { DisabledReason } from "../ipc/generated/DisabledReason";
import { sentence } from "../lib/sentence";
import css from "./Blocked.module.css";

/** Why an action cannot be done now, what to do about it, and what the engine said of it where that says more. */
export function BlockedNote({ action, reason }: { action: ActionKind; reason: DisabledReason }) {
  const words = useFixWords();
  const { code, message, hint } = reason;
  const why = words.refusal(code, message);
  return (
    <p className={css["note"]} role="note">
      {why}
      <span>{words.refusalCure(action, code, hint)}</span>
      {SAYS_ENOUGH.has(code) || why === message ? null : <bdi>{sentence(message)}</bdi>}
    </p>
  );
}
