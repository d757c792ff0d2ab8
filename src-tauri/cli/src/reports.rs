//! Reports of Klaviyo.

use foredeck_engine::api::SUPPORT;
use foredeck_engine::api::reports::{
    ReportEngineArgs, ReportKindsArgs, ReportServerKeyArgs, ReportServerTest,
};
use foredeck_engine::api::types::NoArgs;
use foredeck_engine::domain::klaviyo::{ReportKind, ReportSyncState};
use foredeck_engine::domain::money::decimal;
use foredeck_engine::domain::report::ReportEngine;
use foredeck_engine::domain::store::KeySource;
use foredeck_engine::queries::reports::{
    ReportKindView, ReportPage, ReportPageArgs, ReportSeries, ReportSeriesArgs, ReportTotals, ReportsView,
};

use crate::deck::Deck;
use crate::plain::{cell, maybe_instant, plain};
use crate::print::{self, Outcome, Progress};
use crate::report_lines::{EngineWord, ReportsCommand, ShowLine};
use crate::typed;

/// Statistics that are shown in a row; all are in the JSON.
const SHOWN: usize = 8;

/// Runs a command on reports.
pub async fn run(deck: &Deck, command: &ReportsCommand) -> Outcome {
    match command {
        ReportsCommand::Status => {
            let view: ReportsView = deck.ask("reports_status", &NoArgs {}).await?;
            show_view(deck, &view).await
        }
        ReportsCommand::Sync { kinds, queue, due } => sync(deck, kinds.kinds(), *queue, *due).await,
        ReportsCommand::Cancel { kinds } => {
            let args = ReportKindsArgs { kinds: kinds.kinds() };
            let view: ReportsView = deck.ask("reports_cancel", &args).await?;
            show_view(deck, &view).await
        }
        ReportsCommand::Engine { engine } => {
            let engine = match engine {
                EngineWord::Local => ReportEngine::Local,
                EngineWord::Server => ReportEngine::Server,
            };
            let view: ReportsView = deck.ask("reports_engine_set", &ReportEngineArgs { engine }).await?;
            show_view(deck, &view).await
        }
        ReportsCommand::Test => {
            let test: ReportServerTest = deck.ask("report_test", &NoArgs {}).await?;
            deck.format.reply(&test, |test| {
                format!(
                    "{} is there: it answered {} in {} ms",
                    plain(&test.url),
                    test.status,
                    test.latency_ms
                )
            })
        }
        ReportsCommand::Key(line) => {
            let key = if line.key_stdin { Some(typed::key()?) } else { None };
            let view: ReportsView = deck.ask("report_server_key", &ReportServerKeyArgs { key }).await?;
            match view.server.key_source {
                KeySource::Session => print::note(
                    "there is no keychain: the key was held for this run only; give it in FOREDECK_REPORT_SERVER_KEY",
                ),
                KeySource::Environment => print::note("FOREDECK_REPORT_SERVER_KEY goes before the keychain"),
                _ => {}
            }
            show_view(deck, &view).await
        }
        ReportsCommand::Show(line) => show(deck, line).await,
    }
}

async fn sync(deck: &Deck, kinds: Vec<ReportKind>, queue: bool, due: bool) -> Outcome {
    if !due {
        let _asked: ReportsView = deck.ask("reports_sync", &ReportKindsArgs { kinds }).await?;
    }
    deck.permit(SUPPORT, "reports sync")?;
    let store = deck.store().await?;
    if queue {
        return show_view(deck, &store.reports_view().await?).await;
    }
    let progress = Progress::start();
    match store.sync_reports_here(|view| progress.show(&progress_words(view))).await {
        Ok(view) => {
            drop(progress);
            show_view(deck, &view).await
        }
        Err(problem) if problem.code == "STORE_BUSY" => {
            drop(progress);
            print::note("another process syncs this store, and does it");
            show_view(deck, &store.reports_view().await?).await
        }
        Err(problem) => Err(problem.into()),
    }
}

fn progress_words(view: &ReportsView) -> String {
    let open = view.kinds.iter().filter(|kind| kind.windows_left > 0);
    let words: Vec<String> = open
        .map(|kind| {
            let all = kind.windows_done + kind.windows_failed + kind.windows_left;
            format!("{} {} of {all}", kind.kind.as_str(), kind.windows_done + kind.windows_failed)
        })
        .collect();
    words.join(", ")
}

