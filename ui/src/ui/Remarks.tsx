import { Icon } from "./Icon";
import css from "./Remarks.module.css";

/** What follows from something, line by line, warnings first: framed where it is about to be done, quiet where it is only told. */
export function Remarks({
  warnings, notes, title, label, quiet = false, role, testId,
}: { warnings: readonly string[]; notes: readonly string[]; title?: string; label?: string; quiet?: boolean; role?: "alert"; testId?: string }) {
  return (
    <div className={quiet ? css["quiet"] : css["framed"]} role={role} data-testid={testId}>
      {title === undefined ? null : <h3 className={css["title"]}>{title}</h3>}
      <ul aria-label={label}>
        {warnings.map((text) => <li key={text} className={css["remark"]} data-tone="amber"><Icon name="warning" size={13} />{text}</li>)}
        {notes.map((text) => <li key={text} className={css["remark"]}><Icon name="info" size={13} />{text}</li>)}
      </ul>
    </div>
  );
}
