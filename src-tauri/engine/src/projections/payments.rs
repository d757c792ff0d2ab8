//! Purchases: one for each payment, keyed by it and never by an event, with what it grants and what was taken back.
//!
//! In: the objects of folded orders. Out: `purchase` and its `wallet_entry` rows. A payment is an intent with its sessions and
//! charges; a session or a charge without an intent is one of its own. Payments that came to nothing have no purchase.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::components::{Group, age};
use super::credits::{Entry, Step, entries};
use super::evidence;
use super::identity::owner_of;
use super::nodes::Node;
use super::preorder::{Preorder, charge_paid, fold_order, is, of_charge};
use super::purchase_rows::{Purchase, delete_purchase, find_purchase, write_purchase};
use super::sales::{Sale, Sales};
use super::wallets;
use crate::db::{DbResult, Transaction, params};
use crate::domain::kind::Kind;
use crate::domain::plan::{Basis, Bought, PlanTable};
use crate::domain::purchase::{Coverage, EntryKind, PurchaseStatus};
use crate::domain::status::PreorderStatus;
use crate::facts::names::{Key, get_id};

/// What a batch of folds did to purchases, written at its end.
#[derive(Default)]
pub(super) struct Purchases {
    plans: PlanTable,
    /// What sessions sell.
    pub sales: Sales,
    /// Owners whose wallets changed.
    pub owners: BTreeSet<String>,
    bases: BTreeMap<i64, (Basis, i64)>,
    counts: BTreeMap<(PurchaseStatus, Coverage), i64>,
}

impl Purchases {
    pub(super) fn new(plans: PlanTable) -> Self {
        Self { plans, ..Self::default() }
    }

    /// Folds the payments among the objects of these orders.
    ///
    /// # Errors
    /// The write failed.
    pub(super) fn fold(
        &mut self,
        transaction: &Transaction<'_>,
        groups: Vec<Group>,
        mut customer_email: impl FnMut(&[Key]) -> DbResult<Option<String>>,
    ) -> DbResult<()> {
        let (payments, mut stale) = by_payment(groups);
        for (anchor, group) in payments {
            stale.remove(&anchor);
            let mut failed = None;
            let order = fold_order(&group, |customers| {
                customer_email(customers).unwrap_or_else(|error| {
                    failed = Some(error);
                    None
                })
            });
            if let Some(error) = failed {
                return Err(error);
            }
            let status = order.as_ref().and_then(|order| status_of(order.status));
            let made = match (order, status) {
                (Some(order), Some(status)) => {
                    Some(self.purchase(transaction, (anchor, &group), order, status)?)
                }
                _ => None,
            };
            match made {
                Some((purchase, basis, entries)) => {
                    self.replace(transaction, anchor, &purchase, basis, &entries)?;
                }
                None => self.remove(transaction, anchor)?,
            }
        }
        for anchor in stale {
            // An object that left a payment leaves it to the others, which need not be among these orders.
            if !has_objects(transaction, anchor)? {
                self.remove(transaction, anchor)?;
            }
        }
        Ok(())
    }

    fn purchase(
        &mut self,
        transaction: &Transaction<'_>,
        (anchor, group): (Key, &Group),
        order: Preorder,
        status: PurchaseStatus,
    ) -> DbResult<(Purchase, Basis, Vec<Entry>)> {
        let sale = match order.session {
            Some(session) => self.sales.of(transaction, session)?,
            None => None,
        };
        let basis = basis_of(sale.as_deref().map(|(sale, _)| sale), group, &order);
        let (coverage, plan, rule, granted) = match self.plans.buys(&basis) {
            Bought::Unmapped => (Coverage::Unmapped, None, None, 0),
            Bought::Nothing { rule } => (Coverage::NoCredits, None, Some(rule), 0),
            Bought::Plan { plan, credits, rule } => (Coverage::Plan, Some(plan), Some(rule), credits),
        };
        let owner = owner_of(transaction, order.user_id.as_deref(), order.email.as_deref())?;
        let paid_at = order.paid_at;
        let charged: i64 = group
            .nodes
            .iter()
            .filter(|node| node.kind == Kind::Charge && charge_paid(node))
            .filter_map(|node| node.state.amount)
            .fold(0, i64::saturating_add);
        let paid = if charged > 0 { charged } else { order.amount.unwrap_or_default() };
        let entries = match (paid_at, &owner) {
            (Some(at), Some(_)) if granted > 0 => {
                let steps = steps_of(transaction, group, at)?;
                entries(granted, paid, (at, &get_id(transaction, anchor)?), steps)
            }
            _ => Vec::new(),
        };
        let total = |kind| -> i64 {
            entries.iter().filter(|entry: &&Entry| entry.kind == kind).map(|entry| entry.credits.abs()).sum()
        };
        let proven: Vec<Key> =
            group.nodes.iter().filter(|node| node.proof_at.is_some()).map(|node| node.key).collect();
        let purchase = Purchase {
            status,
            coverage,
            plan,
            rule,
            credits: if paid_at.is_some() { granted } else { 0 },
            clawed: total(EntryKind::Clawback),
            reversed: total(EntryKind::Reversal),
            amount: order.amount,
            currency: order.currency,
            refunded: order.refunded,
            email: order.email,
            user_id: order.user_id,
            owner,
            at: paid_at.unwrap_or(order.started_at),
            paid_at,
            event: evidence::first_proof(transaction, &proven)?,
            session: order.session,
            basis: super::purchase_rows::basis_key(&basis),
            borrows_email: order.borrows_email,
            unsettled: order.unsettled,
        };
        Ok((purchase, basis, entries))
    }

