import type { ReactNode } from "react";

import css from "./Page.module.css";

/** A page: title, what it is about, actions on the right, then the body. */
export function Page({
  title, note, actions, fill = false, children,
}: { title: ReactNode; note?: ReactNode; actions?: ReactNode; fill?: boolean; children: ReactNode }) {
  return (
    <div className={fill ? css["fill"] : css["page"]}>
      <header className={css["header"]}>
        <div className={css["heading"]}>
          <h1 className={css["title"]}>{title}</h1>
          {note === undefined ? null : <div className={css["note"]}>{note}</div>}
        </div>
        {actions === undefined ? null : <div className={css["actions"]}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A titled part of a page, on its own surface. */
export function Section({
  title, note, actions, flush = false, children,
}: { title?: ReactNode; note?: ReactNode; actions?: ReactNode; flush?: boolean; children: ReactNode }) {
  return (
    <section className={css["section"]}>
      {title === undefined ? null : (
        <header className={css["sectionHeader"]}>
          <h2 className={css["sectionTitle"]}>{title}</h2>
          {note === undefined ? null : <div className={css["sectionNote"]}>{note}</div>}
          {actions === undefined ? null : <div className={css["sectionActions"]}>{actions}</div>}
        </header>
      )}
      <div className={flush ? css["flush"] : css["body"]}>{children}</div>
    </section>
  );
}

/** Parts side by side where there is room. */
export function Columns({ shape, children }: { shape: "even" | "wide_left"; children: ReactNode }) {
  return <div className={css["columns"]} data-shape={shape}>{children}</div>;
}

/** Parts below each other. */
export function Stack({ children }: { children: ReactNode }) {
  return <div className={css["stack"]}>{children}</div>;
}
