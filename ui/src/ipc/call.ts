import type { Alert } from "./generated/Alert";
import type { Changed } from "./generated/Changed";
import type { Args, OperationName, Reply } from "./operations";
import { tauriTransport } from "./tauri";
import type { Transport } from "./transport";

let chosen: Promise<Transport> | null = null;

/** Calls an operation of the engine. `store` is the public id of the store it is about, null for none. */
export async function call<N extends OperationName>(name: N, store: string | null, args: Args<N>): Promise<Reply<N>> {
  return (await transport()).call(name, store, args);
}

/** Hears every `changed` the engine sends; returns how to stop. */
export function listenChanged(heard: (changed: Changed) => void): () => void {
  return follow((way) => way.listen(heard));
}

/** Hears every `alert` the engine sends; returns how to stop. */
export function listenAlerts(heard: (alert: Alert) => void): () => void {
  return follow((way) => way.listenAlerts(heard));
}

function follow(listen: (way: Transport) => Promise<() => void>): () => void {
  let stopped = false;
  let stop: (() => void) | null = null;
  void transport()
    .then(listen)
    .then((unlisten) => {
      if (stopped) unlisten();
      else stop = unlisten;
    });
  return () => {
    stopped = true;
    stop?.();
  };
}

/** Puts another way to the engine in place; for tests. */
export function replaceTransport(transport: Transport): void {
  chosen = Promise.resolve(transport);
}

function transport(): Promise<Transport> {
  chosen ??= choose();
  return chosen;
}

async function choose(): Promise<Transport> {
  if (import.meta.env.DEV && !("__TAURI_INTERNALS__" in window)) {
    // Not in a shipped window: the build drops this branch, and with it ui/dev.
    const { developmentTransport } = await import("../../dev/transport");
    return developmentTransport();
  }
  return tauriTransport;
}