    fn replace(
        &mut self,
        transaction: &Transaction<'_>,
        anchor: Key,
        purchase: &Purchase,
        basis: Basis,
        entries: &[Entry],
    ) -> DbResult<()> {
        let before = find_purchase(transaction, anchor)?;
        if before.as_ref().is_none_or(|before| before.basis != purchase.basis) {
            self.count(purchase.basis, Some(basis), 1);
            if let Some(before) = &before {
                self.count(before.basis, None, -1);
            }
        }
        let same = before.as_ref() == Some(purchase);
        if !same {
            *self.counts.entry((purchase.status, purchase.coverage)).or_default() += 1;
            if let Some(before) = &before {
                *self.counts.entry((before.status, before.coverage)).or_default() -= 1;
            }
            write_purchase(transaction, anchor, purchase)?;
        }
        let owner = purchase.owner.clone();
        let had_none = before.as_ref().is_none_or(|before| before.credits == 0);
        let moved =
            !(had_none && entries.is_empty()) && replace_entries(transaction, anchor, purchase, entries)?;
        if moved || !same {
            self.owners.extend(before.and_then(|before| before.owner));
            self.owners.extend(owner);
        }
        Ok(())
    }

    fn remove(&mut self, transaction: &Transaction<'_>, anchor: Key) -> DbResult<()> {
        let Some(before) = find_purchase(transaction, anchor)? else { return Ok(()) };
        self.count(before.basis, None, -1);
        *self.counts.entry((before.status, before.coverage)).or_default() -= 1;
        self.owners.extend(before.owner);
        transaction.prepare_cached("DELETE FROM wallet_entry WHERE payment = ?1")?.execute([anchor])?;
        delete_purchase(transaction, anchor)
    }

    fn count(&mut self, key: i64, basis: Option<Basis>, by: i64) {
        let slot = self.bases.entry(key).or_default();
        if let Some(basis) = basis {
            slot.0 = basis;
        }
        slot.1 += by;
    }

    /// Writes how many payments have which basis, and adds the wallets up that changed.
    ///
    /// # Errors
    /// The write failed.
    pub(super) fn finish(&mut self, transaction: &Transaction<'_>) -> DbResult<()> {
        for (key, (basis, by)) in std::mem::take(&mut self.bases) {
            super::purchase_rows::count_basis(transaction, key, &basis, by)?;
        }
        for (of, by) in std::mem::take(&mut self.counts) {
            super::purchase_rows::count_purchases(transaction, of, by)?;
        }
        wallets::refresh_these(transaction, std::mem::take(&mut self.owners))
    }
}

/// Whether some object is part of a payment.
fn has_objects(transaction: &Transaction<'_>, payment: Key) -> DbResult<bool> {
    Ok(transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM node WHERE payment = ?1)")?
        .query_row([payment], |row| row.get(0))?)
}

/// The payment each object is part of: its intent, else its session or charge; whether it comes to a purchase or not.
pub(super) fn anchors(groups: &[Group]) -> HashMap<Key, Key> {
    let nodes = || groups.iter().flat_map(|group| &group.nodes);
    let own = |node: &Node| node.links.intent.unwrap_or(node.key);
    let of_charge: HashMap<Key, Key> =
        nodes().filter(|node| node.kind == Kind::Charge).map(|node| (node.key, own(node))).collect();
    let anchor = |node: &Node| match node.kind {
        Kind::Intent => Some(node.key),
        Kind::Session | Kind::Charge => Some(own(node)),
        Kind::Refund | Kind::Dispute => node.links.charge.map_or(node.links.intent, |charge| {
            of_charge.get(&charge).copied().or(node.links.intent).or(Some(charge))
        }),
        _ => None,
    };
    nodes().filter_map(|node| Some((node.key, anchor(node)?))).collect()
}

/// Groups objects by payment; and tells every number that may have been a payment's before.
fn by_payment(groups: Vec<Group>) -> (BTreeMap<Key, Group>, BTreeSet<Key>) {
    let anchors = anchors(&groups);
    let mut former = BTreeSet::new();
    let mut payments: BTreeMap<Key, Group> = BTreeMap::new();
    for node in groups.into_iter().flat_map(|group| group.nodes) {
        former.extend(node.payment);
        if matches!(node.kind, Kind::Session | Kind::Intent | Kind::Charge) {
            former.insert(node.key);
        }
        if let Some(anchor) = anchors.get(&node.key) {
            payments.entry(*anchor).or_default().nodes.push(node);
        }
    }
    for group in payments.values_mut() {
        group.nodes.sort_by(|a, b| age(a).cmp(&age(b)));
    }
    (payments, former)
}

