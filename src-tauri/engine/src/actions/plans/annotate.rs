//! Words that stay here: a note on an order, and what an operator says of a finding.

use serde_json::json;

use super::{Draft, NotPlanned, refused};
use crate::actions::ground::Ground;
use crate::actions::plan::FieldChange;
use crate::actions::program::Move;
use crate::domain::action::FindingWord;
use crate::facts::local::{FINDING, NOTE};

/// Longest note.
const LONGEST: usize = 2_000;
/// Longest snooze, seconds.
const LONGEST_SNOOZE_S: i64 = 366 * 86_400;

pub(super) fn note(ground: &Ground<'_>, order: &str, note: &str) -> Result<Draft, NotPlanned> {
    let order = ground.order(order)?;
    let note = usable(note)?;
    let change = FieldChange {
        object: Some(order.row.id.clone()),
        kind: "mirror".to_owned(),
        field: "note".to_owned(),
        before: None,
        after: Some(note.clone()),
        currency: None,
    };
    let fact = Move::Fact {
        kind: NOTE.to_owned(),
        subject: order.row.id.clone(),
        object: None,
        body: json!({"note": note, "action": ground.action_id()}),
    };
    Ok(Draft {
        order_id: Some(order.row.id),
        email: order.row.email,
        changes: vec![change],
        moves: vec![fact],
        notices: vec!["mirror_only"],
        undo: "none",
        ..Draft::default()
    })
}

pub(super) fn finding(
    ground: &Ground<'_>,
    finding: &str,
    word: FindingWord,
    until: Option<i64>,
    note: Option<&str>,
) -> Result<Draft, NotPlanned> {
    let note = note.filter(|note| !note.trim().is_empty()).map(usable).transpose()?;
    let until = match word {
        FindingWord::Snoozed => Some(
            until
                .filter(|until| (ground.now + 60..=ground.now + LONGEST_SNOOZE_S).contains(until))
                .ok_or_else(|| {
                    refused("BAD_DATE", "a snooze ends in the future, within a year", "Say until when.")
                })?,
        ),
        FindingWord::Dismissed if note.is_none() => {
            return Err(refused(
                "NO_REASON",
                "a finding is dismissed with a reason",
                "Say why it is not wrong.",
            ));
        }
        _ => None,
    };
    let known = ground.finding(finding)?;
    let change = FieldChange {
        object: Some(known.id.clone()),
        kind: "mirror".to_owned(),
        field: "state".to_owned(),
        before: Some(known.state.as_str().to_owned()),
        after: Some(word.as_str().to_owned()),
        currency: None,
    };
    let fact = Move::Fact {
        kind: FINDING.to_owned(),
        subject: known.id.clone(),
        object: None,
        body: json!({"state": word.as_str(), "until": until, "note": note, "base_at": known.base_at,
            "action": ground.action_id()}),
    };
    let (order_id, email) = known.order.map_or((None, None), |(id, email)| (Some(id), email));
    Ok(Draft {
        order_id,
        email,
        changes: vec![change],
        moves: vec![fact],
        notices: vec!["mirror_only"],
        undo: "open_again",
        subjects: vec![known.id],
        ..Draft::default()
    })
}

fn usable(note: &str) -> Result<String, NotPlanned> {
    let note = note.trim();
    let control = note.chars().any(|letter| letter.is_control() && letter != '\n' && letter != '\t');
    if note.is_empty() || note.chars().count() > LONGEST || control {
        return Err(refused(
            "BAD_NOTE",
            "the note is empty, too long or has control characters",
            "Give 1 to 2000 characters.",
        ));
    }
    Ok(note.to_owned())
}
