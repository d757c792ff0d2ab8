//! The shop's own rows in force: of each row what the newest batch says that was not removed.
//!
//! Rows find each other by their key alone, so batches may come in any order and more than once. A large batch is
//! stored without the indexes, which are made from the whole table afterwards.

use super::shop_tables::{INDEXES, Index, columns_of, table_of, values_of};
use crate::db::types::Value;
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Transaction, params, sorting_in_files};
use crate::domain::kind::Kind;
use crate::domain::shop::{ShopKind, ShopRow};
use crate::facts::imports::ImportRow;
use crate::facts::names::intern_id;

/// Rows from which on a batch is stored before the indexes are made.
const LARGE: i64 = 20_000;

/// Which of two rows of one key stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The one of the newer batch.
    Newest,
    /// The one that is put, where the other is of this batch; nothing is put where there is no other.
    InsteadOf(i64),
}

/// Where the row of a key in force was stored: its batch and line.
///
/// # Errors
/// The read failed.
pub fn find_place(connection: &Connection, kind: ShopKind, row_key: &str) -> DbResult<Option<(i64, i64)>> {
    let sql = format!("SELECT batch, line FROM {} WHERE row_key = ?1", table_of(kind));
    Ok(connection
        .prepare_cached(&sql)?
        .query_row([row_key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Whether no row of a kind is in force.
///
/// # Errors
/// The read failed.
pub fn is_empty(connection: &Connection, kind: ShopKind) -> DbResult<bool> {
    let sql = format!("SELECT NOT EXISTS (SELECT 1 FROM {})", table_of(kind));
    Ok(connection.query_row(&sql, [], |row| row.get(0))?)
}

/// Rows of a batch that are in force.
///
/// # Errors
/// The read failed.
pub fn count_in_force(connection: &Connection, batch: i64) -> DbResult<i64> {
    Ok(connection
        .prepare_cached("SELECT in_force FROM shop_batch WHERE batch = ?1")?
        .query_row([batch], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

/// Puts rows of a batch into force, by a rule; says how many were put.
///
/// # Errors
/// The write failed, or a stored row is damaged.
pub fn put_rows(
    transaction: &Transaction<'_>,
    kind: ShopKind,
    batch: i64,
    mut rows: Vec<ImportRow>,
    rule: Rule,
) -> DbResult<i64> {
    let keyed = is_keyed(transaction, kind)?;
    // In the order of the index, each of its pages is changed once.
    rows.sort_unstable_by(|a, b| a.row_key.cmp(&b.row_key));
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        if let Rule::InsteadOf(old) = rule
            && find_place(transaction, kind, &row.row_key)?.is_none_or(|(found, _)| found != old)
        {
            continue;
        }
        let body: ShopRow = serde_json::from_str(&row.body)
            .map_err(|error| DbError::Corrupt(format!("row {} of batch {batch}: {error}", row.line)))?;
        read.push((row, body));
    }
    let objects = intern_objects(transaction, &read)?;
    let sql = put_sql(kind, keyed, rule);
    let mut put = transaction.prepare_cached(&sql)?;
    let mut counts = Counts::default();
    for ((row, body), object) in read.into_iter().zip(objects) {
        let before = if keyed { find_place(transaction, kind, &row.row_key)? } else { None };
        let mut values = vec![Value::Text(row.row_key), Value::Integer(batch), Value::Integer(row.line)];
        values_of(kind, body, object, &mut values);
        let changed = put.execute(crate::db::rusqlite::params_from_iter(values))?;
        if changed > 0 {
            counts.put += 1;
            if let Some((old, _)) = before {
                *counts.replaced.entry(old).or_insert(0) += 1;
            }
        }
    }
    counts.write(transaction, batch)?;
    Ok(counts.put)
}

#[derive(Default)]
struct Counts {
    put: i64,
    replaced: std::collections::BTreeMap<i64, i64>,
}

impl Counts {
    fn write(&self, transaction: &Transaction<'_>, batch: i64) -> DbResult<()> {
        add_in_force(transaction, batch, self.put)?;
        for (old, count) in &self.replaced {
            add_in_force(transaction, *old, -count)?;
        }
        Ok(())
    }
}

fn add_in_force(transaction: &Transaction<'_>, batch: i64, by: i64) -> DbResult<()> {
    if by != 0 {
        transaction
            .prepare_cached(
                "INSERT INTO shop_batch (batch, in_force) VALUES (?1, ?2)
                 ON CONFLICT (batch) DO UPDATE SET in_force = in_force + excluded.in_force",
            )?
            .execute(params![batch, by])?;
        transaction
            .prepare_cached("DELETE FROM shop_batch WHERE batch = ?1 AND in_force = 0")?
            .execute([batch])?;
    }
    Ok(())
}

fn put_sql(kind: ShopKind, keyed: bool, rule: Rule) -> String {
    let (table, columns) = (table_of(kind), columns_of(kind));
    let places: Vec<String> = (1..=columns.len() + 3).map(|place| format!("?{place}")).collect();
    let insert = format!(
        "INSERT INTO {table} (row_key, batch, line, {}) VALUES ({})",
        columns.join(", "),
        places.join(", ")
    );
    if !keyed {
        return insert;
    }
    let set: Vec<String> = ["batch", "line"]
        .iter()
        .chain(columns)
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let newer = if rule == Rule::Newest { " WHERE excluded.batch >= batch" } else { "" };
    format!("{insert} ON CONFLICT (row_key) DO UPDATE SET {}{newer}", set.join(", "))
}

/// Numbers for the Stripe ids of rows, given in the order of the ids for the same reason as above.
fn intern_objects(
    transaction: &Transaction<'_>,
    rows: &[(ImportRow, ShopRow)],
) -> DbResult<Vec<Option<i64>>> {
    let mut named: Vec<(&str, usize)> =
        rows.iter().enumerate().filter_map(|(place, (_, row))| Some((row.object()?, place))).collect();
    named.sort_unstable();
    let mut keys = vec![None; rows.len()];
    for (id, place) in named {
        let kind = match id.split('_').next() {
            Some("pi") => Kind::Intent,
            Some("cs") => Kind::Session,
            Some("ch" | "py") => Kind::Charge,
            _ => Kind::Other,
        };
        keys[place] = Some(intern_id(transaction, id, kind)?);
    }
    Ok(keys)
}

/// Deletes the rows of a batch that are in force, some keys at a time; says where to go on, None at the end.
///
/// # Errors
/// The write failed.
pub fn delete_rows(
    transaction: &Transaction<'_>,
    kind: ShopKind,
    batch: i64,
    after: i64,
    limit: i64,
) -> DbResult<Option<i64>> {
    let table = table_of(kind);
    let last: Option<i64> = transaction.query_row(
        &format!("SELECT max(key) FROM (SELECT key FROM {table} WHERE key > ?1 ORDER BY key LIMIT ?2)"),
        params![after, limit],
        |row| row.get(0),
    )?;
    let Some(last) = last else { return Ok(None) };
    let deleted = transaction.execute(
        &format!("DELETE FROM {table} WHERE key > ?1 AND key <= ?2 AND batch = ?3"),
        params![after, last, batch],
    )?;
    add_in_force(transaction, batch, -i64::try_from(deleted).unwrap_or(0))?;
    Ok(Some(last))
}

/// Drops the indexes that a batch of so many rows is stored faster without.
///
/// # Errors
/// The write failed.
pub fn prepare(transaction: &Transaction<'_>, kind: ShopKind, rows: i64) -> DbResult<()> {
    let empty = is_empty(transaction, kind)?;
    if !empty {
        for index in missing(transaction, kind)?.into_iter().filter(|index| index.is_key) {
            make(transaction, index)?;
        }
    }
    if rows >= LARGE && rows >= count_all(transaction, kind)? / 2 {
        drop_indexes(transaction, kind, empty)?;
    }
    Ok(())
}

/// Drops every index of a kind, if most of its rows are of a batch that is going to be deleted.
///
/// # Errors
/// The write failed.
pub fn prepare_deletion(transaction: &Transaction<'_>, kind: ShopKind, batch: i64) -> DbResult<()> {
    let rows = count_in_force(transaction, batch)?;
    if rows >= LARGE && rows >= count_all(transaction, kind)? / 2 {
        drop_indexes(transaction, kind, true)?;
    }
    Ok(())
}

fn count_all(connection: &Connection, kind: ShopKind) -> DbResult<i64> {
    Ok(connection.query_row(
        "SELECT coalesce(sum(s.in_force), 0) FROM shop_batch s JOIN import_batch b ON b.batch = s.batch WHERE b.kind = ?1",
        [kind.as_str()],
        |row| row.get(0),
    )?)
}

fn drop_indexes(transaction: &Transaction<'_>, kind: ShopKind, key_too: bool) -> DbResult<()> {
    for index in INDEXES.iter().filter(|index| index.kind == kind && (key_too || !index.is_key)) {
        transaction.execute_batch(&format!("DROP INDEX IF EXISTS {}", index.name))?;
    }
    Ok(())
}

/// The indexes of a kind that wait to be made.
///
/// # Errors
/// The read failed.
pub fn missing(connection: &Connection, kind: ShopKind) -> DbResult<Vec<&'static Index>> {
    let mut found = Vec::new();
    for index in INDEXES.iter().filter(|index| index.kind == kind) {
        if !has_index(connection, index.name)? {
            found.push(index);
        }
    }
    Ok(found)
}

/// Makes an index.
///
/// # Errors
/// The write failed.
pub fn make(transaction: &Transaction<'_>, index: &Index) -> DbResult<()> {
    sorting_in_files(transaction, || Ok(transaction.execute_batch(index.sql)?))
}

fn is_keyed(connection: &Connection, kind: ShopKind) -> DbResult<bool> {
    let key = INDEXES.iter().find(|index| index.kind == kind && index.is_key);
    key.map_or(Ok(true), |index| has_index(connection, index.name))
}

fn has_index(connection: &Connection, name: &str) -> DbResult<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?1)")?
        .query_row([name], |row| row.get(0))?)
}
