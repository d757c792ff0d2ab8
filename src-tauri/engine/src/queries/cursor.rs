//! Page cursors: a place in a list as opaque text, bound to the list it came from.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::{DbError, DbResult};

const VERSION: &str = "1";

/// Writes a place as a cursor. `list` names the list: its filters, sort and direction.
pub(super) fn encode<T: Serialize>(list: &str, place: &T) -> DbResult<String> {
    let body = serde_json::to_vec(place).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{VERSION}.{hex}.{:016x}", seal(list, &body)))
}

/// Reads a cursor of the same list back.
///
/// # Errors
/// [`DbError::Invalid`] for text that is no cursor, or a cursor of another list.
pub(super) fn decode<T: DeserializeOwned>(list: &str, cursor: &str) -> DbResult<T> {
    parse(list, cursor).ok_or_else(|| {
        DbError::Invalid("the cursor `after` does not belong to this list; start again without it".to_owned())
    })
}

fn parse<T: DeserializeOwned>(list: &str, cursor: &str) -> Option<T> {
    let (version, rest) = cursor.split_once('.')?;
    let (hex, mark) = rest.split_once('.')?;
    if version != VERSION || hex.len() % 2 != 0 || hex.len() > 4_096 || !hex.is_ascii() {
        return None;
    }
    let body: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
        .collect::<Option<_>>()?;
    let sealed = mark.len() == 16 && u64::from_str_radix(mark, 16).ok()? == seal(list, &body);
    if sealed { serde_json::from_slice(&body).ok() } else { None }
}

fn seal(list: &str, body: &[u8]) -> u64 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    hash.update(&(list.len() as u64).to_le_bytes());
    hash.update(list.as_bytes());
    hash.update(body);
    hash.digest()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn a_cursor_leads_back_to_its_own_list_only() {
        let cursor = encode("list a", &(7, "é")).unwrap();
        assert_eq!(decode::<(i64, String)>("list a", &cursor).unwrap(), (7, "é".to_owned()));
        assert!(decode::<(i64, String)>("list b", &cursor).is_err(), "another list");
        for at in 0..cursor.len() {
            let mut damaged = cursor.clone().into_bytes();
            damaged[at] = if damaged[at] == b'0' { b'1' } else { b'0' };
            let damaged = String::from_utf8(damaged).unwrap();
            assert!(decode::<(i64, String)>("list a", &damaged).is_err(), "{damaged}");
        }
        for text in ["", ".", "..", "1..", "1.é.0000000000000000", "2.5b.0", &"1".repeat(10_000)] {
            assert!(decode::<(i64, String)>("list a", text).is_err(), "{text:.20}");
        }
    }
}
