//! The plan table: which payment buys which plan, and how many credits. Pure rules, never a guess.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Most rules of a plan table.
pub const MAX_RULES: usize = 500;
/// Most credits that one rule gives: far below what sums could overflow at.
pub const MAX_CREDITS: i64 = 1_000_000_000_000;

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PlanBy {
    /// A line item's price id.
    Price,
    /// A line item's lookup key.
    LookupKey,
    /// A line item's product id.
    Product,
    /// The payment's `plan` or `planId` metadata.
    Plan,
    /// The payment's `credits` metadata, whatever number it holds; the rule's value is empty.
    Credits,
    /// The payment's amount in minor units and its currency, written `1234 eur`.
    Amount,
}

impl PlanBy {
    /// Every kind, the surest first: the order in which rules are tried.
    pub const ALL: [Self; 6] =
        [Self::Price, Self::LookupKey, Self::Product, Self::Plan, Self::Credits, Self::Amount];

    /// The word it is written as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::LookupKey => "lookup_key",
            Self::Product => "product",
            Self::Plan => "plan",
            Self::Credits => "credits",
            Self::Amount => "amount",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == word)
    }
}

/// One rule of a store's plan table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct PlanRule {
    /// What it looks at.
    pub by: PlanBy,
    /// The value it matches; empty for `credits`.
    pub value: String,
    /// The plan's name; null means that such a payment buys no credits.
    pub plan: Option<String>,
    /// Credits for each one bought; null with a plan means that the payment's `credits` metadata says it.
    pub credits: Option<i64>,
}

/// Why a rule cannot stand in a plan table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule {place} ({by} {value:?}): {why}")]
pub struct BadRule {
    /// Its place in the table, from 1.
    pub place: usize,
    /// What it looks at.
    pub by: &'static str,
    /// Its value, cut to 60 characters.
    pub value: String,
    /// What is wrong.
    pub why: &'static str,
}

/// One line item of a paid session.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Item {
    /// Price id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Product id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Lookup key of the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup_key: Option<String>,
    /// How many.
    pub quantity: i64,
}

/// What of a payment the plan table looks at. Payments with equal bases buy the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Basis {
    /// Line items, sorted; empty where none are known.
    pub items: Vec<Item>,
    /// Plan by metadata.
    pub plan: Option<String>,
    /// Credits by metadata, for the whole payment.
    pub credits: Option<i64>,
    /// Minor units.
    pub amount: Option<i64>,
    /// Lower-case currency.
    pub currency: Option<String>,
}

/// What a payment buys by the plan table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bought {
    /// No rule covers it.
    Unmapped,
    /// A rule says that it buys no credits.
    Nothing {
        /// The rules that matched, as shown.
        rule: String,
    },
    /// A plan with its credits.
    Plan {
        /// Name.
        plan: String,
        /// Credits, for the whole payment.
        credits: i64,
        /// The rules that matched, as shown.
        rule: String,
    },
}

/// A checked plan table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanTable {
    rules: Vec<PlanRule>,
}

impl PlanTable {
    /// Checks rules.
    ///
    /// # Errors
    /// [`BadRule`]: the first one that cannot stand.
    pub fn check(rules: &[PlanRule]) -> Result<Self, BadRule> {
        for (index, rule) in rules.iter().enumerate() {
            let why = if index >= MAX_RULES {
                Some("a plan table holds at most 500 rules")
            } else if rules[..index].iter().any(|other| other.by == rule.by && other.value == rule.value) {
                Some("another rule above says the same")
            } else {
                fault_of(rule)
            };
            if let Some(why) = why {
                return Err(BadRule {
                    place: index + 1,
                    by: rule.by.as_str(),
                    value: rule.value.chars().take(60).collect(),
                    why,
                });
            }
        }
        Ok(Self { rules: rules.to_vec() })
    }

