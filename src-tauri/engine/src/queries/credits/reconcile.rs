//! Reconciliation: what Stripe was paid, what the shop's purchases say, and what its wallets hold, against each other.
//!
//! Read whole on each call; a difference leads to its payment and to the shop's row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use super::rules::DifferenceKind;
use super::rules::{Held, Paid, Verdict, judge_payment, judge_wallet};
use crate::db::{Connection, DbError, DbResult, Row};
use crate::domain::purchase::Coverage;
use crate::domain::shop::ShopKind;
use crate::facts::imports::last_reading;
use crate::projections::schema::require_current;
use crate::projections::wallets::find_owner;
use crate::queries::rows::limit_of;

/// Asks for differences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct ReconcileArgs {
    /// Only of this kind.
    #[ts(optional)]
    pub kind: Option<DifferenceKind>,
    /// Only of this owner: a user id or an e-mail.
    #[ts(optional)]
    pub owner: Option<String>,
    /// Rows at most, 1 to 5000; default 500. Totals count all.
    #[ts(optional)]
    pub limit: Option<u32>,
    /// Rows to pass over.
    pub offset: u32,
}

/// A row of the shop's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RowPlace {
    /// The batch it was imported by.
    pub batch: i64,
    /// Its line in that file.
    pub line: i64,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Difference {
    /// What is wrong.
    pub kind: DifferenceKind,
    /// Whose it is: a user id, else an e-mail.
    pub owner: Option<String>,
    /// The payment, where there is one.
    pub payment_id: Option<String>,
    /// Credits that should be; of a missing user 1.
    pub expected: i64,
    /// Credits that are.
    pub found: i64,
    /// The payment's currency.
    pub currency: Option<String>,
    /// The payment's amount, minor units.
    pub amount_minor: Option<i64>,
    /// A code that says why.
    pub why: String,
    /// A row of the shop that it is about.
    pub row: Option<RowPlace>,
}

/// Money in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CurrencyTotal {
    /// Lower-case currency.
    pub currency: String,
    /// Minor units.
    pub minor: i64,
}

/// Differences of one kind, added up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DifferenceTotal {
    /// The kind.
    pub kind: DifferenceKind,
    /// How many.
    pub count: i64,
    /// Credits found less credits expected.
    pub credits: i64,
    /// Amounts of the payments concerned.
    pub money: Vec<CurrencyTotal>,
}

/// Which of the shop's own rows were imported and are in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Imported {
    /// Purchases.
    pub purchases: bool,
    /// Wallets.
    pub wallets: bool,
    /// Wallet entries: spending is known.
    pub wallet_entries: bool,
    /// Users.
    pub users: bool,
}

/// The three sides in total.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Sides {
    /// Paid for credits at Stripe, refunds not taken off.
    pub paid: Vec<CurrencyTotal>,
    /// Credits that those payments grant by the plan table.
    pub granted: i64,
    /// Credits clawed back of them, less what was reversed.
    pub clawed: i64,
    /// Credits that the shop's purchases applied.
    pub applied: i64,
    /// The sum of the shop's wallets.
    pub shop_balance: i64,
    /// The sum of the wallets as they follow from the facts.
    pub balance: i64,
}

/// Everything that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Reconciliation {
    /// By kind, then by payment or owner.
    pub rows: Vec<Difference>,
    /// By kind, of all differences and not only of these rows.
    pub totals: Vec<DifferenceTotal>,
    /// What could be compared.
    pub imported: Imported,
    /// The three sides.
    pub sides: Sides,
    /// Payments that no rule of the plan table covers; 0 without a plan table.
    pub unmapped: i64,
    /// Payments made after the shop's purchases were imported: not judged yet.
    pub since_import: i64,
    /// Whether the store has a plan table.
    pub has_plans: bool,
}

