// What the engine committed reaches the page here: `changed` marks the questions of its topics stale.

import type { QueryClient } from "@tanstack/react-query";

import { listenChanged } from "../ipc/call";
import type { Changed } from "../ipc/generated/Changed";

type Heard = (store: string | null, topics: readonly string[]) => void;

const listeners = new Set<Heard>();

/** A launch commits many times a second; a person reads four times a second at most. */
const COALESCE_MS = 250;

/** Connects the engine's `changed` to the questions; returns how to stop. */
export function followChanged(client: QueryClient): () => void {
  let waiting: Changed[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;

  const pass = () => {
    timer = null;
    const batch = waiting;
    waiting = [];
    const merged = new Map<string | null, Set<string>>();
    for (const changed of batch) {
      const topics = merged.get(changed.store) ?? new Set<string>();
      for (const topic of changed.topics) topics.add(topic);
      merged.set(changed.store, topics);
    }
    for (const [store, topics] of merged) announce(client, store, [...topics]);
  };

  const stop = listenChanged((changed) => {
    waiting.push(changed);
    timer ??= setTimeout(pass, COALESCE_MS);
  });
  return () => {
    stop();
    if (timer !== null) clearTimeout(timer);
  };
}

/** Marks the questions of these topics stale, for one store or for all. */
export function announce(client: QueryClient, store: string | null, topics: readonly string[]): void {
  void client.invalidateQueries({
    predicate: (query) => {
      const about = query.queryKey[1];
      const sameStore = store === null || about === null || about === store;
      return sameStore && (query.meta?.topics.some((topic) => topics.includes(topic)) ?? false);
    },
  });
  for (const heard of listeners) heard(store, topics);
}

/** Hears changes as they are announced, for what is not a plain question; returns how to stop. */
export function onAnnounced(heard: Heard): () => void {
  listeners.add(heard);
  return () => listeners.delete(heard);
}
