//! Is the audit what was written? Names the first row that is not, and how.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Link;
use crate::db::{Connection, DbResult};
use crate::secrets::{AuditHead, AuditKey, hex};

/// How the audit is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Damage {
    /// The row does not say what it said.
    Changed,
    /// One or more rows before this one are gone.
    Missing,
    /// The row stood somewhere else.
    Moved,
    /// Rows at the end are gone, or an old file was put back.
    CutShort,
    /// Another history than the one whose head the keychain keeps.
    Forked,
    /// Rows without a key follow rows with one.
    KeyDropped,
    /// The row was written with a key that is not at hand.
    OtherKey,
}

/// The first row that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AuditProblem {
    /// Its number; of what was cut, the first that is gone.
    #[ts(type = "number")]
    pub row: i64,
    /// How.
    pub damage: Damage,
}

/// What a check of the chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AuditVerdict {
    /// Nothing is wrong as far as can be told.
    pub ok: bool,
    /// Rows.
    #[ts(type = "number")]
    pub rows: i64,
    /// Rows written without a key, because no keychain worked: whoever can write the file could have written them.
    #[ts(type = "number")]
    pub unkeyed: i64,
    /// Rows the keychain knows of; null where it keeps no head.
    #[ts(type = "number | null")]
    pub head_rows: Option<i64>,
    /// The last row's hash, hexadecimal; null for an empty audit.
    pub head: Option<String>,
    /// The first thing that is wrong.
    pub problem: Option<AuditProblem>,
}

struct Row {
    seq: i64,
    at: i64,
    operator: String,
    action: Option<String>,
    event: String,
    body: String,
    key_id: String,
    hash: Vec<u8>,
}

impl Row {
    fn link(&self, seq: i64) -> Link<'_> {
        Link {
            seq,
            at: self.at,
            operator: &self.operator,
            action: self.action.as_deref(),
            event: &self.event,
            body: &self.body,
            key_id: &self.key_id,
        }
    }
}

/// Checks every row against the one before it, and the last against the keychain's head.
///
/// # Errors
/// The read failed.
pub fn verify(connection: &Connection, key: &AuditKey, head: Option<&AuditHead>) -> DbResult<AuditVerdict> {
    let mut verdict = AuditVerdict {
        ok: true,
        rows: 0,
        unkeyed: 0,
        head_rows: head.map(|head| head.count),
        head: None,
        problem: None,
    };
    let own = key.id();
    let mut before: Vec<u8> = Vec::new();
    let mut keyed = false;
    let mut fault = None;
    let mut statement = connection
        .prepare("SELECT seq, at, operator, action, event, body, key_id, hash FROM audit ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let row = read(row)?;
        verdict.rows += 1;
        verdict.unkeyed += i64::from(row.key_id == "none");
        if fault.is_none() {
            fault = judge(connection, &row, verdict.rows, &before, key, &own, keyed)?
                .map(|damage| AuditProblem { row: verdict.rows, damage });
        }
        keyed |= row.key_id != "none";
        if let Some(head) = head
            && fault.is_none()
            && head.count == verdict.rows
            && head.hash != hex(&row.hash)
        {
            fault = Some(AuditProblem { row: verdict.rows, damage: Damage::Forked });
        }
        verdict.head = Some(hex(&row.hash));
        before = row.hash;
    }
    if fault.is_none() && head.is_some_and(|head| head.count > verdict.rows) {
        fault = Some(AuditProblem { row: verdict.rows + 1, damage: Damage::CutShort });
    }
    verdict.ok = fault.is_none();
    verdict.problem = fault;
    Ok(verdict)
}

fn read(row: &crate::db::Row<'_>) -> DbResult<Row> {
    Ok(Row {
        seq: row.get(0)?,
        at: row.get(1)?,
        operator: row.get(2)?,
        action: row.get(3)?,
        event: row.get(4)?,
        body: row.get(5)?,
        key_id: row.get(6)?,
        hash: row.get(7)?,
    })
}

/// What is wrong with the row that stands in this place; None where nothing is.
fn judge(
    connection: &Connection,
    row: &Row,
    place: i64,
    before: &[u8],
    key: &AuditKey,
    own: &str,
    keyed: bool,
) -> DbResult<Option<Damage>> {
    if row.seq > place {
        return Ok(Some(Damage::Missing));
    }
    let unkeyed = row.key_id == "none";
    if unkeyed && keyed {
        return Ok(Some(Damage::KeyDropped));
    }
    let key = match (unkeyed, row.key_id == own) {
        (true, _) => &AuditKey::NONE,
        (false, true) => key,
        (false, false) => return Ok(Some(Damage::OtherKey)),
    };
    if row.link(row.seq).tag(key, before).as_slice() == row.hash {
        return Ok(None);
    }
    Ok(Some(if stood_elsewhere(connection, row, key)? { Damage::Moved } else { Damage::Changed }))
}

/// Whether the row's hash is the one it had in another place of this chain.
fn stood_elsewhere(connection: &Connection, row: &Row, key: &AuditKey) -> DbResult<bool> {
    let mut statement = connection.prepare("SELECT hash FROM audit ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let mut hashes: Vec<Vec<u8>> = vec![Vec::new()];
    while let Some(row) = rows.next()? {
        hashes.push(row.get(0)?);
    }
    // A row's place was behind the hash it covers; that hash may have been moved along with a neighbour.
    Ok(hashes.iter().enumerate().any(|(place, before)| {
        (place..place + 3).any(|seq| {
            let seq = i64::try_from(seq).unwrap_or(i64::MAX);
            seq != row.seq && row.link(seq).tag(key, before).as_slice() == row.hash
        })
    }))
}
