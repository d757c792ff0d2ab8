import type { Alert } from "./generated/Alert";
import type { Changed } from "./generated/Changed";
import type { Args, OperationName, Reply } from "./operations";

/** A way to the engine. It rejects with an `ApiError`, or with whatever broke on the way. */
export type Transport = {
  call<N extends OperationName>(name: N, store: string | null, args: Args<N>): Promise<Reply<N>>;
  /** Hears what was committed; returns how to stop hearing. */
  listen(heard: (changed: Changed) => void): Promise<() => void>;
  /** Hears what people should be told of on the desktop; returns how to stop hearing. */
  listenAlerts(heard: (alert: Alert) => void): Promise<() => void>;
};
