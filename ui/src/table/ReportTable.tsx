import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { Given, Instant, Money } from "../components/Values";
import css from "../components/Reports.module.css";
import { useFormat } from "../data/format";
import { useReportWords } from "../data/report_words";
import type { ReportKind } from "../ipc/generated/ReportKind";
import type { ReportTotals } from "../ipc/generated/ReportTotals";
import type { ReportSort } from "../lib/report_view";
import { readReportView } from "../lib/report_view";
import { Tag } from "../ui/Tag";
import type { Column, RowTableProps } from "./row_table";
import { makeRowTable } from "./row_table";

/** A row with what its money is in. */
export type ReportRow = ReportTotals & { currency: string | null };

const UPWARDS = ["name"] as const satisfies readonly ReportSort[];

const NAME: Column<ReportRow, ReportSort> = { name: "report_name", sort: "name", cell: (row) => <Name row={row} /> };
const CHANNEL: Column<ReportRow, ReportSort> = { name: "channel", cell: (row) => <Channels row={row} /> };
const SENT: Column<ReportRow, ReportSort> = { name: "campaign_sent", sort: "sent_at", cell: (row) => <Instant at={row.sent_at} /> };
const VALUE: Column<ReportRow, ReportSort> = { name: "value", sort: "value", end: true, cell: (row) => <Money minor={row.value_minor} currency={row.currency} /> };

/** A column of one statistic, with the rate that follows from it. */
const counted = (name: Exclude<ReportSort, "name" | "sent_at" | "value">, rate?: string): Column<ReportRow, ReportSort> => ({
  name, sort: name, end: true, cell: (row) => <Counted count={row.statistics[name]} share={row.rates.find((one) => one.name === rate)?.share} />,
});

const MESSAGES = [
  counted("recipients"), counted("opens_unique", "open_rate"), counted("clicks_unique", "click_rate"), counted("conversions", "conversion_rate"),
  counted("unsubscribes"),
];
const SEGMENTS = [NAME, counted("members_added"), counted("members_removed"), counted("total_members")];
const FORMS = [NAME, counted("viewed_form"), counted("submits", "submit_rate"), counted("closed_form")];

function Name({ row }: { row: ReportRow }) {
  return (
    <span className={css["name"]}>
      <Given text={row.name} />
      {row.archived ? <Archived /> : null}
    </span>
  );
}

function Archived() {
  return <Tag tone="grey">{useReportWords().archived}</Tag>;
}

function Channels({ row }: { row: ReportRow }): ReactNode {
  const words = useReportWords();
  return <Given text={row.channels.map(words.channel).join(", ")} />;
}

/** A count and its rate. What Klaviyo did not tell is a dash, and not a zero. */
function Counted({ count, share }: { count: number | undefined; share: number | null | undefined }) {
  const format = useFormat();
  if (count === undefined) return <Given text={null} />;
  return (
    <span>
      {format.count(count)}
      {share === undefined || share === null ? null : <span className={css["rate"]}> {format.rate(share, 1)}</span>}
    </span>
  );
}

const make = (kind: ReportKind, columns: readonly Column<ReportRow, ReportSort>[]) =>
  makeRowTable<ReportRow, ReportSort>({
    grid: kind, label: `report_${kind}`, testId: "report-row", columns, idOf: (row) => row.id, lead: "report_name", upwards: UPWARDS,
    open: (row, store, link) => (
      <Link to="/s/$store/reports/$kind" params={{ store, kind }} search={(before: Record<string, unknown>) => readReportView({ ...before, sel: row.id })} replace {...link} />
    ),
  });

const Campaigns = make("campaigns", [NAME, CHANNEL, SENT, ...MESSAGES]);
const CampaignsPaid = make("campaigns", [NAME, CHANNEL, SENT, ...MESSAGES, VALUE]);
const Flows = make("flows", [NAME, CHANNEL, ...MESSAGES]);
const FlowsPaid = make("flows", [NAME, CHANNEL, ...MESSAGES, VALUE]);
const Segments = make("segments", SEGMENTS);
const Forms = make("forms", FORMS);

/** The virtual table of a kind; with revenue only where orders are synced. */
export function ReportTable({ kind, revenue, ...props }: RowTableProps<ReportRow, ReportSort> & { kind: ReportKind; revenue: boolean }) {
  switch (kind) {
    case "campaigns": return revenue ? <CampaignsPaid {...props} /> : <Campaigns {...props} />;
    case "flows": return revenue ? <FlowsPaid {...props} /> : <Flows {...props} />;
    case "segments": return <Segments {...props} />;
    case "forms": return <Forms {...props} />;
  }
}
