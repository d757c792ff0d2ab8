// A whole window on a made-up shop.

import { createMemoryHistory } from "@tanstack/react-router";
import { render } from "@testing-library/react";

import { fixtureTransport } from "../dev/fixtures/transport";
import { App, makeQueryClient } from "../src/App";
import type { Alert } from "../src/ipc/generated/Alert";
import type { Changed } from "../src/ipc/generated/Changed";
import { replaceTransport } from "../src/ipc/call";
import type { OperationName } from "../src/ipc/operations";
import type { Transport } from "../src/ipc/transport";
import { makeRouter } from "../src/router";

export type Called = { name: OperationName; store: string | null; args: unknown };

/** Opens a window; `tell` sends a `changed` to it, `alarm` an alert, `calls` is what it asked. */
export function openWindow(scene: string, url: string) {
  const calls: Called[] = [];
  const heard = new Set<(changed: Changed) => void>();
  const alarmed = new Set<(alert: Alert) => void>();
  const made = fixtureTransport(scene);
  const transport: Transport = {
    call: (name, store, args) => {
      calls.push({ name, store, args });
      return made.call(name, store, args);
    },
    listen: async (listener) => {
      heard.add(listener);
      return () => heard.delete(listener);
    },
    listenAlerts: async (listener) => {
      alarmed.add(listener);
      return () => alarmed.delete(listener);
    },
  };
  replaceTransport(transport);
  const client = makeQueryClient();
  const history = createMemoryHistory({ initialEntries: [url] });
  const router = makeRouter(client, history);
  const view = render(<App client={client} router={router} />);
  return {
    calls, client, history, router, view,
    tell: (changed: Changed) => {
      for (const listener of heard) listener(changed);
    },
    alarm: (alert: Alert) => {
      for (const listener of alarmed) listener(alert);
    },
    asked: (name: OperationName) => calls.filter((call) => call.name === name),
  };
}
