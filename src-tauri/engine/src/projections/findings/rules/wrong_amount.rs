//! A checkout asks for another amount than the price list.

use super::super::case::{Case, made, shown};
use super::super::{Found, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};

/// An amount that is not the price list's.
pub static RULE: Rule = Rule {
    name: "wrong_amount",
    severity: Severity::Critical,
    fixes: &[ActionKind::NewLink, ActionKind::ExpireSession, ActionKind::Refund],
    threshold_s: 0,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for session in &case.parts.sessions {
        let Some((_, sold)) = case.sales.iter().find(|(key, _)| *key == session.key) else { continue };
        let (sale, verdict) = &**sold;
        let currency = sale.currency.as_deref();
        let (asked, expected) = match (verdict.expected_total, verdict.made_up) {
            (Some(expected), _) => (sale.total, expected),
            (None, Some((asked, usual))) => (Some(asked), usual),
            (None, None) => continue,
        };
        let evidence = vec![
            shown("session", session),
            Evidence::named("asked").money(asked, currency),
            Evidence::named("expected").money(Some(expected), currency),
        ];
        found.push(Found::new(&session.id, made(session), evidence));
    }
    found
}
