//! Every rule, one file each, in the order people meet them.

mod async_pending_too_long;
mod authorisation_lapsing;
mod dispute_open;
pub mod event_sent_twice;
mod expires_after_attempt;
pub mod fix_without_effect;
pub mod funnel_fall;
mod metadata_broken;
mod missing_address;
mod missing_color;
mod missing_email;
pub mod negative_wallet;
mod orphan_payment;
mod paid_not_completed;
pub(super) mod paid_twice;
mod partial_refund_completed;
pub(super) mod payment_failed;
mod processing_too_long;
mod refund_failed;
mod requires_action_stale;
pub(super) mod several_sessions;
pub(super) mod shared_preorder_id;
pub mod started_event_missing;
mod steps_out_of_order;
pub mod success_event_missing;
pub mod undelivered_event;
mod wrong_amount;
mod wrong_currency;

use super::Rule;

/// Every rule, the ones that cost money first.
pub static RULES: [&Rule; 28] = [
    &paid_not_completed::RULE,
    &paid_twice::RULE,
    &authorisation_lapsing::RULE,
    &dispute_open::RULE,
    &refund_failed::RULE,
    &missing_email::RULE,
    &wrong_amount::RULE,
    &wrong_currency::RULE,
    &shared_preorder_id::RULE,
    &funnel_fall::RULE,
    &processing_too_long::RULE,
    &expires_after_attempt::RULE,
    &payment_failed::RULE,
    &requires_action_stale::RULE,
    &async_pending_too_long::RULE,
    &orphan_payment::RULE,
    &missing_color::RULE,
    &missing_address::RULE,
    &metadata_broken::RULE,
    &steps_out_of_order::RULE,
    &undelivered_event::RULE,
    &negative_wallet::RULE,
    &fix_without_effect::RULE,
    &success_event_missing::RULE,
    &several_sessions::RULE,
    &partial_refund_completed::RULE,
    &started_event_missing::RULE,
    &event_sent_twice::RULE,
];

/// Rules that payments of credits are held against too.
pub(super) static CREDITS_TOO: [&Rule; 2] = [&dispute_open::RULE, &refund_failed::RULE];

/// Finds a rule by name.
pub fn find_rule(name: &str) -> Option<&'static Rule> {
    RULES.into_iter().find(|rule| rule.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_a_threshold_within_its_bounds() {
        for (place, rule) in RULES.into_iter().enumerate() {
            let (least, most) = rule.bounds_s;
            assert!((least..=most).contains(&rule.threshold_s), "{}", rule.name);
            assert!(RULES[..place].iter().all(|other| other.name != rule.name), "{}", rule.name);
            assert!(rule.closes_after_s.is_none_or(|closes| closes > most), "{} closes unopened", rule.name);
            assert!(RULES[..place].iter().all(|other| other.severity <= rule.severity), "{}", rule.name);
        }
    }
}
