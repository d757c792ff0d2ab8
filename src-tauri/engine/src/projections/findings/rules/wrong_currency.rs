//! A checkout asks for a currency that its product is not sold in.

use super::super::case::{Case, made, shown};
use super::super::{Found, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};

/// A currency that is not the price list's.
pub static RULE: Rule = Rule {
    name: "wrong_currency",
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
        let Some(product) = &sold.1.foreign_currency else { continue };
        let evidence = vec![shown("session", session), Evidence::named("product").id(product)];
        found.push(Found::new(&session.id, made(session), evidence));
    }
    found
}
