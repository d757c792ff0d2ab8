//! Exports of credits: purchases, wallets, and what does not add up. Memory does not grow with the mirror.

use std::io::Write;

use super::{purchases, reconcile, wallets};
use crate::db::{Connection, DbResult};
use crate::domain::money::decimal;
use crate::queries::export::{ExportFormat, Sink, instant, number};

fn text(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

/// Writes every purchase, oldest first; says how many. JSONL lines are [`purchases::PurchaseRow`].
///
/// # Errors
/// Stale projections, a failed read; [`crate::db::DbError::DiskFull`] or [`crate::db::DbError::Invalid`] when writing fails.
pub fn export_purchases(connection: &Connection, format: ExportFormat, out: &mut dyn Write) -> DbResult<i64> {
    const COLUMNS: [&str; 18] = [
        "payment_id",
        "status",
        "coverage",
        "plan",
        "rule",
        "credits",
        "clawed",
        "reversed",
        "amount",
        "currency",
        "amount_minor",
        "refunded_minor",
        "owner",
        "user_id",
        "email",
        "paid_at",
        "stripe_event_id",
        "session_id",
    ];
    let mut sink = Sink::new(format, out, &COLUMNS)?;
    purchases::for_each(connection, |row| match format {
        ExportFormat::Jsonl => sink.document(&row),
        ExportFormat::Csv => {
            let currency = text(&row.currency);
            sink.row(&[
                row.payment_id.clone(),
                row.status.as_str().to_owned(),
                row.coverage.as_str().to_owned(),
                text(&row.plan),
                text(&row.rule),
                row.credits.to_string(),
                row.clawed.to_string(),
                row.reversed.to_string(),
                row.amount_minor.map(|minor| decimal(minor, &currency)).unwrap_or_default(),
                currency,
                number(row.amount_minor),
                row.refunded_minor.to_string(),
                text(&row.owner),
                text(&row.user_id),
                text(&row.email),
                instant(row.paid_at),
                text(&row.stripe_event_id),
                text(&row.session_id),
            ])
        }
    })?;
    sink.finish()
}

/// Writes every wallet, by owner; says how many. JSONL lines are [`wallets::WalletRow`].
///
/// # Errors
/// As [`export_purchases`].
pub fn export_wallets(connection: &Connection, format: ExportFormat, out: &mut dyn Write) -> DbResult<i64> {
    const COLUMNS: [&str; 9] =
        ["owner", "granted", "clawed", "reversed", "spent", "adjusted", "balance", "first_at", "last_at"];
    let mut sink = Sink::new(format, out, &COLUMNS)?;
    wallets::for_each(connection, |row| match format {
        ExportFormat::Jsonl => sink.document(&row),
        ExportFormat::Csv => sink.row(&[
            row.owner.clone(),
            row.granted.to_string(),
            row.clawed.to_string(),
            row.reversed.to_string(),
            row.spent.to_string(),
            row.adjusted.to_string(),
            row.balance.to_string(),
            instant(row.first_at),
            instant(row.last_at),
        ]),
    })?;
    sink.finish()
}

/// Writes every difference, by kind of comparison; says how many. JSONL lines are [`reconcile::Difference`].
///
/// # Errors
/// As [`export_purchases`].
pub fn export_differences(
    connection: &Connection,
    format: ExportFormat,
    out: &mut dyn Write,
) -> DbResult<i64> {
    const COLUMNS: [&str; 10] = [
        "kind",
        "owner",
        "payment_id",
        "expected",
        "found",
        "currency",
        "amount_minor",
        "why",
        "batch",
        "line",
    ];
    let mut sink = Sink::new(format, out, &COLUMNS)?;
    reconcile::for_each(connection, |row| match format {
        ExportFormat::Jsonl => sink.document(&row),
        ExportFormat::Csv => sink.row(&[
            row.kind.as_str().to_owned(),
            text(&row.owner),
            text(&row.payment_id),
            row.expected.to_string(),
            row.found.to_string(),
            text(&row.currency),
            number(row.amount_minor),
            row.why.clone(),
            number(row.row.as_ref().map(|place| place.batch)),
            number(row.row.as_ref().map(|place| place.line)),
        ]),
    })?;
    sink.finish()
}
