//! The shop's own rows: a file imported, batches listed and removed.

use std::collections::BTreeMap;

use foredeck_engine::api::types::{ImportPreviewArgs, ImportRemoveArgs, ImportRunArgs, NoArgs};
use foredeck_engine::domain::shop::ShopKind;
use foredeck_engine::error::Problem;
use foredeck_engine::queries::imports::ImportList;
use foredeck_engine::tasks::import::{ImportPreview, ImportReport, RemovalReport};

use crate::deck::Deck;
use crate::line::ImportLine;
use crate::plain::{cell, instant, maybe, maybe_instant, plain};
use crate::print::{self, Format, Outcome, Stop};

/// Imports a file, or says what an import would do. Bad rows that stop it are an error.
pub async fn import(deck: &Deck, line: &ImportLine) -> Outcome {
    let kind = ShopKind::parse(&line.kind)
        .ok_or_else(|| Stop::Usage(format!("there is no kind {:?}", line.kind)))?;
    let map = line.map.iter().map(|entry| mapped(entry)).collect::<Outcome<BTreeMap<_, _>>>()?;
    let path = line.path.to_string_lossy().into_owned();
    if deck.format == Format::Text {
        let args = ImportPreviewArgs { kind, path: path.clone(), map: map.clone() };
        let preview: ImportPreview = deck.ask("import_preview", &args).await?;
        print::note(&read_as(&preview));
    }
    let (dry_run, accept_bad) = (line.dry_run, line.accept_bad);
    let args = ImportRunArgs { kind, path, map, dry_run, accept_bad };
    let report: ImportReport = deck.ask("import_run", &args).await?;
    deck.format.reply(&report, |report| shown(report, dry_run))?;
    if report.bad > 0 && !accept_bad {
        let verb = if dry_run { "would be" } else { "was" };
        return Err(Problem::new(
            "BAD_ROWS",
            format!("{} of {} rows are bad: nothing {verb} loaded", report.bad, report.rows),
            "Correct them, or load the others with --accept-bad.",
        )
        .into());
    }
    Ok(())
}

fn mapped(entry: &str) -> Outcome<(String, String)> {
    let (field, column) =
        entry.split_once('=').ok_or_else(|| Stop::Usage(format!("--map {entry:?} is not FIELD=COLUMN")))?;
    Ok((field.trim().to_owned(), column.trim().to_owned()))
}

fn read_as(preview: &ImportPreview) -> String {
    let fields = preview.map.iter().filter_map(|mapped| {
        let column = mapped.column.as_ref()?;
        Some(format!("{}={}", mapped.field, plain(column)))
    });
    let fields: Vec<String> = fields.collect();
    format!("{}, {}: {}", preview.format, preview.encoding, fields.join(", "))
}

fn shown(report: &ImportReport, dry_run: bool) -> String {
    let ImportReport { rows, new, changed, same, bad, .. } = report;
    let errors = report.errors.iter().map(|error| {
        vec![error.line.to_string(), maybe(error.column.as_deref()), error.code.clone(), cell(&error.message)]
    });
    let mut text = String::new();
    if *bad > 0 {
        text += &print::table(&["LINE", "COLUMN", "CODE", "WHY"], &[0], errors);
    }
    let more = bad - i64::try_from(report.errors.len()).unwrap_or(0);
    if more > 0 {
        text += &format!("and {more} more bad rows\n");
    }
    text += &format!("{rows} rows: {new} new, {changed} changed, {same} same, {bad} bad\n");
    text += &match report.batch {
        Some(batch) => format!("batch {batch} is in force, {} rows", report.loaded),
        None if dry_run => "dry run: nothing was loaded".to_owned(),
        None if *bad > 0 => "nothing was loaded".to_owned(),
        None => "nothing changed".to_owned(),
    };
    text
}

/// Lists the batches.
pub async fn list(deck: &Deck) -> Outcome {
    let list: ImportList = deck.ask("import_list", &NoArgs {}).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&list, |list| {
        let rows = list.batches.iter().map(|batch| {
            vec![
                batch.batch.to_string(),
                instant(batch.made_at, zone),
                batch.kind.as_str().to_owned(),
                batch.rows.to_string(),
                batch.in_force.to_string(),
                maybe_instant(batch.removed_at, zone),
                cell(&batch.file_name),
            ]
        });
        print::table(&["BATCH", "MADE", "KIND", "ROWS", "IN FORCE", "REMOVED", "FILE"], &[0, 3, 4], rows)
    })
}

/// Takes a batch out of force.
pub async fn remove(deck: &Deck, batch: i64) -> Outcome {
    let report: RemovalReport = deck.ask("import_remove", &ImportRemoveArgs { batch }).await?;
    deck.format.reply(&report, |report| {
        let RemovalReport { batch, removed, restored } = report;
        format!(
            "batch {batch} is in force no more: {removed} rows, {restored} of them as an older batch said"
        )
    })
}
