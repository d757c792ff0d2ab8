import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { call } from "../ipc/call";
import type { Args, OperationName, Reply } from "../ipc/operations";
import { announce } from "./changed";
import type { Topic } from "./queries";

/**
 * A command that is given a key. It is asked past the cache of commands, which would keep what it was given for minutes: here
 * only the error and the wait are kept. Gives undefined where it failed.
 */
export function useKeyed<N extends OperationName>(name: N, store: string, topics: readonly Topic[] = []) {
  const client = useQueryClient();
  const [state, setState] = useState<{ pending: boolean; error: unknown }>({ pending: false, error: null });
  const ask = async (args: Args<N>): Promise<Reply<N> | undefined> => {
    setState({ pending: true, error: null });
    try {
      const reply = await call(name, store, args);
      setState({ pending: false, error: null });
      if (topics.length > 0) announce(client, store, topics);
      return reply;
    } catch (error) {
      setState({ pending: false, error });
      return undefined;
    }
  };
  return { ...state, ask, forget: () => setState({ pending: false, error: null }) };
}
