/** Whether keys go into a field, a menu or a dialog, so that single-letter shortcuts must keep still. */
export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest('[role="dialog"], [role="menu"], [role="listbox"]') !== null) return true;
  return target.matches("input, textarea, select");
}

/** `g` leads to a page: the key after it is not a key of the page that is left. */
const LEADS_FOR_MS = 900;
const leader = { at: Number.NEGATIVE_INFINITY, taken: Number.NEGATIVE_INFINITY };

/** Notes that `g` was pressed. */
export function lead(event: KeyboardEvent): void {
  leader.at = event.timeStamp;
  leader.taken = Number.NEGATIVE_INFINITY;
}

/** Whether this key follows `g`; every listener of one key gets the same answer. */
export function isLed(event: KeyboardEvent): boolean {
  if (event.key === "g" || event.timeStamp - leader.at >= LEADS_FOR_MS) return false;
  if (leader.taken !== Number.NEGATIVE_INFINITY) return leader.taken === event.timeStamp;
  leader.taken = event.timeStamp;
  return true;
}
