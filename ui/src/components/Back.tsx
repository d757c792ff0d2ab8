import { useCanGoBack, useRouter } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";

import { typing } from "../lib/keyboard";
import { Icon } from "../ui/Icon";
import css from "./Back.module.css";

/** Goes back to where the person came from, else to the list; Escape does it too. */
export function useBack(toList: () => void): () => void {
  const router = useRouter();
  const canGoBack = useCanGoBack();
  const back = useCallback(() => {
    if (canGoBack) router.history.back();
    else toList();
  }, [canGoBack, router, toList]);

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !typing(event.target)) back();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [back]);
  return back;
}

export function BackButton({ back }: { back: () => void }) {
  const { t } = useTranslation();
  return (
    <button type="button" className={css["back"]} onClick={back} aria-label={t("sheet.back")} title={t("sheet.back")}>
      <Icon name="arrow_left" size={16} />
    </button>
  );
}
