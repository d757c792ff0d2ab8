import type { ReactNode } from "react";

import css from "./Cells.module.css";

/** Names with their values below, side by side: how something stands at a glance. Close where there are many, bare within a card. */
export function Cells({ fit, children }: { fit?: "close" | "bare"; children: ReactNode }) {
  return <dl className={css["cells"]} data-fit={fit}>{children}</dl>;
}

export function Cell({ name, tone, testId, children }: { name: string; tone?: string | undefined; testId?: string; children: ReactNode }) {
  return (
    <div className={css["cell"]} data-tone={tone} data-testid={testId}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
