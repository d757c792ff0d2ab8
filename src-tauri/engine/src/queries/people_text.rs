//! Finds orders by a beginning or a part of an e-mail. The text is anybody's: it is only ever bound, and
//! the words of the full-text index are quoted one by one.

use super::rows::{at_most, list_numbers};
use super::walk::Cell;
use crate::db::{Connection, DbResult, rusqlite, types::Value};

/// Trigrams asked of the index; what it finds is compared with the whole text all the same.
const TRIGRAMS: usize = 16;
/// Sorts after every text that begins with what stands before it.
const LAST: char = '\u{10ffff}';

/// A test of an order by its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EmailTest {
    /// The e-mail begins with this.
    Prefix(String),
    /// The e-mail contains this.
    Part(String),
    /// The order's id begins with this.
    IdPrefix(String),
}

impl EmailTest {
    /// The test as a condition that no index is chosen for.
    pub(super) const fn sql(&self) -> &'static str {
        match self {
            Self::Prefix(_) => "+email >= ? AND +email < ?",
            Self::Part(_) => "instr(email, ?) > 0",
            Self::IdPrefix(_) => "+id >= ? AND +id < ?",
        }
    }

    /// The values of [`EmailTest::sql`].
    pub(super) fn values(&self) -> Vec<Value> {
        match self {
            Self::Part(text) => vec![Value::Text(text.clone())],
            Self::Prefix(_) | Self::IdPrefix(_) => self.bounds().into_iter().map(Value::Text).collect(),
        }
    }

    /// The first text that passes, and the first that no longer does.
    pub(super) fn bounds(&self) -> [String; 2] {
        let (Self::Prefix(text) | Self::Part(text) | Self::IdPrefix(text)) = self;
        [text.clone(), format!("{text}{LAST}")]
    }

    /// Bounds of the e-mail for a list sorted by it.
    pub(super) fn email_bounds(&self) -> Option<(Cell, Cell)> {
        let Self::Prefix(_) = self else { return None };
        let [low, high] = self.bounds();
        Some((Cell::Text(low), Cell::Text(high)))
    }
}

/// Lists orders whose e-mail begins with a text, by e-mail, newest first within one.
///
/// # Errors
/// The read failed.
pub(super) fn list_by_email_prefix(connection: &Connection, text: &str, limit: usize) -> DbResult<Vec<i64>> {
    if !can_be_in_email(text) {
        return Ok(Vec::new());
    }
    let [low, high] = EmailTest::Prefix(text.to_owned()).bounds();
    list_numbers(
        connection,
        "SELECT key FROM preorder INDEXED BY preorder_email WHERE email >= ?1 AND email < ?2 ORDER BY email LIMIT ?3",
        rusqlite::params![low, high, at_most(limit)],
    )
}

/// Lists orders whose e-mail contains a text of three characters or more.
///
/// # Errors
/// The read failed.
pub(super) fn list_by_email_part(connection: &Connection, text: &str, limit: usize) -> DbResult<Vec<i64>> {
    let Some(words) = trigrams(text) else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(
        "SELECT p.email FROM person_text t CROSS JOIN person p ON p.key = t.rowid
         WHERE t.person_text MATCH ?1 AND instr(p.email, ?2) > 0",
    )?;
    let mut orders = connection
        .prepare_cached("SELECT key FROM preorder INDEXED BY preorder_email WHERE email = ?1 ORDER BY started_at DESC LIMIT ?2")?;
    let mut people = statement.query(rusqlite::params![words, text])?;
    let mut found: Vec<i64> = Vec::new();
    while let Some(row) = people.next()? {
        let email: String = row.get(0)?;
        let left = limit - found.len();
        for key in orders.query_map(rusqlite::params![email, at_most(left)], |row| row.get(0))? {
            found.push(key?);
        }
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// Lists the e-mails that contain a text of three characters or more. None where they have more orders than
/// `few`, or more people have all its trigrams: that may be said of a text that hardly any of them contains.
///
/// # Errors
/// The read failed.
pub(super) fn emails_by_part(
    connection: &Connection,
    text: &str,
    few: usize,
) -> DbResult<Option<Vec<String>>> {
    let Some(words) = trigrams(text) else { return Ok(Some(Vec::new())) };
    let mut statement = connection.prepare_cached(
        "SELECT p.email, p.preorders FROM person_text t CROSS JOIN person p ON p.key = t.rowid
         WHERE t.person_text MATCH ?1",
    )?;
    let mut people = statement.query([words])?;
    let (mut emails, mut seen, mut orders) = (Vec::new(), 0, 0_i64);
    while let Some(row) = people.next()? {
        let email: String = row.get(0)?;
        seen += 1;
        if email.contains(text) {
            orders += row.get::<_, i64>(1)?;
            emails.push(email);
        }
        if seen > few || orders > at_most(few) {
            return Ok(None);
        }
    }
    Ok(Some(emails))
}

/// A full-text query of the text's trigrams, each a quoted word of its own: the index keeps no positions,
/// so it cannot take a phrase. None for a text no e-mail contains.
fn trigrams(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() < 3 || !can_be_in_email(text) {
        return None;
    }
    let words = chars.windows(3).take(TRIGRAMS).map(|three| {
        let word: String = three.iter().collect();
        format!("\"{}\"", word.replace('"', "\"\""))
    });
    Some(words.collect::<Vec<_>>().join(" AND "))
}

/// Whether an e-mail, as the mirror keeps it, can contain this.
fn can_be_in_email(text: &str) -> bool {
    text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
