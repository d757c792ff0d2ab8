//! What a store set of the rules: which are on, and when they open. Stored are only the terms that differ from a rule's own.

use std::collections::BTreeMap;

use super::rules::{
    fix_without_effect, negative_wallet, paid_twice, several_sessions, shared_preorder_id, undelivered_event,
};
use super::{RULES, Rule, find_rule, keep, rows};
use crate::db::{Connection, DbResult, Transaction, params};
use crate::domain::finding::{IdentityConnector, RuleSetting};
use crate::domain::settings::Settings;
use crate::facts::settings::get_settings;

/// The terms in force.
#[derive(Debug, Clone)]
pub struct Terms {
    rules: Vec<RuleSetting>,
    /// The shop's checkouts have to name a user.
    pub user_ids: bool,
}

impl Terms {
    /// The terms of these settings.
    pub fn of(settings: &Settings) -> Self {
        let rules = RULES.iter().map(|rule| setting_of(settings, rule)).collect();
        Self { rules, user_ids: settings.identity == IdentityConnector::ImportedUsers }
    }

    /// The terms of the settings in force.
    ///
    /// # Errors
    /// The read failed.
    pub fn read(connection: &Connection) -> DbResult<Self> {
        Ok(Self::of(&get_settings(connection)?.1))
    }

    /// What is set of a rule.
    pub fn get(&self, rule: &Rule) -> RuleSetting {
        let place = RULES.iter().position(|other| *other == rule).unwrap_or_default();
        self.rules[place]
    }

    /// Whether a rule is looked for.
    pub fn is_on(&self, rule: &Rule) -> bool {
        self.get(rule).on
    }

    /// When a finding opens that counts from an instant.
    pub fn opens_at(&self, rule: &Rule, base_at: i64) -> i64 {
        base_at.saturating_add(self.get(rule).threshold_s)
    }

    /// The rules that are on.
    pub(super) fn on(&self) -> impl Iterator<Item = &'static Rule> {
        RULES.into_iter().zip(&self.rules).filter(|(_, set)| set.on).map(|(rule, _)| rule)
    }
}

fn setting_of(settings: &Settings, rule: &Rule) -> RuleSetting {
    let (least, most) = rule.bounds_s;
    let own = RuleSetting { on: true, threshold_s: rule.threshold_s };
    let mut set = settings.findings.get(rule.name).copied().unwrap_or(own);
    if *rule == undelivered_event::RULE {
        set.threshold_s = i64::from(settings.undelivered_after_min) * 60;
    }
    RuleSetting { threshold_s: set.threshold_s.clamp(least, most), ..set }
}

/// Settings with the terms of every rule in them, as they are shown and changed.
#[must_use]
pub fn filled(settings: Settings) -> Settings {
    let findings = RULES
        .iter()
        .map(|rule| (rule.name.to_owned(), setting_of(&settings, rule)))
        .collect::<BTreeMap<_, _>>();
    Settings { findings, ..settings }
}

/// Settings with only those terms in them that differ from the rules' own, as they are stored.
///
/// # Errors
/// The name of what is no rule, or of a rule whose threshold is out of bounds.
pub fn trimmed(settings: Settings) -> Result<Settings, String> {
    let mut findings = BTreeMap::new();
    for (name, set) in &settings.findings {
        let rule = find_rule(name).ok_or_else(|| format!("{name:.40} is no rule"))?;
        let (least, most) = rule.bounds_s;
        let is_set_elsewhere = *rule == undelivered_event::RULE;
        if !is_set_elsewhere && !(least..=most).contains(&set.threshold_s) {
            return Err(format!("the threshold of {name} is not between {least} and {most} seconds"));
        }
        let same = is_set_elsewhere || set.threshold_s == rule.threshold_s;
        if !set.on || !same {
            let threshold_s = if is_set_elsewhere { rule.threshold_s } else { set.threshold_s };
            findings.insert(name.clone(), RuleSetting { threshold_s, ..*set });
        }
    }
    Ok(Settings { findings, ..settings })
}

