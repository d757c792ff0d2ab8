//! One person opens one checkout after the other and completes none.

use super::super::{DAY, Found, HOUR, ON, Rule};
use crate::db::{Connection, DbResult};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};

/// Within these three sessions are several.
const WITHIN_S: i64 = 7 * DAY;
/// For so long a finding stands; sessions of that time belong to it.
const CLOSES_AFTER_S: i64 = 14 * DAY;

/// Several sessions, none completed.
pub static RULE: Rule = Rule {
    name: "several_sessions",
    severity: Severity::Info,
    fixes: &[ActionKind::NewLink],
    threshold_s: HOUR,
    bounds_s: (ON.0, 13 * DAY),
    closes_after_s: Some(CLOSES_AFTER_S),
    of_order: None,
};

struct Opened {
    created: i64,
    id: String,
    order: i64,
}

/// What a person's sessions come to, with the number of the third session's order.
pub(in super::super) fn of_person(connection: &Connection, email: &str) -> DbResult<Option<(Found, i64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT n.created, s.id, n.status, p.key, p.paid_at FROM preorder p INDEXED BY preorder_email
         LEFT JOIN node n ON n.preorder = p.key AND n.kind = 1 AND n.deleted = 0
           AND (n.email IS NULL OR n.email = p.email)
         LEFT JOIN stripe_id s ON s.key = n.key
         WHERE p.email = ?1 AND p.goods = 1 ORDER BY n.created, s.id",
    )?;
    let mut rows = statement.query([email])?;
    let (mut opened, mut done) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let (created, status): (Option<i64>, Option<String>) = (row.get(0)?, row.get(2)?);
        let paid_at: Option<i64> = row.get(4)?;
        done = done.max(paid_at);
        match (created, status.as_deref()) {
            (Some(created), Some("complete")) => done = done.max(Some(created)),
            (Some(created), _) => opened.push(Opened { created, id: row.get(1)?, order: row.get(3)? }),
            _ => {}
        }
    }
    opened.retain(|session| done.is_none_or(|done| session.created > done));
    let found = last_run(&opened).map(|(first, third)| {
        let evidence = opened[first..]
            .iter()
            .map(|session| Evidence::named("session").id(&session.id).at(Some(session.created)))
            .collect();
        let third = &opened[third];
        (Found::new(&third.id, third.created, evidence), third.order)
    });
    Ok(found)
}

/// The first and the third session of the last run: three within a week; what follows while that stands belongs to it.
fn last_run(opened: &[Opened]) -> Option<(usize, usize)> {
    let (mut from, mut last) = (0, None);
    while let Some(first) = (from..opened.len().saturating_sub(2))
        .find(|first| opened[first + 2].created - opened[*first].created <= WITHIN_S)
    {
        let third = first + 2;
        last = Some((first, third));
        let ends = opened[third].created.saturating_add(CLOSES_AFTER_S);
        from = opened.iter().position(|session| session.created >= ends).unwrap_or(opened.len());
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(days: &[i64]) -> Vec<Opened> {
        days.iter().map(|day| Opened { created: day * DAY, id: format!("cs_{day}"), order: *day }).collect()
    }

    #[test]
    fn a_run_is_three_within_a_week_and_a_later_one_counts_anew() {
        assert_eq!(last_run(&opened(&[0, 1])), None);
        assert_eq!(last_run(&opened(&[0, 1, 7])), Some((0, 2)));
        assert_eq!(last_run(&opened(&[0, 1, 8])), None, "8 days");
        assert_eq!(last_run(&opened(&[0, 1, 2, 3, 15])), Some((0, 2)), "they belong to the first");
        assert_eq!(last_run(&opened(&[0, 1, 2, 16, 17, 18])), Some((3, 5)));
        assert_eq!(last_run(&opened(&[0, 6, 12, 13])), Some((1, 3)));
    }
}
