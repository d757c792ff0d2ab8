import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useRefusal } from "../data/desk";
import { useFormat } from "../data/format";
import type { TypeCount } from "../ipc/generated/TypeCount";
import type { UndeliveredGroups as Groups } from "../ipc/generated/UndeliveredGroups";
import type { Webhooks } from "../ipc/generated/Webhooks";
import type { FixSubject } from "../lib/fix_choice";
import { Icon } from "../ui/Icon";
import table from "../ui/table.module.css";
import { FixDialog } from "./FixDialog";
import { Instant } from "./Values";
import css from "./Webhooks.module.css";

/** Events that wait for an endpoint to take them: by type, then by order. */
export function UndeliveredGroups({ groups, store }: { groups: Groups; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const refusal = useRefusal("repair");
  const [fixing, setFixing] = useState<FixSubject | null>(null);
  if (groups.total === 0) return <p className={css["none"]}><Icon name="check" size={14} />{t("health.all_delivered")}</p>;
  const shown = groups.by_order.reduce((sum, group) => sum + group.count, 0);
  return (
    <div className={css["scroll"]}>
      <Types counts={groups.by_type} label={t("webhooks.by_type")} />
      <table className={table["table"]} aria-label={t("webhooks.by_order")}>
        <thead>
          <tr>
            <th scope="col">{t("health.order")}</th>
            <th scope="col">{t("health.event")}</th>
            <th scope="col">{t("health.made")}</th>
            <th scope="col" className={table["number"]}>{t("webhooks.events")}</th>
          </tr>
        </thead>
        <tbody>
          {groups.by_order.map((group) => (
            <tr key={group.order ?? ""}>
              <td className={css["nowrap"]}><Order id={group.order} store={store} /></td>
              <td className={css["cut"]}>
                <ul>
                  {group.events.map((event) => (
                    <li key={event.id} title={`${event.type} ${event.id} · ${t("sheet.pending", { count: event.pending })}`}>
                      <code className={table["mono"]}>{event.type === "" ? event.id : event.type}</code>
                      <Button
                        size="compact-xs" variant="subtle" disabled={refusal !== undefined} title={refusal} aria-label={t("webhooks.resend_named", { id: event.id })}
                        onClick={() => setFixing({ order: group.order, event: event.id, prefer: "resend_event" })}
                      >
                        {t("webhooks.resend")}
                      </Button>
                    </li>
                  ))}
                </ul>
              </td>
              <td className={css["nowrap"]}><Instant at={group.events[0]?.created_at ?? null} /></td>
              <td className={table["number"]}>{format.count(group.count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {fixing === null ? null : <FixDialog subject={fixing} close={() => setFixing(null)} />}
      {groups.total > shown ? <p className={css["more"]}>{t("health.undelivered_more", { n: format.count(groups.total - shown) })}</p> : null}
    </div>
  );
}

/** Events no endpoint could have been sent, and why. */
export function NeverDelivered({ webhooks, store }: { webhooks: Webhooks; store: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { never_deliverable: never, looked_since: since } = webhooks;
  if (webhooks.as_of === null) return <p className={css["none"]}>{t("webhooks.never_unknown")}</p>;
  if (never.total === 0) return <p className={css["none"]}><Icon name="check" size={14} />{t("webhooks.never_none")}</p>;
  const older = since !== null && never.by_type.some((one) => one.oldest_at < since);
  return (
    <div className={css["scroll"]}>
      <Types counts={never.by_type} label={t("webhooks.never_by_type")} />
      <table className={table["table"]} aria-label={t("webhooks.never")}>
        <thead>
          <tr>
            <th scope="col">{t("health.order")}</th>
            <th scope="col">{t("webhooks.reason_column")}</th>
            <th scope="col">{t("health.made")}</th>
          </tr>
        </thead>
        <tbody>
          {never.events.map((event) => (
            <tr key={event.id}>
              <td className={css["nowrap"]}><Order id={event.order} store={store} /></td>
              <td title={`${event.type} ${event.id}`}>
                {t(`webhooks.reason.${event.reason}`)}
                {event.unsure ? <span className={table["dim"]}> · {t("webhooks.unsure")}</span> : null}
              </td>
              <td className={css["nowrap"]}><Instant at={event.created_at} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {never.total > never.events.length ? <p className={css["more"]}>{t("webhooks.never_more", { n: format.count(never.total - never.events.length) })}</p> : null}
      {older ? <p className={css["more"]}>{t("webhooks.since", { time: format.instant(since) })}</p> : null}
    </div>
  );
}

function Types({ counts, label }: { counts: readonly TypeCount[]; label: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <ul className={css["counts"]} aria-label={label}>
      {counts.map((one) => (
        <li key={one.type}>
          <code className={table["mono"]}>{one.type === "" ? t("common.unknown") : one.type}</code>
          <strong>{format.count(one.count)}</strong>
          <span className={table["dim"]}>{t("webhooks.oldest", { time: format.instant(one.oldest_at) })}</span>
        </li>
      ))}
    </ul>
  );
}

function Order({ id, store }: { id: string | null; store: string }) {
  const { t } = useTranslation();
  if (id === null) return <span className={table["faint"]}>{t("health.no_order")}</span>;
  return <Link className={css["order"]} to="/s/$store/preorders/$id" params={{ store, id }}>{id}</Link>;
}