async fn show_view(deck: &Deck, view: &ReportsView) -> Outcome {
    let zone = deck.store().await?.zone();
    deck.format.reply(view, |view| {
        if !view.connected {
            return "not connected to Klaviyo: there is nothing to sync".to_owned();
        }
        let mut text = format!("engine   {}\n", view.engine.as_str());
        text += &format!("days of  {}\n", cell(view.time_zone.as_deref().unwrap_or("UTC")));
        let orders = if view.do_not_order_sync == Some(true) { "not synced" } else { "synced" };
        text += &format!("revenue  {orders}\n");
        if view.shared_budget {
            text += "budget   one for all kinds\n";
        }
        match view.engine {
            ReportEngine::Local => {
                let rows = view.kinds.iter().map(|kind| kind_row(kind, zone));
                let heads = [
                    "KIND",
                    "STATE",
                    "LAST",
                    "NEXT",
                    "UNTIL",
                    "ROWS",
                    "DONE",
                    "LEFT",
                    "COST TODAY",
                    "CALLS LEFT",
                ];
                text += &format!("\n{}", print::table(&heads, &[5, 6, 7, 8, 9], rows));
                for kind in view.kinds.iter().filter(|kind| kind.message.is_some()) {
                    let (message, code) = (kind.message.as_deref().unwrap_or_default(), kind.code.as_deref());
                    text += &format!(
                        "{}: {} ({})\n",
                        kind.kind.as_str(),
                        plain(message),
                        plain(code.unwrap_or_default())
                    );
                }
            }
            ReportEngine::Server => {
                text += &format!("server   {}\n", plain(&view.server.url));
                let rows = view.server.triggers.iter().map(|trigger| {
                    vec![
                        trigger.seq.to_string(),
                        cell(&trigger.reason),
                        cell(&trigger.state),
                        trigger.attempts.to_string(),
                        trigger.unanswered.to_string(),
                        maybe_instant(Some(trigger.queued_at), zone),
                        maybe_instant(trigger.next_at, zone),
                        trigger.message.as_deref().map_or_else(|| "-".to_owned(), cell),
                    ]
                });
                let heads = ["NO", "WHY", "STATE", "SENT", "UNANSWERED", "ASKED", "NEXT", "WHAT IS WRONG"];
                text += &format!("\n{}", print::table(&heads, &[0, 3, 4], rows));
            }
        }
        text
    })
}

fn kind_row(kind: &ReportKindView, zone: chrono_tz::Tz) -> Vec<String> {
    let state = kind.state.map_or("-", ReportSyncState::as_str);
    let off = if kind.on { "" } else { " (off)" };
    vec![
        format!("{}{off}", kind.kind.as_str()),
        state.to_owned(),
        maybe_instant(kind.last_at, zone),
        maybe_instant(kind.next_at, zone),
        maybe_instant(kind.until, zone),
        kind.rows.to_string(),
        kind.windows_done.to_string(),
        kind.windows_left.to_string(),
        kind.cost_today.to_string(),
        kind.calls_left.to_string(),
    ]
}

async fn show(deck: &Deck, line: &ShowLine) -> Outcome {
    let kind = ReportKind::parse(&line.kind).unwrap_or(ReportKind::Campaigns);
    let (from, to) = (line.from.clone(), line.to.clone());
    if line.by_day {
        let args = ReportSeriesArgs { kind, entity: None, from, to };
        let series: ReportSeries = deck.ask("report_series", &args).await?;
        return deck.format.reply(&series, show_series);
    }
    let args = ReportPageArgs {
        kind,
        from,
        to,
        sort: line.sort.clone(),
        ascending: line.ascending.then_some(true),
        limit: line.limit,
        offset: None,
    };
    let page: ReportPage = deck.ask("report_page", &args).await?;
    deck.format.reply(&page, show_page)
}

fn show_page(page: &ReportPage) -> String {
    let shown: Vec<&str> = page.columns.iter().take(SHOWN).map(String::as_str).collect();
    let currency = page.currency.as_deref().unwrap_or_default();
    let mut heads = vec!["NAME"];
    heads.extend(shown.iter().copied());
    heads.push("VALUE");
    let row = |row: &ReportTotals, name: &str| {
        let mut cells = vec![cell(name)];
        let count = |name: &&str| row.statistics.get(*name).map_or_else(|| "-".to_owned(), i64::to_string);
        cells.extend(shown.iter().map(count));
        cells.push(row.value_minor.map_or_else(|| "-".to_owned(), |minor| decimal(minor, currency)));
        cells
    };
    let numbers: Vec<usize> = (1..heads.len()).collect();
    let rows = page.rows.iter().map(|one| row(one, &one.name));
    let rows = rows.chain(std::iter::once(row(&page.total, "all")));
    let mut text =
        format!("{} to {}: {} of {} days are known\n\n", page.from, page.to, page.days_known, page.days);
    text += &print::table(&heads, &numbers, rows);
    text
}

fn show_series(series: &ReportSeries) -> String {
    let currency = series.currency.as_deref().unwrap_or_default();
    let mut shown: Vec<String> = series.days.iter().flat_map(|day| day.statistics.keys().cloned()).collect();
    shown.sort();
    shown.dedup();
    shown.truncate(SHOWN);
    let mut heads = vec!["DAY"];
    heads.extend(shown.iter().map(String::as_str));
    heads.extend(["VALUE", ""]);
    let rows = series.days.iter().map(|day| {
        let mut cells = vec![day.day.clone()];
        cells.extend(
            shown.iter().map(|name| day.statistics.get(name).map_or_else(|| "-".to_owned(), i64::to_string)),
        );
        cells.push(day.value_minor.map_or_else(|| "-".to_owned(), |minor| decimal(minor, currency)));
        cells.push(day.reason.as_deref().map_or_else(String::new, cell));
        cells
    });
    let numbers: Vec<usize> = (1..=shown.len() + 1).collect();
    print::table(&heads, &numbers, rows)
}