fn status_of(status: PreorderStatus) -> Option<PurchaseStatus> {
    match status {
        PreorderStatus::Disputed => Some(PurchaseStatus::Disputed),
        PreorderStatus::Refunded => Some(PurchaseStatus::Refunded),
        PreorderStatus::PartiallyRefunded => Some(PurchaseStatus::PartiallyRefunded),
        PreorderStatus::Completed => Some(PurchaseStatus::Paid),
        PreorderStatus::Processing | PreorderStatus::Initiated => Some(PurchaseStatus::Pending),
        PreorderStatus::Failed | PreorderStatus::Canceled | PreorderStatus::Expired => None,
    }
}

/// What of a payment the plan table looks at.
pub(super) fn basis_of(sale: Option<&Sale>, group: &Group, order: &Preorder) -> Basis {
    let items =
        sale.map(|sale| sale.items.iter().map(|(item, _)| item.clone()).collect()).unwrap_or_default();
    // The session says it first, then the intent, then the charge; of several of a kind the newest.
    let rank = |node: &&Node| match node.kind {
        Kind::Session => (u8::from(Some(node.key) != order.session), 0),
        Kind::Intent => (2, 0),
        Kind::Charge => (3, 0),
        _ => (4, 0),
    };
    let mut by_weight: Vec<&Node> =
        group.nodes.iter().rev().filter(|node| !matches!(node.kind, Kind::Refund | Kind::Dispute)).collect();
    by_weight.sort_by_key(rank);
    Basis {
        items,
        plan: by_weight.iter().find_map(|node| node.state.plan.clone()),
        credits: by_weight.iter().find_map(|node| node.state.credits),
        amount: order.amount,
        currency: order.currency.clone(),
    }
}

/// The payments of one order, each folded by itself.
pub(super) fn parts_of_payments(group: &Group) -> Vec<(Group, Preorder)> {
    let (payments, _) = by_payment(vec![group.clone()]);
    payments
        .into_values()
        .filter_map(|group| fold_order(&group, |_| None).map(|order| (group, order)))
        .collect()
}

/// What refunds and disputes did, and what a charge says was refunded beyond the refunds we know.
fn steps_of(transaction: &Transaction<'_>, group: &Group, paid_at: i64) -> DbResult<Vec<Step>> {
    let mut steps = Vec::new();
    for node in group.nodes.iter().filter(|node| matches!(node.kind, Kind::Refund | Kind::Dispute)) {
        let Some(told) = evidence::find_reversal(transaction, node.key)?.filter(|told| told.counted) else {
            continue;
        };
        let counts = match node.kind {
            Kind::Refund => is(node.state.status.as_ref(), &["succeeded"]),
            _ => is(node.state.status.as_ref(), &["lost"]),
        };
        let minor = node.state.amount.unwrap_or_default().max(0);
        let at = told.counted_at.or(node.state.created).unwrap_or(paid_at);
        steps.push(Step { at, cause: node.id.clone(), undoes: false, minor });
        if !counts {
            let undone_at = told.undone_at.unwrap_or(at).max(at);
            steps.push(Step { at: undone_at, cause: node.id.clone(), undoes: true, minor });
        }
    }
    let refunds = || group.nodes.iter().filter(|node| node.kind == Kind::Refund);
    for charge in group.nodes.iter().filter(|node| node.kind == Kind::Charge && charge_paid(node)) {
        let known = refunds()
            .filter(|refund| of_charge(refund, charge))
            .filter_map(|refund| refund.state.amount)
            .fold(0, i64::saturating_add);
        let unseen = charge.state.amount_part.unwrap_or_default().saturating_sub(known);
        if unseen > 0 {
            steps.push(Step { at: paid_at, cause: charge.id.clone(), undoes: false, minor: unseen });
        }
    }
    Ok(steps)
}

/// Writes a payment's entries anew where they differ; says whether they did.
fn replace_entries(
    transaction: &Transaction<'_>,
    anchor: Key,
    purchase: &Purchase,
    entries: &[Entry],
) -> DbResult<bool> {
    let held = super::purchase_rows::list_entries(transaction, anchor)?;
    let email = if purchase.user_id.is_none() { purchase.email.clone() } else { None };
    let holder = (purchase.owner.clone().unwrap_or_default(), email);
    if held.iter().map(|(_, entry)| entry).eq(entries) && held.iter().all(|(held, _)| *held == holder) {
        return Ok(false);
    }
    transaction.prepare_cached("DELETE FROM wallet_entry WHERE payment = ?1")?.execute([anchor])?;
    let (owner, email) = holder;
    for entry in entries {
        transaction
            .prepare_cached(
                "INSERT INTO wallet_entry (owner, email, at, kind, credits, payment, cause) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![owner, email, entry.at, entry.kind.as_str(), entry.credits, anchor, entry.cause])?;
    }
    Ok(true)
}
