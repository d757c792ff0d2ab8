import type { WalletEntry } from "../ipc/generated/WalletEntry";

/**
 * The balance after each entry, counted back from the wallet's own balance: entries older than those at hand are then
 * in it.
 */
export function runningBalances(entries: readonly WalletEntry[], balance: number): number[] {
  const after: number[] = [];
  let now = balance;
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    after[index] = now;
    now -= entries[index]?.credits ?? 0;
  }
  return after;
}

/** Where an entry of the shop's own stands: `import:BATCH:LINE`. */
export function importPlace(cause: string): { batch: number; line: number } | null {
  const match = /^import:(\d+):(\d+)$/.exec(cause);
  return match === null ? null : { batch: Number(match[1]), line: Number(match[2]) };
}
