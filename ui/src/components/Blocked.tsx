import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useStore, useStoreId } from "../data/active_store";
import { useMe } from "../data/desk";
import { useFixWords } from "../data/fix_words";
import { SAYS_ENOUGH } from "../i18n/problem_words";
import type { ActionKind } from "../ipc/generated/ActionKind";
import type { DisabledReason } from "../ipc/generated/DisabledReason";
import { isKeyOf } from "../lib/guard";
import { sentence } from "../lib/sentence";
import css from "./Blocked.module.css";

/** Why an action cannot be done now, what to do about it and where, and what the engine said of it where that says more. */
export function BlockedNote({ action, reason }: { action: ActionKind; reason: DisabledReason }) {
  const words = useFixWords();
  const { code, message, hint } = reason;
  const why = words.refusal(code, message);
  return (
    <p className={css["note"]} role="note">
      {why}
      <span>{words.refusalCure(action, code, hint)} <WayOut code={code} /></span>
      {SAYS_ENOUGH.has(code) || why === message ? null : <bdi>{sentence(message)}</bdi>}
    </p>
  );
}

/** The parts of the settings that change what blocks an action, by the code of it. */
const PLACES = {
  WRITES_STOPPED: "safety", WRITING_OFF: "safety", RESEND_OFF: "safety", CAP_REACHED: "safety", OVER_ROLE_CAP: "safety", NOT_PERMITTED: "operators",
} as const;

/** The way to where that is changed; nothing where no setting does. */
export function WayOut({ code }: { code: string }) {
  return isKeyOf(PLACES, code) ? <ToSettings part={PLACES[code]} /> : null;
}

/** Why the person at the desk may not do something, and the way to where roles are set. */
export function RefusalText({ refusal }: { refusal: string }) {
  const me = useMe();
  const isRole = useStore()?.read_only !== true && me?.locked === false;
  return <>{refusal}{isRole ? <> <ToSettings part="operators" /></> : null}</>;
}

function ToSettings({ part }: { part: "safety" | "operators" }) {
  const { t } = useTranslation();
  const store = useStoreId();
  return <Link className={css["way"]} to="/s/$store/settings" params={{ store }} hash={part}>{t(part === "safety" ? "guard.to_safety" : "guard.to_operators")}</Link>;
}