/// Compares everything.
///
/// # Errors
/// [`DbError::Invalid`] for a bad limit; stale projections; a failed read.
pub fn reconcile(connection: &Connection, args: &ReconcileArgs) -> DbResult<Reconciliation> {
    let limit = limit_of(args.limit, 500, 5_000)?;
    let offset = args.offset as usize;
    let owner = args.owner.as_deref().map(|name| find_owner(connection, name)).transpose()?;
    let mut totals: BTreeMap<DifferenceKind, (i64, i64, BTreeMap<String, i64>)> = BTreeMap::new();
    let mut of_kind: BTreeMap<DifferenceKind, Vec<Difference>> = BTreeMap::new();
    let since_import = for_each(connection, |difference| {
        if owner.is_some() && difference.owner != owner {
            return Ok(());
        }
        let total = totals.entry(difference.kind).or_default();
        total.0 += 1;
        total.1 = total.1.saturating_add(difference.found.saturating_sub(difference.expected));
        if let (Some(minor), Some(currency)) = (difference.amount_minor, &difference.currency) {
            let sum = total.2.entry(currency.clone()).or_default();
            *sum = sum.saturating_add(minor);
        }
        let rows = of_kind.entry(difference.kind).or_default();
        if args.kind.is_none_or(|kind| kind == difference.kind) && rows.len() < offset + limit {
            rows.push(difference);
        }
        Ok(())
    })?;
    let (_, settings) = crate::facts::settings::get_settings(connection)?;
    let has_plans = !settings.plans.is_empty();
    let unmapped = "SELECT coalesce(sum(count), 0) FROM purchase_count WHERE coverage = 'unmapped' AND status <> 'pending'";
    Ok(Reconciliation {
        rows: of_kind.into_values().flatten().skip(offset).take(limit).collect(),
        totals: totals
            .into_iter()
            .map(|(kind, (count, credits, money))| DifferenceTotal {
                kind,
                count,
                credits,
                money: listed(money),
            })
            .collect(),
        imported: imported(connection)?,
        sides: sides(connection)?,
        unmapped: if has_plans { connection.query_row(unmapped, [], |row| row.get(0))? } else { 0 },
        since_import,
        has_plans,
    })
}

fn listed(money: BTreeMap<String, i64>) -> Vec<CurrencyTotal> {
    money.into_iter().map(|(currency, minor)| CurrencyTotal { currency, minor }).collect()
}

/// Hands every difference to `each`, by kind of comparison; says how many payments are newer than the import.
///
/// # Errors
/// Stale projections, a failed read, or what `each` returned.
pub fn for_each(connection: &Connection, mut each: impl FnMut(Difference) -> DbResult<()>) -> DbResult<i64> {
    require_current(connection)?;
    let imported = imported(connection)?;
    let mut since_import = 0;
    if imported.purchases {
        since_import = payments(connection, imported, &mut each)?;
        rows_without_payment(connection, &mut each)?;
    }
    if imported.wallets {
        wallets(connection, imported, &mut each)?;
    }
    if imported.users {
        users(connection, &mut each)?;
    }
    Ok(since_import)
}

fn imported(connection: &Connection) -> DbResult<Imported> {
    let sql = "SELECT EXISTS (SELECT 1 FROM shop_purchase), EXISTS (SELECT 1 FROM shop_wallet), EXISTS (SELECT 1 FROM shop_entry),
        EXISTS (SELECT 1 FROM shop_user)";
    Ok(connection.query_row(sql, [], |row| {
        Ok(Imported {
            purchases: row.get(0)?,
            wallets: row.get(1)?,
            wallet_entries: row.get(2)?,
            users: row.get(3)?,
        })
    })?)
}

/// The shop's purchases with the payment each is about and whose it is.
const CLAIMS: &str = "claim AS MATERIALIZED (
    SELECT w.key, w.batch, w.line, w.credits, w.clawed, w.applied, w.amount, w.currency, w.at,
      w.status IN ('refunded', 'partially_refunded', 'partial_refund', 'disputed', 'charged_back', 'chargeback', 'reversed') AS refunded,
      coalesce(n.payment, p.payment, m.payment) AS payment, coalesce(w.user_id, i.user_id, w.email) AS owner
    FROM shop_purchase w LEFT JOIN node n ON n.key = w.object LEFT JOIN purchase p ON p.payment = w.object
    LEFT JOIN stripe_event e ON w.object IS NULL AND e.id = w.event_id LEFT JOIN node m ON m.key = e.object
    LEFT JOIN identity i ON i.email = w.email)";

