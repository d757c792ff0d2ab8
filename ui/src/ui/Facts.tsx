import type { ReactNode } from "react";

import css from "./Facts.module.css";

/** Names and values below each other. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={css["facts"]}>{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={css["fact"]}>
      <dt className={css["name"]}>{name}</dt>
      <dd className={css["value"]}>{children}</dd>
    </div>
  );
}
