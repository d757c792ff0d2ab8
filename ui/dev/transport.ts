// How a window in an ordinary browser reaches an engine, or fixtures. Never part of a build.

import type { Changed } from "../src/ipc/generated/Changed";
import { chosenFixture } from "./fixture_choice";
import type { Transport } from "../src/ipc/transport";

/** `?fixture=NAME` gives made-up data; else the development server that VITE_FOREDECK_DEV_URL names. */
export async function developmentTransport(): Promise<Transport> {
  const fixture = chosenFixture();
  const url = import.meta.env.VITE_FOREDECK_DEV_URL;
  if (fixture === null && url !== undefined) return httpTransport(url);
  const { fixtureTransport } = await import("./fixtures/transport");
  return fixtureTransport(fixture ?? "full");
}

function httpTransport(url: string): Transport {
  return {
    async call(name, store, args) {
      const response = await fetch(`${url}/call`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name, store, args }),
      });
      const reply = await response.json();
      if (!response.ok) throw reply;
      return reply;
    },
    async listen(heard) {
      // Without a push channel everything is taken as changed, twice a minute's worth of seconds.
      const everything: Changed = { store: null, topics: ["preorders", "sync", "settings", "stores", "klaviyo", "reports"] };
      const timer = setInterval(() => heard(everything), 2000);
      return () => clearInterval(timer);
    },
    async listenAlerts() {
      return () => {};
    },
  };
}
