//! Part of the money went back, and the shop's own row does not know it.

use super::super::case::{Case, made, shown};
use super::super::{DAY, Found, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};
use crate::domain::status::PreorderStatus;
use crate::projections::nodes::Node;
use crate::projections::preorder::{is, of_charge};
use crate::projections::shop_words::knows_no_refund;

/// Refunded in part, but the shop says completed.
pub static RULE: Rule = Rule {
    name: "partial_refund_completed",
    severity: Severity::Info,
    fixes: &[ActionKind::Annotate],
    threshold_s: DAY,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let Some(status) = case.shop.iter().find(|status| knows_no_refund(status)) else { return Vec::new() };
    if case.order.status != PreorderStatus::PartiallyRefunded {
        return Vec::new();
    }
    let of_part = |refund: &&&Node| {
        let charges = case.parts.charges.iter();
        charges.filter(|charge| of_charge(refund, charge)).all(|charge| case.kept_part(charge))
    };
    if !case.parts.charges.is_empty() && !case.parts.charges.iter().any(|charge| case.kept_part(charge)) {
        return Vec::new();
    }
    let mut done = case.parts.refunds.iter().filter(|node| is(node.state.status.as_ref(), &["succeeded"]));
    let newest = done.rfind(of_part);
    let told = newest.and_then(|refund| case.reversal(refund.key)?.counted_at);
    let at = told.or_else(|| newest.map(|refund| made(refund))).unwrap_or_else(|| case.paid_at());
    let refund = newest.map(|refund| shown("refund", refund));
    let evidence = refund.into_iter().chain([Evidence::named("shop_status").text(Some(status))]).collect();
    vec![Found::new(&case.order.id, at, evidence)]
}
