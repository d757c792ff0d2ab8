// What a part of a page shows when it has nothing, or not yet, or an error.

import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { SaidTrouble, Trouble } from "../i18n/problem_words";
import { sayProblem } from "../i18n/problem_words";
import { asApiError } from "../ipc/api_error";
import { sentence, sentences } from "../lib/sentence";
import { copyText } from "./clipboard";
import css from "./Feedback.module.css";
import type { IconName } from "./Icon";
import { Icon } from "./Icon";

/** Nothing to show, and why, and what to do about it. */
export function Empty({ icon, title, children, action }: { icon: IconName; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={css["empty"]}>
      <span className={css["emptyIcon"]}><Icon name={icon} size={20} /></span>
      <p className={css["emptyTitle"]}>{title}</p>
      {children === undefined ? null : <p className={css["emptyText"]}>{children}</p>}
      {action}
    </div>
  );
}

/** An error in three parts: what could not be done, what to do, and the code to pass on. `say` puts it in a page's own words. */
export function ErrorPanel({ error, say, retry }: { error: unknown; say?: (trouble: Trouble) => SaidTrouble; retry?: () => void }) {
  const { t, i18n } = useTranslation();
  const [copied, setCopied] = useState(false);
  const raw = asApiError(error);
  const { code, message, hint, detail } = say === undefined ? sayProblem(raw, i18n.language) : say(raw);
  return (
    <div className={css["error"]} role="alert">
      <span className={css["errorIcon"]}><Icon name="warning" size={16} /></span>
      <div className={css["errorBody"]}>
        <p className={css["errorMessage"]}>{message === "" ? t("error.unknown") : sentence(message)}</p>
        {hint === "" ? null : <p className={css["errorHint"]}>{hint}</p>}
        {detail === null ? null : <p className={css["errorDetail"]}><bdi>{sentence(detail)}</bdi></p>}
        <div className={css["errorFoot"]}>
          <code className={css["errorCode"]}>{code}</code>
          {/* As it came, for whoever is asked for help. */}
          <Button size="compact-xs" onClick={() => void copyText(`${code}: ${raw.message} ${raw.hint}`.trim()).then(setCopied)}>
            {copied ? t("copy.done") : t("error.copy")}
          </Button>
          {retry === undefined ? null : <Button size="compact-xs" onClick={retry}>{t("error.retry")}</Button>}
        </div>
      </div>
    </div>
  );
}

/** A trouble within a line: in words, and what the engine said of it besides. */
export function TroubleText({ trouble }: { trouble: Trouble }) {
  const { i18n } = useTranslation();
  const { message, hint, detail } = sayProblem(trouble, i18n.language);
  return <>{sentences(sentence(message), sentence(hint))}{detail === null ? null : <> <bdi className={css["besides"]}>{sentence(detail)}</bdi></>}</>;
}

/** Grey bars in the place of what is being read. */
export function Waiting({ rows = 4 }: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <div className={css["waiting"]} role="status" aria-busy="true" aria-label={t("state.loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} className={css["bar"]} data-width={row % 3} />
      ))}
    </div>
  );
}

/** A line across that explains a state and offers the way out. */
export function Banner({
  tone, icon, title, children, action,
}: { tone: "info" | "amber" | "red"; icon: IconName; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={css["banner"]} data-tone={tone} role={tone === "red" ? "alert" : "status"}>
      <Icon name={icon} size={15} />
      <p className={css["bannerText"]}>
        <strong>{title}</strong>
        {children === undefined ? null : <span>{children}</span>}
      </p>
      {action}
    </div>
  );
}
