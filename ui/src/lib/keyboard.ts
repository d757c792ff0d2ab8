/** Whether keys go into a field, a menu or a dialog, so that single-letter shortcuts must keep still. */
export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest('[role="dialog"], [role="menu"], [role="listbox"]') !== null) return true;
  return target.matches("input, textarea, select");
}
