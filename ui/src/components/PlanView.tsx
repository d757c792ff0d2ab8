import { useTranslation } from "react-i18next";

import { useFixWords } from "../data/fix_words";
import { useFormat } from "../data/format";
import { useWords } from "../data/words";
import type { ActionPlan } from "../ipc/generated/ActionPlan";
import type { FieldChange } from "../ipc/generated/FieldChange";
import type { PlanMoney } from "../ipc/generated/PlanMoney";
import { Icon } from "../ui/Icon";
import table from "../ui/table.module.css";
import css from "./PlanView.module.css";

/** What an action would do: before and after, what is asked of whom, money, mails, and how it is undone. */
export function PlanView({ plan }: { plan: ActionPlan }) {
  const { t } = useTranslation();
  const words = useFixWords();
  return (
    <div className={css["plan"]} data-testid="plan">
      <p className={css["head"]}>
        <strong>{words.action(plan.action)}</strong>
        {plan.email === null ? null : <bdi>{plan.email}</bdi>}
        {plan.order_id === null || plan.order_id === plan.email ? null : <code className={css["order"]}>{plan.order_id}</code>}
      </p>
      {plan.money === null ? null : <MoneyLine money={plan.money} />}
      {plan.changes.length === 0 ? <p className={table["dim"]}>{t("plan.no_changes")}</p> : <Changes changes={plan.changes} />}
      <ul className={css["notes"]}>
        {plan.notices.map((notice) => (
          <li key={notice} data-tone={CAUTIONS.has(notice) ? "amber" : undefined}>
            <Icon name={CAUTIONS.has(notice) ? "warning" : "info"} size={13} />{words.notice(notice)}
          </li>
        ))}
        <li><Icon name="info" size={13} />{plan.mails === 0 ? t("plan.no_mails") : t("plan.mails", { count: plan.mails })}</li>
        <li><Icon name="arrow_left" size={13} />{words.undo(plan.undo)}</li>
      </ul>
      <Calls plan={plan} />
    </div>
  );
}

const CAUTIONS = new Set(["other_email", "other_amount", "undocumented", "open_sessions_end", "keeps_no_address", "flows_may_mail"]);

function MoneyLine({ money }: { money: PlanMoney }) {
  const { t } = useTranslation();
  const format = useFormat();
  const amount = format.money(money.amount_minor, money.currency);
  const text = money.direction === "out" ? t("plan.money_out", { amount }) : money.direction === "in" ? t("plan.money_in", { amount }) : t("plan.money_released", { amount });
  return <p className={css["money"]} data-direction={money.direction} data-testid="plan-money">{text}</p>;
}

function Changes({ changes }: { changes: readonly FieldChange[] }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const kinds = useWords();
  return (
    <div className={css["scroll"]}>
      <table className={table["table"]} aria-label={t("plan.changes")}>
        <thead>
          <tr>
            <th scope="col">{t("plan.what")}</th>
            <th scope="col">{t("plan.before")}</th>
            <th scope="col">{t("plan.after")}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change, index) => (
            // A plan is drawn once and never changes its lines.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={index}>
              <td>
                <span>{words.field(change.field)}</span>
                <span className={css["of"]}>
                  {change.kind === "mirror" ? t("plan.in_mirror") : kinds.kind(change.kind)}
                  {change.object === null ? ` · ${t("plan.new")}` : <> <code title={change.object}>{change.object}</code></>}
                </span>
              </td>
              <td className={css["before"]}><Value change={change} text={change.before} /></td>
              <td className={css["after"]}><Value change={change} text={change.after} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Money in its currency's digits, statuses in words, everything else as it is. */
function Value({ change, text }: { change: FieldChange; text: string | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useWords();
  const fix = useFixWords();
  // What a profile says now is not asked for; an event is new.
  if (text === null) return <span className={table["faint"]}>{t(change.kind === "klaviyo_profile" ? "plan.not_read" : "plan.nothing")}</span>;
  if (change.kind === "klaviyo_event" && change.field === "event") return <span>{fix.klaviyoEvent(text)}</span>;
  if (change.kind === "klaviyo_event" && change.field === "time" && !Number.isNaN(Date.parse(text))) return <span>{format.instant(Date.parse(text) / 1000)}</span>;
  if (change.currency !== null && /^-?\d+$/.test(text)) return <span>{format.money(Number(text), change.currency)}</span>;
  if (change.field === "status") return <span>{words.objectStatus(text)}</span>;
  return <bdi className={table["text"]}>{text}</bdi>;
}

function Calls({ plan }: { plan: ActionPlan }) {
  const { t } = useTranslation();
  const words = useFixWords();
  const writes = plan.calls.filter((call) => call.method !== "GET").length;
  if (plan.calls.length === 0) return <p className={css["local"]}><Icon name="anchor" size={13} />{t("plan.local")}</p>;
  return (
    <details className={css["calls"]}>
      <summary>{writes === 0 ? t("plan.reads", { count: plan.calls.length }) : t("plan.calls", { count: writes })}</summary>
      <ol>
        {plan.calls.map((call, index) => (
          // The order is that of sending; one path may stand twice.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index}>
            <span className={css["does"]}>{words.call(call.path, call.method)}</span>
            <span className={css["service"]}>{call.service === "klaviyo" ? "Klaviyo" : "Stripe"}</span>
            <code>{`${call.method} ${call.path}`}</code>
            {call.permission === null ? null : <span className={table["dim"]} lang="en">{call.permission}</span>}
          </li>
        ))}
      </ol>
    </details>
  );
}
