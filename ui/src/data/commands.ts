// What a person can ask for: one mutation an operation. Nothing is shown as done before the engine says so.

import { useMutation, useQueryClient } from "@tanstack/react-query";

import { asApiError } from "../ipc/api_error";
import { call } from "../ipc/call";
import type { Args, OperationName, Reply } from "../ipc/operations";
import { announce } from "./changed";
import type { Topic } from "./queries";

/** A command to the engine; `topics` are read again once it is done. */
export function useCommand<N extends OperationName>(name: N, store: string | null, topics: readonly Topic[] = []) {
  const client = useQueryClient();
  return useMutation<Reply<N>, unknown, Args<N>>({
    mutationKey: [name, store],
    mutationFn: (args) => call(name, store, args),
    onSuccess: () => {
      if (topics.length > 0) announce(client, store, topics);
    },
    onError: (error) => {
      // What is shown is of before: it is read again, so that the next try rests on what is in force.
      if (asApiError(error).code === "SETTINGS_CHANGED") announce(client, store, ["settings", "actions"]);
    },
  });
}
