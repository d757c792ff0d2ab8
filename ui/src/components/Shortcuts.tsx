import { Kbd, Modal, UnstyledButton } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { useStoreId } from "../data/active_store";
import { isLed, lead, typing } from "../lib/keyboard";
import { Icon } from "../ui/Icon";
import frame from "./Frame.module.css";
import { NAV } from "./nav";
import css from "./Shortcuts.module.css";

const KEYS = [
  { keys: ["/"], says: "search" },
  { keys: ["Ctrl", "K"], says: "jump" },
  { keys: ["j"], says: "down" },
  { keys: ["k"], says: "up" },
  { keys: ["Enter"], says: "open" },
  { keys: ["c"], says: "copy" },
  { keys: ["x"], says: "mark" },
  { keys: ["X"], says: "mark_to" },
  { keys: ["f"], says: "fix" },
  { keys: ["s"], says: "snooze" },
  { keys: ["d"], says: "dismiss" },
  { keys: ["r"], says: "resolve" },
  { keys: ["Esc"], says: "back" },
  { keys: ["?"], says: "help" },
] as const;

/** Keys that work on every page, and the list of them. */
export function Shortcuts() {
  const { t } = useTranslation();
  const store = useStoreId();
  const navigate = useNavigate();
  const [shown, setShown] = useState(false);

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (event.key === "?") {
        setShown(true);
      } else if (event.key === "/") {
        const box =
          document.querySelector<HTMLInputElement>('[data-search="page"]') ??
          document.querySelector<HTMLInputElement>('[data-search="jump"]');
        if (box === null) return;
        event.preventDefault();
        box.focus();
        box.select();
      } else if (event.key === "g") {
        lead(event);
      } else if (isLed(event)) {
        const item = NAV.find((page) => page.key === event.key);
        if (item !== undefined) void navigate({ to: item.to, params: { store } });
      }
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [navigate, store]);

  return (
    <>
      <UnstyledButton className={frame["footButton"]} onClick={() => setShown(true)}>
        <Icon name="keyboard" size={15} />
        <span>{t("keys.title")}</span>
      </UnstyledButton>
      <Modal opened={shown} onClose={() => setShown(false)} title={t("keys.title")} closeButtonProps={{ "aria-label": t("common.close") }}>
        <dl className={css["keys"]}>
          {KEYS.map(({ keys, says }) => (
            <div key={says} className={css["row"]}>
              <dt>{t(`keys.${says}`)}</dt>
              <dd>{keys.map((key) => <Kbd key={key} size="xs">{key}</Kbd>)}</dd>
            </div>
          ))}
          {NAV.map((item) => (
            <div key={item.name} className={css["row"]}>
              <dt>{t("keys.go", { page: t(`nav.${item.name}`) })}</dt>
              <dd>
                <Kbd size="xs">{"g"}</Kbd>
                <Kbd size="xs">{item.key}</Kbd>
              </dd>
            </div>
          ))}
        </dl>
      </Modal>
    </>
  );
}
