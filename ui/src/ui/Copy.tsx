import { ActionIcon, Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { copyText } from "./clipboard";
import css from "./Copy.module.css";
import { Icon } from "./Icon";

type Outcome = "none" | "copied" | "refused";

/** Copies a text. `label` names what is copied. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation();
  const [outcome, setOutcome] = useState<Outcome>("none");

  useEffect(() => {
    if (outcome === "none") return undefined;
    const timer = setTimeout(() => setOutcome("none"), 1500);
    return () => clearTimeout(timer);
  }, [outcome]);

  const name = t("copy.what", { what: label });
  return (
    <Tooltip label={outcome === "copied" ? t("copy.done") : outcome === "refused" ? t("copy.refused") : name}>
      <ActionIcon
        variant="subtle" color="gray" size={20} aria-label={name}
        onClick={(event) => {
          event.stopPropagation();
          void copyText(text).then((done) => setOutcome(done ? "copied" : "refused"));
        }}
      >
        <Icon name={outcome === "copied" ? "check" : outcome === "refused" ? "cross" : "copy"} size={13} />
      </ActionIcon>
    </Tooltip>
  );
}

/** An id as it is, monospaced, with its copy button. Long ones are cut on screen, never in the copy. */
export function CopyId({ id, label }: { id: string; label: string }) {
  return (
    <span className={css["id"]}>
      <code className={css["code"]} title={id}>{id}</code>
      <CopyButton text={id} label={label} />
    </span>
  );
}
