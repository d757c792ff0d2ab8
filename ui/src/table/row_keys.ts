import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { isLed, typing } from "../lib/keyboard";
import { copyText } from "../ui/clipboard";
import { toast } from "../ui/Toasts";

/** j and k move, Enter opens, c copies; from anywhere on the page but a field. */
export function useRowKeys(
  grid: string,
  ids: readonly string[],
  selected: string | undefined,
  select: (id: string | undefined) => void,
  open: (id: string) => void,
): void {
  const { t } = useTranslation();
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || isLed(event)) return;
      const at = selected === undefined ? -1 : ids.indexOf(selected);
      const inGrid = event.target instanceof HTMLElement && event.target.dataset["grid"] === grid;
      const elsewhere = event.target instanceof HTMLElement && !inGrid && event.target.closest("button, a") !== null;
      const move = (to: number) => {
        const id = ids[Math.max(0, Math.min(ids.length - 1, to))];
        if (id === undefined) return;
        event.preventDefault();
        select(id);
      };
      switch (event.key) {
        case "j": return move(at + 1);
        case "k": return move(at <= 0 ? 0 : at - 1);
        case "ArrowDown": return inGrid ? move(at + 1) : undefined;
        case "ArrowUp": return inGrid ? move(at <= 0 ? 0 : at - 1) : undefined;
        case "PageDown": return inGrid ? move(at + 15) : undefined;
        case "PageUp": return inGrid ? move(at - 15) : undefined;
        case "Home": return inGrid ? move(0) : undefined;
        case "End": return inGrid ? move(ids.length - 1) : undefined;
        case "Enter": {
          if (selected === undefined || elsewhere) return undefined;
          event.preventDefault();
          return open(selected);
        }
        case "c": {
          if (selected === undefined) return undefined;
          void copyText(selected).then((done) => toast(done ? t("copy.id_done", { id: selected }) : t("copy.refused")));
          return undefined;
        }
        case "Escape": return select(undefined);
        default: return undefined;
      }
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [grid, ids, selected, select, open, t]);
}

/** Single keys of a page beside those of its rows; `X` is the shift of `x`. */
export function usePageKeys(keys: Record<string, () => void>): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || isLed(event)) return;
      const act = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [keys]);
}
