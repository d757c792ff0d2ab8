import { CloseButton } from "@mantine/core";
import { useEffect, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

import { asApiError } from "../ipc/api_error";
import { sentence } from "../lib/sentence";
import css from "./Toasts.module.css";

type Toast = { id: number; text: string; bad: boolean };

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function put(next: readonly Toast[]): void {
  toasts = next;
  for (const tell of listeners) tell();
}

/** Says in passing that something was done. */
export function toast(text: string): void {
  put([...toasts.slice(-3), { id: nextId++, text, bad: false }]);
}

/** Says that something could not be done, and what to do; stays until it is closed. */
export function toastError(error: unknown): void {
  const { message, hint } = asApiError(error);
  put([...toasts.slice(-3), { id: nextId++, text: `${sentence(message)} ${sentence(hint)}`.trim(), bad: true }]);
}

const close = (id: number) => put(toasts.filter((item) => item.id !== id));

export function Toasts() {
  const { t } = useTranslation();
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );

  useEffect(() => {
    const oldest = shown.find((item) => !item.bad);
    if (oldest === undefined) return undefined;
    const timer = setTimeout(() => close(oldest.id), 5000);
    return () => clearTimeout(timer);
  }, [shown]);

  return (
    <div className={css["toasts"]} role="status" aria-live="polite">
      {shown.map((item) => (
        <div key={item.id} className={css["toast"]} data-bad={item.bad}>
          <span className={css["text"]}>{item.text}</span>
          <CloseButton size="xs" aria-label={t("common.close")} onClick={() => close(item.id)} />
        </div>
      ))}
    </div>
  );
}
