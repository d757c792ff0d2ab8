import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const tell of listeners) tell();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
  };
}

const wholeSecond = () => Math.floor(Date.now() / 1000);
const wholeMinute = () => Math.floor(Date.now() / 60_000) * 60;

/** Now in unix seconds, ticking every second; one timer for the whole window. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, wholeSecond);
}

/** Now in unix seconds, changing every minute: for tables, which need not draw again each second. */
export function useMinute(): number {
  return useSyncExternalStore(subscribe, wholeMinute);
}