    /// The rules that can be used, for settings that were stored already.
    pub fn lenient(rules: &[PlanRule]) -> Self {
        let mut kept: Vec<PlanRule> = Vec::new();
        for rule in rules {
            let again = kept.iter().any(|other| other.by == rule.by && other.value == rule.value);
            if fault_of(rule).is_none() && !again {
                kept.push(rule.clone());
            }
        }
        Self { rules: kept }
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Says what a payment buys. Line items come first, and each must be covered: a rule by price, then lookup key, then
    /// product. Where no line item is, or not each is covered, a rule by metadata, then one by amount covers the whole.
    pub fn buys(&self, basis: &Basis) -> Bought {
        self.by_items(basis).or_else(|| self.by_whole(basis)).unwrap_or(Bought::Unmapped)
    }

    fn find(&self, by: PlanBy, value: Option<&str>) -> Option<&PlanRule> {
        let value = value?;
        self.rules.iter().find(|rule| rule.by == by && rule.value == value)
    }

    fn by_items(&self, basis: &Basis) -> Option<Bought> {
        let mut credits = 0_i64;
        let mut plans: Vec<&str> = Vec::new();
        let mut labels: Vec<String> = Vec::new();
        for item in &basis.items {
            let rule = self
                .find(PlanBy::Price, item.price.as_deref())
                .or_else(|| self.find(PlanBy::LookupKey, item.lookup_key.as_deref()))
                .or_else(|| self.find(PlanBy::Product, item.product.as_deref()))?;
            let label = label(rule);
            if !labels.contains(&label) {
                labels.push(label);
            }
            let Some(plan) = &rule.plan else { continue };
            // What the metadata says counts for the whole payment, and so for one line item only.
            let each = match rule.credits {
                Some(each) => each.checked_mul(item.quantity.max(0))?,
                None if basis.items.len() == 1 => usable(basis.credits)?,
                None => return None,
            };
            credits = credits.checked_add(each)?;
            if !plans.contains(&plan.as_str()) {
                plans.push(plan);
            }
        }
        if labels.is_empty() {
            return None;
        }
        let rule = labels.join(", ");
        Some(if plans.is_empty() {
            Bought::Nothing { rule }
        } else {
            Bought::Plan { plan: plans.join(" + "), credits, rule }
        })
    }

    fn by_whole(&self, basis: &Basis) -> Option<Bought> {
        let amount =
            basis.amount.zip(basis.currency.as_deref()).map(|(minor, unit)| format!("{minor} {unit}"));
        let has_credits = basis.credits.map(|_| "");
        let rule = self
            .find(PlanBy::Plan, basis.plan.as_deref())
            .or_else(|| self.find(PlanBy::Credits, has_credits))
            .or_else(|| self.find(PlanBy::Amount, amount.as_deref()))?;
        let Some(plan) = &rule.plan else { return Some(Bought::Nothing { rule: label(rule) }) };
        let credits = match rule.credits {
            Some(credits) => credits,
            None => usable(basis.credits)?,
        };
        Some(Bought::Plan { plan: plan.clone(), credits, rule: label(rule) })
    }
}

fn usable(credits: Option<i64>) -> Option<i64> {
    credits.filter(|credits| (0..=MAX_CREDITS).contains(credits))
}

/// A rule as it is shown beside what it matched.
fn label(rule: &PlanRule) -> String {
    format!("{} {}", rule.by.as_str(), rule.value).trim_end().to_owned()
}

fn fault_of(rule: &PlanRule) -> Option<&'static str> {
    let value = rule.value.as_str();
    if value.chars().count() > 200 || value.trim() != value || value.chars().any(char::is_control) {
        return Some("its value is longer than 200 characters, or has white space around it");
    }
    match rule.by {
        PlanBy::Credits if !value.is_empty() => return Some("a rule by credits has no value"),
        PlanBy::Credits => {}
        _ if value.is_empty() => return Some("it has no value to match"),
        PlanBy::Price if !value.starts_with("price_") && !value.starts_with("plan_") => {
            return Some("a price id starts with price_");
        }
        PlanBy::Amount if !is_amount(value) => {
            return Some("an amount is minor units and a currency, such as 1234 eur");
        }
        _ => {}
    }
    let Some(plan) = &rule.plan else {
        return rule.credits.map(|_| "a rule that buys no credits gives none");
    };
    if plan.trim().is_empty() || plan.chars().count() > 100 || plan.chars().any(char::is_control) {
        return Some("a plan's name has 1 to 100 characters");
    }
    match rule.credits {
        Some(credits) if !(0..=MAX_CREDITS).contains(&credits) => Some("credits are 0 to a million million"),
        None if rule.by == PlanBy::Amount => Some("a rule by amount says how many credits"),
        _ => None,
    }
}

