import { useEffect } from "react";

import { call } from "../ipc/call";

/** Tells the engine whether the window is in front, which sets the pace of its polls. */
export function useWindowFocus(store: string): void {
  useEffect(() => {
    const tell = () => {
      const front = document.visibilityState === "visible" && document.hasFocus();
      // Only the pace depends on it: a failure changes nothing on screen.
      call("window_focus", store, { front }).catch(() => undefined);
    };
    tell();
    window.addEventListener("focus", tell);
    window.addEventListener("blur", tell);
    document.addEventListener("visibilitychange", tell);
    return () => {
      window.removeEventListener("focus", tell);
      window.removeEventListener("blur", tell);
      document.removeEventListener("visibilitychange", tell);
    };
  }, [store]);
}