/// Call when other settings are in force: thresholds hold at once; what else follows waits in `dirty` to be folded.
///
/// # Errors
/// The write failed.
pub fn changed(transaction: &Transaction<'_>, before: &Settings, after: &Settings) -> DbResult<()> {
    let (before, after) = (Terms::of(before), Terms::of(after));
    let mut turned_on = before.user_ids != after.user_ids;
    for rule in RULES {
        let (was, is) = (before.get(rule), after.get(rule));
        if was.threshold_s != is.threshold_s {
            rows::move_openings(transaction, rule, is.threshold_s)?;
        }
        if was.on == is.on {
            continue;
        }
        if rule.of_order.is_some() && is.on {
            turned_on = true;
        } else if rule.of_order.is_some() {
            mark_found(transaction, rule)?;
        }
        if *rule == undelivered_event::RULE {
            undelivered_event::keep(transaction)?;
        } else if *rule == fix_without_effect::RULE {
            fix_without_effect::keep(transaction)?;
        } else if *rule == negative_wallet::RULE {
            negative_wallet::keep_all(transaction)?;
        } else if *rule == shared_preorder_id::RULE {
            keep::keep_every_id(transaction)?;
        } else if *rule == several_sessions::RULE || *rule == paid_twice::RULE {
            keep::keep_everybody(transaction)?;
        } else if rule.of_order.is_none() && !is.on {
            rows::remove_rule(transaction, rule)?;
        }
    }
    if turned_on {
        mark_every_order(transaction)?;
    }
    Ok(())
}

/// Marks every order to be folded again.
fn mark_every_order(transaction: &Transaction<'_>) -> DbResult<()> {
    transaction.execute_batch(
        "INSERT OR IGNORE INTO dirty (node)
         SELECT coalesce(p.session, p.intent, (SELECT min(n.key) FROM node n WHERE n.preorder = p.key)) FROM preorder p",
    )?;
    Ok(())
}

/// Marks the orders that have a finding of a rule.
fn mark_found(transaction: &Transaction<'_>, rule: &Rule) -> DbResult<()> {
    transaction.execute(
        "INSERT OR IGNORE INTO dirty (node)
         SELECT (SELECT min(n.key) FROM node n WHERE n.preorder = f.preorder) FROM finding f
         WHERE f.rule = ?1 AND f.preorder IS NOT NULL",
        params![rule.name],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_whole_is_stored_only_where_it_differs() {
        let mut settings = filled(Settings::default());
        assert_eq!(settings.findings.len(), RULES.len());
        assert!(trimmed(settings.clone()).unwrap().findings.is_empty());
        settings.findings.get_mut("paid_twice").unwrap().on = false;
        settings.findings.get_mut("payment_failed").unwrap().threshold_s = 60;
        settings.findings.get_mut("undelivered_event").unwrap().threshold_s = 1;
        let stored = trimmed(settings).unwrap();
        assert_eq!(stored.findings.keys().collect::<Vec<_>>(), ["paid_twice", "payment_failed"]);
        let terms = Terms::of(&stored);
        assert!(!terms.is_on(find_rule("paid_twice").unwrap()));
        assert_eq!(terms.opens_at(find_rule("payment_failed").unwrap(), 1_000), 1_060);
        assert_eq!(terms.get(&undelivered_event::RULE).threshold_s, 900, "another setting says it");
    }

    #[test]
    fn what_no_rule_is_and_what_no_threshold_may_be_is_refused() {
        let with = |name: &str, threshold_s| {
            let mut settings = Settings::default();
            settings.findings.insert(name.to_owned(), RuleSetting { on: true, threshold_s });
            trimmed(settings)
        };
        assert!(with("paid_thrice", 0).is_err());
        assert!(with("paid_twice", -1).is_err());
        assert!(with("expires_after_attempt", 1).is_err(), "it counts back");
        assert!(with("expires_after_attempt", -60).is_ok());
    }
}