fn payments(
    connection: &Connection,
    imported: Imported,
    each: &mut impl FnMut(Difference) -> DbResult<()>,
) -> DbResult<i64> {
    let taken_at = last_reading(connection, ShopKind::Purchases)?.unwrap_or_default();
    let mut statement = connection.prepare(&format!(
        "WITH {CLAIMS},
         applied AS MATERIALIZED (
           SELECT payment, count(*) AS rows, sum(credits) AS credits, max(credits) AS most, sum(clawed) AS clawed,
             max(refunded) AS refunded, max(batch) AS batch, max(line) AS line
           FROM claim WHERE applied = 1 AND payment IS NOT NULL GROUP BY payment),
         taken AS MATERIALIZED (
           SELECT coalesce(n.payment, s.object) AS payment, -sum(s.credits) AS credits FROM shop_entry s LEFT JOIN node n ON n.key = s.object
           WHERE s.kind = 'clawback' AND s.object IS NOT NULL GROUP BY 1)
         SELECT d.id, p.coverage, p.credits, p.clawed - p.reversed, p.paid_at, p.owner, p.currency, p.amount,
           coalesce(a.rows, 0), a.credits, a.most, a.clawed, coalesce(a.refunded, 0), t.credits, a.batch, a.line
         FROM purchase p LEFT JOIN applied a ON a.payment = p.payment LEFT JOIN taken t ON t.payment = p.payment
         JOIN stripe_id d ON d.key = p.payment WHERE p.paid_at IS NOT NULL ORDER BY p.at, p.payment"
    ))?;
    let mut rows = statement.query([])?;
    let mut since_import = 0;
    while let Some(row) = rows.next()? {
        let coverage: String = row.get(1)?;
        let coverage =
            Coverage::parse(&coverage).ok_or_else(|| DbError::Corrupt(format!("coverage {coverage}")))?;
        let entry_clawed: Option<i64> = row.get(13)?;
        let paid = Paid {
            coverage,
            credits: row.get(2)?,
            clawed: row.get(3)?,
            in_time: row.get::<_, i64>(4)? <= taken_at,
            rows: row.get(8)?,
            row_credits: row.get(9)?,
            row_most: row.get(10)?,
            row_clawed: row.get(11)?,
            row_refunded: row.get(12)?,
            entry_clawed: imported.wallet_entries.then_some(entry_clawed.unwrap_or_default()),
        };
        since_import += i64::from(!paid.in_time && paid.rows == 0 && paid.credits > 0);
        for verdict in judge_payment(&paid) {
            each(Difference {
                payment_id: row.get(0)?,
                owner: row.get(5)?,
                currency: row.get(6)?,
                amount_minor: row.get(7)?,
                row: place(row, 14)?,
                ..plain(verdict)
            })?;
        }
    }
    Ok(since_import)
}

fn plain((kind, expected, found, why): Verdict) -> Difference {
    Difference {
        kind,
        owner: None,
        payment_id: None,
        expected,
        found,
        currency: None,
        amount_minor: None,
        why: why.to_owned(),
        row: None,
    }
}

fn place(row: &Row<'_>, at: usize) -> DbResult<Option<RowPlace>> {
    let (batch, line): (Option<i64>, Option<i64>) = (row.get(at)?, row.get(at + 1)?);
    Ok(batch.zip(line).map(|(batch, line)| RowPlace { batch, line }))
}

fn rows_without_payment(
    connection: &Connection,
    each: &mut impl FnMut(Difference) -> DbResult<()>,
) -> DbResult<()> {
    let mut statement = connection.prepare(
        "SELECT coalesce(w.user_id, i.user_id, w.email), d.id, coalesce(w.credits, 0), w.currency, w.amount, w.batch, w.line, p.payment,
           w.object IS NULL AND w.event_id IS NULL
         FROM shop_purchase w LEFT JOIN node n ON n.key = w.object
         LEFT JOIN stripe_event e ON w.object IS NULL AND e.id = w.event_id LEFT JOIN node m ON m.key = e.object
         LEFT JOIN purchase p ON p.payment = coalesce(n.payment, m.payment, w.object)
         LEFT JOIN stripe_id d ON d.key = coalesce(n.payment, m.payment, w.object) LEFT JOIN identity i ON i.email = w.email
         WHERE w.applied = 1 AND p.paid_at IS NULL ORDER BY w.batch, w.line",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let why = if row.get::<_, Option<i64>>(7)?.is_some() {
            "not_paid"
        } else if row.get(8)? {
            "names_no_payment"
        } else {
            "no_such_payment"
        };
        each(Difference {
            owner: row.get(0)?,
            payment_id: row.get(1)?,
            currency: row.get(3)?,
            amount_minor: row.get(4)?,
            row: place(row, 5)?,
            ..plain((DifferenceKind::PurchaseWithoutPayment, 0, row.get(2)?, why))
        })?;
    }
    Ok(())
}

