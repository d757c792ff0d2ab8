//! Keeps findings as orders are folded: of the order, of the person whose it is, and of the preorderIds it carries.

use std::collections::HashMap;

use super::super::components::{Carried, Group};
use super::super::evidence;
use super::super::payments::{basis_of, parts_of_payments};
use super::super::preorder::{Parts, Preorder, Step, is};
use super::super::sales::Sales;
use super::super::shop_words;
use super::case::{Case, made};
use super::rows::{self, Row};
use super::rules::{CREDITS_TOO, paid_twice, payment_failed, several_sessions, shared_preorder_id};
use super::terms::Terms;
use super::{DAY, Found, HOUR, Rule};
use crate::db::{Connection, DbResult, Transaction, rusqlite};
use crate::domain::plan::{Bought, PlanTable};
use crate::domain::settings::Settings;
use crate::domain::shop::ShopKind;
use crate::facts::imports::last_reading;

/// What a batch of folds needs to keep findings.
pub(in crate::projections) struct Findings {
    terms: Terms,
    plans: PlanTable,
    /// When the shop's own rows of orders were last read, where there are any that can be asked.
    shop_read_at: Option<i64>,
    has_words: bool,
    has_shared: bool,
}

/// What was found of one order.
pub(in crate::projections) type Looked = Vec<(&'static Rule, Found)>;

impl Findings {
    /// Looks what there is to look at.
    ///
    /// # Errors
    /// A read failed.
    pub(in crate::projections) fn new(connection: &Connection, settings: &Settings) -> DbResult<Self> {
        let exists = |sql: &str| -> DbResult<bool> {
            Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        };
        let can_ask = shop_words::can_be_asked(connection)?;
        Ok(Self {
            terms: Terms::of(settings),
            plans: PlanTable::lenient(&settings.plans),
            shop_read_at: if can_ask { last_reading(connection, ShopKind::Preorders)? } else { None },
            has_words: exists("SELECT EXISTS (SELECT 1 FROM finding_word)")?,
            has_shared: exists("SELECT EXISTS (SELECT 1 FROM finding WHERE rule = 'shared_preorder_id')")?,
        })
    }

    /// Looks an order through, and completes it by what only its findings need.
    ///
    /// # Errors
    /// A read failed.
    pub(in crate::projections) fn look(
        &self,
        transaction: &Transaction<'_>,
        sales: &mut Sales,
        (near, group, parts): (&[Group], &Group, &Parts<'_>),
        order: &mut Preorder,
    ) -> DbResult<Looked> {
        order.goods = !self.buys_credits(transaction, sales, (group, parts))?;
        let waits = |status: Option<&String>| !is(status, &["complete"]);
        let waiting = parts.sessions.iter().filter(|node| waits(node.state.status.as_ref())).count();
        order.sessions = if order.goods { i64::try_from(waiting).unwrap_or(i64::MAX) } else { 0 };
        order.opened = if order.goods { digest_of(parts) } else { 0 };
        let case = self.case(transaction, sales, (near, group, parts), order)?;
        let mut found = Looked::new();
        for rule in self.terms.on() {
            let Some(find) = rule.of_order.filter(|_| order.goods || CREDITS_TOO.contains(&rule)) else {
                continue;
            };
            found.extend(find(&case).into_iter().map(|found| (rule, found)));
        }
        let lead_at = lead_at(&case);
        order.lead_at = lead_at;
        order.findings = i64::try_from(found.len()).unwrap_or(i64::MAX);
        Ok(found)
    }

    fn case<'a>(
        &self,
        transaction: &Transaction<'_>,
        sales: &mut Sales,
        (near, group, parts): (&'a [Group], &'a Group, &'a Parts<'a>),
        order: &'a Preorder,
    ) -> DbResult<Case<'a>> {
        let mut sold = Vec::new();
        if order.goods {
            for session in &parts.sessions {
                sold.extend(sales.of(transaction, session.key)?.map(|sale| (session.key, sale)));
            }
        }
        let mut reversals = Vec::new();
        for refund in &parts.refunds {
            let told = evidence::find_reversal(transaction, refund.key)?;
            reversals.extend(told.map(|told| (refund.key, told)));
        }
        let judged = order.reached >= Step::Paid
            && self
                .shop_read_at
                .is_some_and(|read_at| order.paid_at.is_none_or(|paid_at| paid_at <= read_at));
        let shop = if judged { shop_words::statuses(transaction, group)? } else { Vec::new() };
        let user_ids = self.terms.user_ids;
        Ok(Case { order, group, parts, near, sales: sold, reversals, shop, user_ids })
    }

    /// Whether a payment of the order buys credits: by its metadata, or by the plan table.
    fn buys_credits(
        &self,
        transaction: &Transaction<'_>,
        sales: &mut Sales,
        (group, parts): (&Group, &Parts<'_>),
    ) -> DbResult<bool> {
        let starts = [&parts.sessions, &parts.intents, &parts.charges, &parts.locals].into_iter().flatten();
        if starts.into_iter().any(|node| node.state.plan.is_some() || node.state.credits.is_some()) {
            return Ok(true);
        }
        if self.plans.is_empty() {
            return Ok(false);
        }
        for (payment, of_payment) in parts_of_payments(group) {
            let sale = match of_payment.session {
                Some(session) => sales.of(transaction, session)?,
                None => None,
            };
            let basis = basis_of(sale.as_deref().map(|(sale, _)| sale), &payment, &of_payment);
            if matches!(self.plans.buys(&basis), Bought::Plan { .. }) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Keeps what was found of an order that had so many findings.
    ///
    /// # Errors
    /// The write failed.
    pub(in crate::projections) fn keep_order(
        &self,
        transaction: &Transaction<'_>,
        (key, had): (i64, i64),
        (id, group): (&str, &Group),
        found: Looked,
    ) -> DbResult<()> {
        if had == 0 && found.is_empty() {
            return Ok(());
        }
        let scope = format!("o:{key}");
        // It may have been named by one of its objects before it had a preorderId.
        let names: Vec<String> = if self.has_words {
            group.nodes.iter().map(|node| node.id.clone()).collect()
        } else {
            Vec::new()
        };
        let row = |(rule, found): (&'static Rule, Found)| {
            let aliases = if found.subject == id { names.clone() } else { Vec::new() };
            Row { preorder: Some(key), aliases, ..Row::new(rule, found, scope.clone()) }
        };
        let rows = found.into_iter().map(row).collect();
        rows::replace(transaction, &self.terms, &scope, rows)
    }

    /// Forgets the findings of an order that is none any more.
    ///
    /// # Errors
    /// The write failed.
    pub(in crate::projections) fn forget_order(
        &self,
        transaction: &Transaction<'_>,
        (key, had): (i64, i64),
    ) -> DbResult<()> {
        if had == 0 {
            return Ok(());
        }
        rows::replace(transaction, &self.terms, &format!("o:{key}"), Vec::new())
    }

    /// Keeps what is found of the preorderIds that folded orders carry.
    ///
    /// # Errors
    /// The write failed.
    pub(in crate::projections) fn keep_ids(
        &mut self,
        transaction: &Transaction<'_>,
        ids: &HashMap<String, Carried>,
    ) -> DbResult<()> {
        for (id, carried) in ids {
            if carried.by_several || self.has_shared {
                self.has_shared |= keep_id(transaction, &self.terms, id)?;
            }
        }
        Ok(())
    }

    /// Keeps what is found of a person, of whose orders so many are kept with a colour and so many sessions wait; says
    /// how many findings that are.
    ///
    /// # Errors
    /// The write failed.
    pub(in crate::projections) fn keep_person(
        &self,
        transaction: &Transaction<'_>,
        email: &str,
        (kept, sessions, had): (i64, i64, i64),
    ) -> DbResult<i64> {
        if had == 0 && kept < 2 && sessions < 3 {
            return Ok(0);
        }
        let scope = format!("e:{email}");
        let row =
            |rule, (found, order)| Row { preorder: Some(order), ..Row::new(rule, found, scope.clone()) };
        let mut rows = Vec::new();
        if kept >= 2 && self.terms.is_on(&paid_twice::RULE) {
            let found = paid_twice::of_person(transaction, email)?;
            rows.extend(found.into_iter().map(|found| row(&paid_twice::RULE, found)));
        }
        if sessions >= 3 && self.terms.is_on(&several_sessions::RULE) {
            let found = several_sessions::of_person(transaction, email)?;
            rows.extend(found.map(|found| row(&several_sessions::RULE, found)));
        }
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        rows::replace(transaction, &self.terms, &scope, rows)?;
        Ok(count)
    }
}

/// What of an order's sessions the findings of its person look at.
fn digest_of(parts: &Parts<'_>) -> i64 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    for session in &parts.sessions {
        hash.update(session.id.as_bytes());
        hash.update(&session.state.created.unwrap_or_default().to_le_bytes());
        hash.update(&[u8::from(is(session.state.status.as_ref(), &["complete"]))]);
    }
    i64::from_ne_bytes(hash.digest().to_ne_bytes())
}

fn keep_id(transaction: &Transaction<'_>, terms: &Terms, id: &str) -> DbResult<bool> {
    let found = if terms.is_on(&shared_preorder_id::RULE) {
        shared_preorder_id::of_id(transaction, id)?
    } else {
        None
    };
    let scope = format!("p:{id}");
    let row = found.map(|(found, order)| Row {
        preorder: order,
        ..Row::new(&shared_preorder_id::RULE, found, scope.clone())
    });
    let is_shared = row.is_some();
    rows::replace(transaction, terms, &scope, row.into_iter().collect())?;
    Ok(is_shared)
}

/// Keeps what is found of every preorderId there is.
///
/// # Errors
/// The write failed.
pub(super) fn keep_every_id(transaction: &Transaction<'_>) -> DbResult<()> {
    let terms = Terms::read(transaction)?;
    let ids: Vec<String> = transaction
        .prepare(
            "SELECT preorder_id FROM node WHERE preorder_id IS NOT NULL GROUP BY preorder_id HAVING min(email) <> max(email)
             UNION SELECT subject FROM finding WHERE rule = 'shared_preorder_id'",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    ids.iter().try_for_each(|id| keep_id(transaction, &terms, id).map(drop))
}

/// Keeps what is found of every person there is.
///
/// # Errors
/// The write failed.
pub(super) fn keep_everybody(transaction: &Transaction<'_>) -> DbResult<()> {
    let settings = crate::facts::settings::get_settings(transaction)?.1;
    let findings = Findings::new(transaction, &settings)?;
    let people: Vec<(String, i64, i64, i64)> = transaction
        .prepare(
            "SELECT p.email, sum(o.goods AND o.reached = 5 AND o.color IS NOT NULL) AS kept, sum(o.sessions) AS waiting, p.findings
             FROM person p JOIN preorder o ON o.email = p.email GROUP BY p.email HAVING kept >= 2 OR waiting >= 3 OR p.findings > 0",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (email, kept, waiting, had) in people {
        let count = findings.keep_person(transaction, &email, (kept, waiting, had))?;
        transaction
            .prepare_cached("UPDATE person SET findings = ?2 WHERE email = ?1")?
            .execute(rusqlite::params![email, count])?;
    }
    Ok(())
}

/// From when on an unpaid order is an ordinary lead: its checkout expired, or stands open for an hour with nothing tried,
/// or a payment failed so long ago that its finding has closed.
fn lead_at(case: &Case<'_>) -> Option<i64> {
    let order = case.order;
    let sessions = &case.parts.sessions;
    if !order.goods || !case.unpaid() || order.email.is_none() || sessions.is_empty() {
        return None;
    }
    if let Some(failure) = payment_failed::failure(case) {
        let closes = payment_failed::RULE.closes_after_s.unwrap_or(30 * DAY);
        return Some(failure.at.saturating_add(closes));
    }
    if case.is_under_way() || sessions.iter().any(|node| is(node.state.status.as_ref(), &["complete"])) {
        return None;
    }
    match case.open_sessions().map(made).max() {
        Some(opened) => (order.reached < Step::PaymentAttempted).then_some(opened + HOUR),
        None => Some(order.started_at),
    }
}
