// The only file that knows Tauri.

import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";

import type { Alert } from "./generated/Alert";
import type { Changed } from "./generated/Changed";
import type { Reply } from "./operations";
import type { Transport } from "./transport";

export const tauriTransport: Transport = {
  call: (name, store, args) => invoke<Reply<typeof name>>("call", { name, store, args }),
  listen: (heard) => listen<Changed>("changed", (event) => heard(event.payload)),
  listenAlerts: (heard) => listen<Alert>("alert", (event) => heard(event.payload)),
};
