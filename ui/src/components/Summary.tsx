import type { ReactNode } from "react";

import { CopyId } from "../ui/Copy";
import { Icon } from "../ui/Icon";
import css from "./Summary.module.css";

/** A thing in short: what a person reads first, then its ids with their copy buttons. */
export function Summary({
  label, cells, ids, unsettled = null,
}: { label: string; cells: readonly (readonly [string, ReactNode])[]; ids: readonly (readonly [string, string | null])[]; unsettled?: string | null }) {
  return (
    <section className={css["summary"]} aria-label={label}>
      <dl className={css["cells"]}>
        {cells.map(([name, value]) => (
          <div key={name} className={css["cell"]}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {ids.every(([, id]) => id === null) ? null : (
        <dl className={css["ids"]}>
          {ids.map(([name, id]) => id === null ? null : (
            <div key={`${name} ${id}`} className={css["idCell"]}>
              <dt>{name}</dt>
              <dd><CopyId id={id} label={name} /></dd>
            </div>
          ))}
        </dl>
      )}
      {unsettled === null ? null : <p className={css["note"]}><Icon name="refresh" size={13} />{unsettled}</p>}
    </section>
  );
}
