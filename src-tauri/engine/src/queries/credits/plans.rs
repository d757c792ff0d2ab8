//! The plan table as people look at it: what each rule covers, what none covers, and what a change would do.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::db::{Connection, DbResult};
use crate::domain::plan::{Basis, Bought, Item, PlanRule, PlanTable};
use crate::facts::settings::get_settings;
use crate::projections::purchase_rows::list_bases;
use crate::projections::schema::require_current;

/// Most kinds of payment that are listed.
const MOST: usize = 500;

/// A rule and how much it covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PlanUse {
    /// The rule.
    pub rule: PlanRule,
    /// Payments that it covers, alone or with others.
    pub payments: i64,
}

/// A line item as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ItemView {
    /// Price id.
    pub price: Option<String>,
    /// Product id.
    pub product: Option<String>,
    /// Lookup key of the price.
    pub lookup_key: Option<String>,
    /// How many.
    pub quantity: i64,
}

/// Payments that look the same to a plan table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PaymentKind {
    /// Line items.
    pub items: Vec<ItemView>,
    /// Plan by metadata.
    pub plan: Option<String>,
    /// Credits by metadata.
    pub credits: Option<i64>,
    /// Minor units.
    pub amount_minor: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// How many payments; those not paid yet are among them.
    pub payments: i64,
}

/// What a payment buys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BoughtView {
    /// `plan`, `no_credits`, `unmapped`.
    pub coverage: String,
    /// The plan.
    pub plan: Option<String>,
    /// Credits for each payment.
    pub credits: i64,
    /// The rules that matched.
    pub rule: Option<String>,
}

/// A store's plan table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PlanList {
    /// The settings revision it stands in.
    pub revision: i64,
    /// Its rules, in their order.
    pub rules: Vec<PlanUse>,
    /// Payments that no rule covers, the most first; empty without any rule.
    pub unmapped: Vec<PaymentKind>,
    /// How many those are in all.
    pub unmapped_payments: i64,
    /// All payments.
    pub payments: i64,
}

/// Asks what other rules would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct PlanPreviewArgs {
    /// The whole table as it would be.
    pub rules: Vec<PlanRule>,
}

/// Payments that would buy something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PlanChange {
    /// The payments.
    pub of: PaymentKind,
    /// What each buys now.
    pub before: BoughtView,
    /// What each would buy.
    pub after: BoughtView,
}

/// What other rules would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PlanPreview {
    /// The settings revision it was compared with; a change confirms it.
    pub revision: i64,
    /// Payments that would buy something else, the most first; 500 kinds at most.
    pub changes: Vec<PlanChange>,
    /// How many payments would buy something else.
    pub payments_changed: i64,
    /// Credits of all payments now, those not paid yet among them.
    pub credits_before: i64,
    /// And then.
    pub credits_after: i64,
    /// Payments that no rule covers now; without any rule all of them.
    pub unmapped_before: i64,
    /// And then.
    pub unmapped_after: i64,
}

/// Reads the plan table.
///
/// # Errors
/// Stale projections; a failed read.
pub fn list(connection: &Connection) -> DbResult<PlanList> {
    require_current(connection)?;
    let (revision, settings) = get_settings(connection)?;
    let table = PlanTable::lenient(&settings.plans);
    let mut rules: Vec<PlanUse> =
        settings.plans.iter().map(|rule| PlanUse { rule: rule.clone(), payments: 0 }).collect();
    let mut unmapped = Vec::new();
    let (mut payments, mut unmapped_payments) = (0, 0);
    for (_, basis, count) in list_bases(connection)? {
        payments += count;
        match table.buys(&basis) {
            Bought::Unmapped if !rules.is_empty() => {
                unmapped_payments += count;
                if unmapped.len() < MOST {
                    unmapped.push(kind_of(&basis, count));
                }
            }
            Bought::Unmapped => {}
            Bought::Nothing { rule } | Bought::Plan { rule, .. } => {
                let matched: Vec<&str> = rule.split(", ").collect();
                let label = |rule: &PlanRule| format!("{} {}", rule.by.as_str(), rule.value);
                for one in rules.iter_mut().filter(|one| matched.contains(&label(&one.rule).trim_end())) {
                    one.payments += count;
                }
            }
        }
    }
    Ok(PlanList { revision, rules, unmapped, unmapped_payments, payments })
}

/// Says what other rules would do; changes nothing.
///
/// # Errors
/// Stale projections; a failed read.
pub fn preview(connection: &Connection, after: &PlanTable) -> DbResult<PlanPreview> {
    require_current(connection)?;
    let (revision, settings) = get_settings(connection)?;
    let before = PlanTable::lenient(&settings.plans);
    let mut preview = PlanPreview {
        revision,
        changes: Vec::new(),
        payments_changed: 0,
        credits_before: 0,
        credits_after: 0,
        unmapped_before: 0,
        unmapped_after: 0,
    };
    for (_, basis, count) in list_bases(connection)? {
        let (was, is) = (before.buys(&basis), after.buys(&basis));
        preview.credits_before =
            preview.credits_before.saturating_add(credits_of(&was).saturating_mul(count));
        preview.credits_after = preview.credits_after.saturating_add(credits_of(&is).saturating_mul(count));
        preview.unmapped_before += if was == Bought::Unmapped { count } else { 0 };
        preview.unmapped_after += if is == Bought::Unmapped { count } else { 0 };
        if was == is {
            continue;
        }
        preview.payments_changed += count;
        if preview.changes.len() < MOST {
            preview.changes.push(PlanChange {
                of: kind_of(&basis, count),
                before: view(was),
                after: view(is),
            });
        }
    }
    Ok(preview)
}

fn credits_of(bought: &Bought) -> i64 {
    match bought {
        Bought::Plan { credits, .. } => *credits,
        Bought::Nothing { .. } | Bought::Unmapped => 0,
    }
}

fn view(bought: Bought) -> BoughtView {
    match bought {
        Bought::Unmapped => {
            BoughtView { coverage: "unmapped".to_owned(), plan: None, credits: 0, rule: None }
        }
        Bought::Nothing { rule } => {
            BoughtView { coverage: "no_credits".to_owned(), plan: None, credits: 0, rule: Some(rule) }
        }
        Bought::Plan { plan, credits, rule } => {
            BoughtView { coverage: "plan".to_owned(), plan: Some(plan), credits, rule: Some(rule) }
        }
    }
}

fn kind_of(basis: &Basis, payments: i64) -> PaymentKind {
    let item = |item: &Item| ItemView {
        price: item.price.clone(),
        product: item.product.clone(),
        lookup_key: item.lookup_key.clone(),
        quantity: item.quantity,
    };
    PaymentKind {
        items: basis.items.iter().map(item).collect(),
        plan: basis.plan.clone(),
        credits: basis.credits,
        amount_minor: basis.amount,
        currency: basis.currency.clone(),
        payments,
    }
}
