import type { ReactNode } from "react";

import css from "./Chip.module.css";

/** A filter that is on or off. */
export function Chip({
  pressed, tone, title, onClick, children,
}: { pressed: boolean; tone?: "amber" | "red"; title?: string; onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" className={css["chip"]} aria-pressed={pressed} data-tone={tone} title={title} onClick={onClick}>{children}</button>
  );
}

export function Chips({ label, children }: { label: string; children: ReactNode }) {
  return <div className={css["chips"]} role="group" aria-label={label}>{children}</div>;
}
