//! Facts as stored: the event log, raw JSON, exports.

use std::sync::atomic::Ordering;

use foredeck_engine::api::SUPPORT;
use foredeck_engine::api::types::{ExportArgs, ExportKind, ExportReply};
use foredeck_engine::domain::klaviyo::ReportKind;
use foredeck_engine::queries::audit;
use foredeck_engine::queries::credits::export as credits;
use foredeck_engine::queries::events::{EventPage, EventPageArgs};
use foredeck_engine::queries::export::{self, ExportFormat};
use foredeck_engine::queries::findings::export::export_findings;
use foredeck_engine::queries::leads::export_leads;
use foredeck_engine::queries::reports::export_reports;
use foredeck_engine::queries::sheet::{RawFact, RawFactArgs};

use crate::deck::Deck;
use crate::export_lines::{ExportLine, ExportWord, FormatWord};
use crate::line::EventsLine;
use crate::plain::{cell, instant, maybe, plain};
use crate::print::{self, Format, Outcome, Stop, Stream};

/// Lists one page of events.
pub async fn events(deck: &Deck, line: &EventsLine) -> Outcome {
    let args = EventPageArgs {
        r#type: line.r#type.clone(),
        object: line.object.clone(),
        limit: line.limit,
        after: line.after.clone(),
    };
    let page: EventPage = deck.ask("event_page", &args).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&page, |page| {
        let rows = page.rows.iter().map(|event| {
            vec![
                instant(event.created_at, zone),
                cell(&event.r#type),
                maybe(event.object_id.as_deref()),
                maybe(event.api_version.as_deref()),
                event.pending_webhooks.map_or("-".to_owned(), |pending| pending.to_string()),
                plain(&event.id),
            ]
        });
        print::table(&["CREATED", "TYPE", "OBJECT", "VERSION", "UNDELIVERED", "ID"], &[4], rows)
    })?;
    if let (Format::Text, Some(next)) = (deck.format, &page.next) {
        print::note(&format!("more with --after {next}"));
    }
    Ok(())
}

/// Prints stored JSON.
pub async fn raw(deck: &Deck, id: &str) -> Outcome {
    let fact: RawFact = deck.ask("raw_fact", &RawFactArgs { id: id.to_owned() }).await?;
    match deck.format {
        Format::Json => deck.format.reply(&fact, |_| String::new()),
        Format::Text => print::stored_json(&fact.json),
    }
}

/// Writes an export to a file, or row by row to stdout.
pub async fn export(deck: &Deck, line: &ExportLine) -> Outcome {
    let format = match line.format {
        FormatWord::Csv => ExportFormat::Csv,
        FormatWord::Jsonl => ExportFormat::Jsonl,
    };
    let Some(path) = &line.out else {
        if deck.format == Format::Json {
            return Err(Stop::Usage(
                "--json prints one document, and an export is many rows: give --out FILE".to_owned(),
            ));
        }
        return stream(deck, line.what, format).await;
    };
    let what = match line.what {
        ExportWord::Preorders => ExportKind::Preorders,
        ExportWord::Events => ExportKind::Events,
        ExportWord::Customers => ExportKind::Customers,
        ExportWord::Purchases => ExportKind::Purchases,
        ExportWord::Wallets => ExportKind::Wallets,
        ExportWord::Differences => ExportKind::Differences,
        ExportWord::Findings => ExportKind::Findings,
        ExportWord::Leads => ExportKind::Leads,
        ExportWord::Audit => ExportKind::Audit,
        ExportWord::Campaigns => ExportKind::Campaigns,
        ExportWord::Flows => ExportKind::Flows,
        ExportWord::Segments => ExportKind::Segments,
        ExportWord::Forms => ExportKind::Forms,
    };
    let reply: ExportReply = deck.ask("export", &ExportArgs { what, format, path: path.clone() }).await?;
    deck.format.reply(&reply, |reply| format!("{} rows in {}", reply.rows, plain(&reply.path)))
}

/// As the operation `export`, which writes files alone.
async fn stream(deck: &Deck, what: ExportWord, format: ExportFormat) -> Outcome {
    deck.permit(SUPPORT, "export")?;
    let store = deck.store().await?;
    let now = store.clock().now();
    let (mut out, reader_gone) = Stream::open();
    let written = store
        .db()
        .read(move |connection| match what {
            ExportWord::Preorders => export::export_preorders(connection, format, &mut out),
            ExportWord::Events => export::export_events(connection, format, &mut out),
            ExportWord::Customers => export::export_customers(connection, format, &mut out),
            ExportWord::Purchases => credits::export_purchases(connection, format, &mut out),
            ExportWord::Wallets => credits::export_wallets(connection, format, &mut out),
            ExportWord::Differences => credits::export_differences(connection, format, &mut out),
            ExportWord::Findings => export_findings(connection, now, format, &mut out),
            ExportWord::Leads => export_leads(connection, now, format, &mut out),
            ExportWord::Audit => audit::export_audit(connection, format, &mut out),
            ExportWord::Campaigns => export_reports(connection, ReportKind::Campaigns, format, &mut out),
            ExportWord::Flows => export_reports(connection, ReportKind::Flows, format, &mut out),
            ExportWord::Segments => export_reports(connection, ReportKind::Segments, format, &mut out),
            ExportWord::Forms => export_reports(connection, ReportKind::Forms, format, &mut out),
        })
        .await;
    match written {
        Err(_) if reader_gone.load(Ordering::Relaxed) => Err(Stop::ReaderGone),
        Err(error) => Err(error.into()),
        Ok(rows) => {
            print::note(&format!("{rows} rows"));
            Ok(())
        }
    }
}
