import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { StatusTag } from "../components/StatusTag";
import { Given, Instant, Money } from "../components/Values";
import type { AudienceRow } from "../ipc/generated/AudienceRow";
import type { Consent } from "../ipc/generated/Consent";
import type { Tone } from "../ui/Tag";
import { Tag } from "../ui/Tag";
import type { Column } from "./row_table";
import { makeRowTable } from "./row_table";

const TONES: Record<Consent, Tone> = { yes: "green", no: "red", unknown: "grey" };

const COLUMNS: readonly Column<AudienceRow, never>[] = [
  { name: "customer", cell: (row) => <Given text={row.email} /> },
  { name: "consent", cell: (row) => <ConsentTag consent={row.consent} /> },
  { name: "status", cell: (row) => <StatusTag status={row.status} /> },
  { name: "amount", end: true, cell: (row) => <Money minor={row.amount_minor} currency={row.currency} /> },
  { name: "color", cell: (row) => <Given text={row.color} /> },
  { name: "locale", cell: (row) => <Given text={row.locale} /> },
  { name: "started", cell: (row) => <Instant at={row.started_at} /> },
];

function ConsentTag({ consent }: { consent: Consent }) {
  return <Tag tone={TONES[consent]}>{useTranslation().t(`consent.${consent}`)}</Tag>;
}

/** The virtual table of an audience's people, each by the order that stands for them. */
export const AudienceTable = makeRowTable<AudienceRow, never>({
  grid: "audience", label: "audience", testId: "audience-row", columns: COLUMNS, idOf: (row) => row.order_id, lead: "customer", upwards: [],
  open: (row, store, link) => <Link to="/s/$store/preorders/$id" params={{ store, id: row.order_id }} {...link} />,
});