fn is_amount(value: &str) -> bool {
    let Some((minor, currency)) = value.split_once(' ') else { return false };
    let plain = minor.parse::<i64>().is_ok_and(|amount| amount >= 0 && amount.to_string() == minor);
    plain && currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(by: PlanBy, value: &str, plan: Option<&str>, credits: Option<i64>) -> PlanRule {
        PlanRule { by, value: value.to_owned(), plan: plan.map(str::to_owned), credits }
    }

    fn item(price: &str, product: &str, lookup_key: Option<&str>, quantity: i64) -> Item {
        Item {
            price: Some(price.to_owned()),
            product: Some(product.to_owned()),
            lookup_key: lookup_key.map(str::to_owned),
            quantity,
        }
    }

    fn plan(plan: &str, credits: i64, rule: &str) -> Bought {
        Bought::Plan { plan: plan.to_owned(), credits, rule: rule.to_owned() }
    }

    #[test]
    fn the_surest_rule_wins_and_is_named() {
        let table = PlanTable::check(&[
            rule(PlanBy::Amount, "900 eur", Some("by amount"), Some(1)),
            rule(PlanBy::Product, "prod_1", Some("by product"), Some(2)),
            rule(PlanBy::LookupKey, "pro", Some("by key"), Some(3)),
            rule(PlanBy::Price, "price_1", Some("by price"), Some(4)),
            rule(PlanBy::Plan, "pro", Some("by metadata"), Some(5)),
        ])
        .unwrap();
        let mut basis = Basis {
            items: vec![item("price_1", "prod_1", Some("pro"), 2)],
            plan: Some("pro".to_owned()),
            amount: Some(900),
            currency: Some("eur".to_owned()),
            ..Basis::default()
        };
        assert_eq!(table.buys(&basis), plan("by price", 8, "price price_1"));
        basis.items[0].price = Some("price_2".to_owned());
        assert_eq!(table.buys(&basis), plan("by key", 6, "lookup_key pro"));
        basis.items[0].lookup_key = None;
        assert_eq!(table.buys(&basis), plan("by product", 4, "product prod_1"));
        basis.items[0].product = None;
        assert_eq!(table.buys(&basis), plan("by metadata", 5, "plan pro"));
        basis.plan = None;
        assert_eq!(table.buys(&basis), plan("by amount", 1, "amount 900 eur"));
        basis.amount = Some(901);
        assert_eq!(table.buys(&basis), Bought::Unmapped);
    }

    #[test]
    fn a_payment_is_mapped_only_when_each_of_its_items_is() {
        let mut rules = vec![rule(PlanBy::Price, "price_1", Some("pack"), Some(100))];
        let basis = Basis {
            items: vec![item("price_1", "prod_1", None, 3), item("price_lamp", "prod_2", None, 1)],
            ..Basis::default()
        };
        assert_eq!(PlanTable::check(&rules).unwrap().buys(&basis), Bought::Unmapped);
        rules.push(rule(PlanBy::Product, "prod_2", None, None));
        let bought = PlanTable::check(&rules).unwrap().buys(&basis);
        assert_eq!(bought, plan("pack", 300, "price price_1, product prod_2"));
    }

    #[test]
    fn credits_by_metadata_count_once_and_only_when_they_are_a_sane_number() {
        let table = PlanTable::check(&[rule(PlanBy::Credits, "", Some("pack"), None)]).unwrap();
        let of = |credits| table.buys(&Basis { credits, ..Basis::default() });
        assert_eq!(of(Some(500)), plan("pack", 500, "credits"));
        assert_eq!(of(None), Bought::Unmapped);
        assert_eq!(of(Some(-1)), Bought::Unmapped);
        assert_eq!(of(Some(i64::MAX)), Bought::Unmapped);
    }

    #[test]
    fn rules_that_cannot_stand_are_refused_by_place() {
        let cases = [
            rule(PlanBy::Price, "prod_1", Some("x"), Some(1)),
            rule(PlanBy::Amount, "9,00 eur", Some("x"), Some(1)),
            rule(PlanBy::Amount, "900 eur", Some("x"), None),
            rule(PlanBy::Product, "", Some("x"), Some(1)),
            rule(PlanBy::Credits, "5", Some("x"), None),
            rule(PlanBy::Plan, "pro", None, Some(1)),
            rule(PlanBy::Plan, "pro", Some(" "), Some(1)),
            rule(PlanBy::Plan, "pro", Some("x"), Some(-1)),
        ];
        let good = rule(PlanBy::Plan, "good", Some("good"), Some(1));
        for bad in cases {
            let refused = PlanTable::check(&[good.clone(), bad.clone()]).unwrap_err();
            assert_eq!(refused.place, 2, "{refused}");
            assert_eq!(PlanTable::lenient(&[good.clone(), bad]).rules.len(), 1);
        }
        assert_eq!(PlanTable::check(&[good.clone(), good]).unwrap_err().place, 2);
    }
}