fn wallets(
    connection: &Connection,
    imported: Imported,
    each: &mut impl FnMut(Difference) -> DbResult<()>,
) -> DbResult<()> {
    let hold_grants: bool =
        connection.query_row("SELECT EXISTS (SELECT 1 FROM shop_entry WHERE kind = 'grant')", [], |row| {
            row.get(0)
        })?;
    let mut statement = connection.prepare(&format!(
        "WITH {CLAIMS},
         held AS MATERIALIZED (
           SELECT coalesce(w.user_id, i.user_id, w.email) AS owner, sum(w.balance) AS balance, sum(w.granted) AS granted,
             max(w.batch) AS batch, max(w.line) AS line
           FROM shop_wallet w LEFT JOIN identity i ON i.email = w.email GROUP BY 1),
         entry AS MATERIALIZED (
           SELECT coalesce(s.user_id, i.user_id, s.email) AS owner, sum(s.credits) AS credits, sum(s.kind = 'clawback') AS clawbacks
           FROM shop_entry s LEFT JOIN identity i ON i.email = s.email GROUP BY 1),
         applied AS MATERIALIZED (
           SELECT owner, sum(coalesce(credits, 0)) AS credits, sum(coalesce(clawed, 0)) AS clawed FROM claim WHERE applied = 1 GROUP BY 1),
         ours AS MATERIALIZED (
           SELECT owner, sum(credits) AS credits FROM wallet_entry WHERE local IS NOT NULL GROUP BY 1),
         everyone AS (SELECT owner FROM held UNION SELECT owner FROM entry)
         SELECT o.owner, h.balance, h.granted, coalesce(e.credits, 0), coalesce(a.credits, 0),
           CASE WHEN coalesce(e.clawbacks, 0) > 0 THEN 0 ELSE coalesce(a.clawed, 0) END,
           coalesce(w.granted - w.clawed + w.reversed, 0), coalesce(u.credits, 0), h.batch, h.line
         FROM everyone o LEFT JOIN held h ON h.owner = o.owner LEFT JOIN entry e ON e.owner = o.owner
         LEFT JOIN applied a ON a.owner = o.owner LEFT JOIN wallet w ON w.owner = o.owner LEFT JOIN ours u ON u.owner = o.owner
         WHERE o.owner IS NOT NULL ORDER BY o.owner"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (gross, back): (i64, i64) = (row.get(4)?, row.get(5)?);
        let held = Held {
            balance: row.get(1)?,
            granted: row.get(2)?,
            entries: if imported.wallet_entries { Some(row.get(3)?) } else { None },
            entries_hold_grants: hold_grants,
            applied: imported.purchases.then_some(gross.saturating_sub(back)),
            applied_gross: gross,
            net_granted: row.get(6)?,
            ours: row.get(7)?,
        };
        if let Some(verdict) = judge_wallet(&held) {
            each(Difference { owner: row.get(0)?, row: place(row, 8)?, ..plain(verdict) })?;
        }
    }
    Ok(())
}

fn users(connection: &Connection, each: &mut impl FnMut(Difference) -> DbResult<()>) -> DbResult<()> {
    let mut statement = connection.prepare(
        "SELECT named.user_id, max(named.batch), max(named.line) FROM (
           SELECT user_id, NULL AS batch, NULL AS line FROM purchase WHERE user_id IS NOT NULL AND coverage = 'plan' AND paid_at IS NOT NULL
           UNION ALL SELECT user_id, batch, line FROM shop_purchase WHERE user_id IS NOT NULL
           UNION ALL SELECT user_id, batch, line FROM shop_wallet WHERE user_id IS NOT NULL
         ) named WHERE NOT EXISTS (SELECT 1 FROM shop_user u WHERE u.user_id = named.user_id AND u.user_id IS NOT NULL)
         GROUP BY named.user_id ORDER BY named.user_id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let verdict = (DifferenceKind::UserMissing, 1, 0, "not_among_the_users");
        each(Difference { owner: row.get(0)?, row: place(row, 1)?, ..plain(verdict) })?;
    }
    Ok(())
}

fn sides(connection: &Connection) -> DbResult<Sides> {
    let mut paid = BTreeMap::new();
    let (mut granted, mut clawed) = (0_i64, 0_i64);
    let mut statement = connection.prepare_cached(
        "SELECT currency, sum(amount), sum(credits), sum(clawed - reversed) FROM purchase WHERE coverage = 'plan' AND paid_at IS NOT NULL
         GROUP BY currency",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let (Some(currency), Some(minor)) =
            (row.get::<_, Option<String>>(0)?, row.get::<_, Option<i64>>(1)?)
        {
            paid.insert(currency, minor);
        }
        granted = granted.saturating_add(row.get(2)?);
        clawed = clawed.saturating_add(row.get(3)?);
    }
    let sum = |sql: &str| -> DbResult<i64> { Ok(connection.query_row(sql, [], |row| row.get(0))?) };
    Ok(Sides {
        paid: listed(paid),
        granted,
        clawed,
        applied: sum("SELECT coalesce(sum(credits), 0) FROM shop_purchase WHERE applied = 1")?,
        shop_balance: sum("SELECT coalesce(sum(balance), 0) FROM shop_wallet")?,
        balance: sum("SELECT coalesce(sum(balance), 0) FROM wallet")?,
    })
}
