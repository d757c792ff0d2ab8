import type { ReactNode } from "react";

import css from "./Tag.module.css";

export type Tone = "green" | "amber" | "red" | "violet" | "accent" | "grey";

/** A word with a colour; the word says it, the colour only helps. */
export function Tag({ tone, dot = false, title, children }: { tone: Tone; dot?: boolean; title?: string; children: ReactNode }) {
  return (
    <span className={css["tag"]} data-tone={tone} title={title}>
      {dot ? <span className={css["dot"]} aria-hidden="true" /> : null}
      {children}
    </span>
  );
}
