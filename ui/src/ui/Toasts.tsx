import { CloseButton } from "@mantine/core";
import i18next from "i18next";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

import { sayProblem } from "../i18n/problem_words";
import { asApiError } from "../ipc/api_error";
import { sentence, sentences } from "../lib/sentence";
import css from "./Toasts.module.css";

/** `times` tells how often the same was said; each time it is a new one. `detail` is what the engine said of an error besides. */
type Toast = { id: number; text: string; detail: string | null; bad: boolean; times: number };

/** More would stand over what the page says. An error is counted for none: it stays until it is closed. */
const MOST = 2;
const STAYS_MS = 5000;

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function put(next: readonly Toast[]): void {
  toasts = next;
  for (const tell of listeners) tell();
}

function say(text: string, bad: boolean, detail: string | null = null): void {
  const before = toasts.find((item) => item.text === text && item.detail === detail && item.bad === bad);
  if (before !== undefined) {
    put([...toasts.filter((item) => item !== before), { ...before, id: nextId++, times: before.times + 1 }]);
    return;
  }
  const gone = bad ? undefined : toasts.filter((item) => !item.bad).at(-MOST);
  put([...toasts.filter((item) => item !== gone), { id: nextId++, text, detail, bad, times: 1 }]);
}

/** Says in passing that something was done. */
export function toast(text: string): void {
  say(text, false);
}

/** Says that something could not be done, and what to do; stays until it is closed. */
export function toastError(error: unknown): void {
  const { message, hint, detail } = sayProblem(asApiError(error), i18next.language);
  say(sentences(sentence(message), sentence(hint)), true, detail);
}

const close = (id: number) => put(toasts.filter((item) => item.id !== id));

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className={css["toasts"]} role="status" aria-live="polite">
      {shown.map((item) => <One key={item.id} item={item} />)}
    </div>
  );
}

/** Goes by itself after its own time, but not while a pointer rests on it. */
function One({ item }: { item: Toast }) {
  const { t } = useTranslation();
  const [held, setHeld] = useState(false);
  const { id, bad, times } = item;
  useEffect(() => {
    if (bad || held) return undefined;
    const timer = setTimeout(() => close(id), STAYS_MS);
    return () => clearTimeout(timer);
  }, [id, bad, held]);
  return (
    <div className={css["toast"]} data-bad={bad} data-testid="toast" onPointerEnter={() => setHeld(true)} onPointerLeave={() => setHeld(false)}>
      <span className={css["text"]}>
        {item.text}
        {item.detail === null ? null : <bdi className={css["detail"]}>{sentence(item.detail)}</bdi>}
      </span>
      {times === 1 ? null : <span className={css["times"]}>{t("common.times", { n: times })}</span>}
      <CloseButton size="xs" aria-label={t("common.close")} onClick={() => close(id)} />
    </div>
  );
}
