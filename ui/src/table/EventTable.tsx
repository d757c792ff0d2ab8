import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { EventSays, VerdictTag } from "../components/EventWords";
import { Given, Instant, Money } from "../components/Values";
import type { EventStand } from "../ipc/generated/EventStand";
import type { OrderEvent } from "../ipc/generated/OrderEvent";
import { standId } from "../lib/event_filter";
import type { Column } from "./row_table";
import { makeRowTable } from "./row_table";

const COLUMNS: readonly Column<EventStand, never>[] = [
  { name: "verdict", cell: (row) => <VerdictTag verdict={row.verdict} /> },
  { name: "event", cell: (row) => <Kind kind={row.kind} /> },
  { name: "customer", cell: (row) => <Given text={row.order.email ?? row.order.name ?? row.order.id} /> },
  { name: "amount", end: true, cell: (row) => <Money minor={row.order.amount_minor} currency={row.order.currency} /> },
  { name: "happened", cell: (row) => <Instant at={row.happened_at} /> },
  { name: "event_says", cell: (row) => <EventSays stand={row} /> },
  { name: "sent_at", cell: (row) => <Instant at={row.sent_at} /> },
];

function Kind({ kind }: { kind: OrderEvent }) {
  return <>{useTranslation().t(`klaviyo_events.told.${kind}`)}</>;
}

/** The virtual table of orders' events as they stand at Klaviyo. */
export const EventTable = makeRowTable<EventStand, never>({
  grid: "events", label: "events", testId: "event-row", columns: COLUMNS, idOf: standId, lead: "customer", upwards: [],
  open: (row, store, link) => <Link to="/s/$store/preorders/$id" params={{ store, id: row.order.id }} {...link} />,
});
