//! The guard: what keeps an action from being confirmed or sent, whoever asks for it.
//!
//! Roles, the live guard, daily caps, and the one switch that stops all writes. Looked at in the transaction that confirms, and
//! again in the one that commits each request before it is sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::plan::ActionPlan;
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Transaction, params};
use crate::domain::day::{day_of, start_of};
use crate::domain::money::{decimal, exponent};
use crate::error::Problem;

/// Who does it, and how much they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doer {
    /// The operator's name.
    pub name: String,
    /// Their level.
    pub level: u8,
}

/// The level that repairs orders.
const SUPPORT: u8 = 50;
/// The level that is not held to the cap of one action.
const ADMIN: u8 = 80;
/// How long an action may wait before it is sent and still be counted, seconds.
const OLDEST_S: i64 = 90 * 86_400;
/// Mails a day, unless set otherwise.
const MAILS: i64 = 200;

/// What may be written outward, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct Guard {
    /// Writing is switched on. A live store begins without.
    pub writing: bool,
    /// Everything is stopped, also what was confirmed already.
    pub stopped: bool,
    /// Most money a day, minor units by currency; of other currencies a default holds.
    #[ts(type = "Record<string, number>")]
    pub daily_money: BTreeMap<String, i64>,
    /// Most money of one action of someone below admin, minor units by currency.
    #[ts(type = "Record<string, number>")]
    pub support_money: BTreeMap<String, i64>,
    /// Most mails a day.
    #[ts(type = "number")]
    pub daily_mails: i64,
    /// Stripe may be asked to deliver events again, which it does not document.
    pub resend: bool,
    /// How often it was set before. Given back with a change, the change is refused where somebody else has made one meanwhile;
    /// null takes the place of whatever is in force.
    #[ts(type = "number | null")]
    pub revision: Option<i64>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            writing: false,
            stopped: false,
            daily_money: BTreeMap::new(),
            support_money: BTreeMap::new(),
            daily_mails: MAILS,
            resend: false,
            revision: Some(0),
        }
    }
}

/// The guard with what today has used of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct GuardView {
    /// What is set.
    pub guard: Guard,
    /// The store moves real money.
    pub live: bool,
    /// Money that today's actions move, minor units by currency.
    #[ts(type = "Record<string, number>")]
    pub money_today: BTreeMap<String, i64>,
    /// Mails that today's actions send.
    #[ts(type = "number")]
    pub mails_today: i64,
}

impl Guard {
    fn day_cap(&self, currency: &str) -> i64 {
        self.daily_money.get(currency).copied().unwrap_or_else(|| usual(currency, 1_000, 100_000))
    }

    fn support_cap(&self, currency: &str) -> i64 {
        self.support_money.get(currency).copied().unwrap_or_else(|| usual(currency, 200, 20_000))
    }
}

/// A cap in major units, and one for currencies without minor ones.
fn usual(currency: &str, major: i64, undivided: i64) -> i64 {
    match exponent(currency) {
        0 => undivided,
        digits => major * 10_i64.pow(digits),
    }
}

/// Reads the guard; a live store that has none is not to be written to.
///
/// # Errors
/// The read failed.
pub fn read_guard(connection: &Connection, live: bool) -> DbResult<Guard> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM meta WHERE name = 'guard'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    match text {
        None => Ok(Guard { writing: !live, ..Guard::default() }),
        Some(text) => {
            serde_json::from_str(&text).map_err(|error| DbError::Corrupt(format!("guard: {error}")))
        }
    }
}

/// Writes the guard; what is in force then, or None where another than the one it was made from was set meanwhile.
///
/// # Errors
/// The write failed, or a cap is out of range.
pub fn set_guard(transaction: &Transaction<'_>, guard: Guard, live: bool) -> DbResult<Option<Guard>> {
    let before = read_guard(transaction, live)?.revision.unwrap_or_default();
    if guard.revision.is_some_and(|revision| revision != before) {
        return Ok(None);
    }
    let guard = Guard { revision: Some(before + 1), ..guard };
    let caps = guard.daily_money.iter().chain(&guard.support_money);
    for (currency, cap) in caps {
        let plain = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_lowercase());
        if !plain || !(0..=1_000_000_000_000).contains(cap) {
            return Err(DbError::Invalid(format!("a cap of {cap} for {currency:?} is out of range")));
        }
    }
    if !(0..=1_000_000).contains(&guard.daily_mails) {
        return Err(DbError::Invalid(format!("a cap of {} mails is out of range", guard.daily_mails)));
    }
    let text = serde_json::to_string(&guard).map_err(|error| DbError::Corrupt(error.to_string()))?;
    transaction.execute(
        "INSERT INTO meta (name, value) VALUES ('guard', ?1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [text],
    )?;
    Ok(Some(guard))
}

/// The guard with today's use.
///
/// # Errors
/// The read failed.
pub fn view_guard(connection: &Connection, live: bool, now: i64, zone: chrono_tz::Tz) -> DbResult<GuardView> {
    let (money_today, mails_today) = used(connection, since(now, zone))?;
    Ok(GuardView { guard: read_guard(connection, live)?, live, money_today, mails_today })
}

fn since(now: i64, zone: chrono_tz::Tz) -> i64 {
    start_of(day_of(now, zone), zone)
}

/// Money and mails of actions confirmed or sent since an instant. What failed before anything was done counts for nothing; what is
/// unknown counts.
fn used(connection: &Connection, since: i64) -> DbResult<(BTreeMap<String, i64>, i64)> {
    sums(connection, &format!("confirmed_at >= ?1 OR {SENT}"), since, None)
}

/// A request of the action was sent since the instant.
const SENT: &str = "EXISTS (SELECT 1 FROM action_step s WHERE s.action = action.seq AND s.intended_at >= ?1)";

fn sums(
    connection: &Connection,
    which: &str,
    since: i64,
    except: Option<i64>,
) -> DbResult<(BTreeMap<String, i64>, i64)> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT coalesce(currency, ''), sum(money), sum(mails) FROM action
         WHERE confirmed_at >= ?2 AND (money > 0 OR mails > 0) AND seq IS NOT ?3 AND ({which}) AND (state NOT IN ('failed', 'canceled')
           OR EXISTS (SELECT 1 FROM action_step s WHERE s.action = action.seq AND s.state = 'done' AND s.path IS NOT NULL))
         GROUP BY 1"
    ))?;
    let mut rows = statement.query(params![since, since - OLDEST_S, except])?;
    let (mut money, mut mails) = (BTreeMap::new(), 0);
    while let Some(row) = rows.next()? {
        let (currency, moved): (String, i64) = (row.get(0)?, row.get(1)?);
        if moved > 0 {
            money.insert(currency, moved);
        }
        mails += row.get::<_, i64>(2)?;
    }
    Ok((money, mails))
}

/// Says why a request of an action may not be sent now: everything is stopped, or what was sent today leaves no room for it.
///
/// # Errors
/// The read failed.
pub(super) fn holds_back(
    connection: &Connection,
    live: bool,
    action: i64,
    (now, zone): (i64, chrono_tz::Tz),
) -> DbResult<Option<Problem>> {
    if let Some(problem) = stops(connection, live, true)? {
        return Ok(Some(problem));
    }
    let (moved, currency, sends): (i64, String, i64) = connection
        .prepare_cached("SELECT money, coalesce(currency, ''), mails FROM action WHERE seq = ?1")?
        .query_row([action], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if moved == 0 && sends == 0 {
        return Ok(None);
    }
    let guard = read_guard(connection, live)?;
    let since = since(now, zone);
    let (money, mails) = sums(connection, SENT, since, Some(action))?;
    let before = money.get(&currency).copied().unwrap_or_default();
    let over = (moved > 0 && before.saturating_add(moved) > guard.day_cap(&currency))
        || (sends > 0 && mails.saturating_add(sends) > guard.daily_mails);
    Ok(over.then(|| {
        Problem::new(
            "CAP_REACHED",
            "what was sent today leaves no room for this under the cap of a day: it waits",
            "Wait until tomorrow, or have the cap raised under Safety in Settings.",
        )
    }))
}

/// What a confirmation is weighed by.
pub(super) struct Weight<'a> {
    pub plan: &'a ActionPlan,
    pub doer: &'a Doer,
    pub live: bool,
    pub now: i64,
    pub zone: chrono_tz::Tz,
    /// The amount as typed, minor units.
    pub typed: Option<i64>,
}

/// Says why an action may not be confirmed; None where it may.
///
/// # Errors
/// The read failed.
pub(super) fn admit(connection: &Connection, weight: &Weight<'_>) -> DbResult<Option<Problem>> {
    if weight.doer.level < SUPPORT {
        return Ok(Some(not_permitted(weight.doer)));
    }
    if weight.plan.calls.is_empty() {
        return Ok(None);
    }
    if let Some(problem) = stops(connection, weight.live, !weight.plan.only_reads())? {
        return Ok(Some(problem));
    }
    let guard = read_guard(connection, weight.live)?;
    let (money, mails) = used(connection, since(weight.now, weight.zone))?;
    if let Some(moved) = &weight.plan.money {
        let currency = moved.currency.as_str();
        let shown = |minor: i64| format!("{} {}", decimal(minor, currency), currency.to_uppercase());
        // What is let go costs nobody anything.
        let counts = moved.direction != "released";
        if counts && weight.doer.level < ADMIN && moved.amount_minor > guard.support_cap(currency) {
            return Ok(Some(Problem::new(
                "OVER_ROLE_CAP",
                format!(
                    "{} is more than the {} that {} may move at once",
                    shown(moved.amount_minor),
                    shown(guard.support_cap(currency)),
                    weight.doer.name
                ),
                "Ask an admin to do it.",
            )));
        }
        let today = money.get(currency).copied().unwrap_or_default();
        if counts && today.saturating_add(moved.amount_minor) > guard.day_cap(currency) {
            return Ok(Some(Problem::new(
                "CAP_REACHED",
                format!(
                    "today's actions move {} already; {} more is over the cap of {} a day",
                    shown(today),
                    shown(moved.amount_minor),
                    shown(guard.day_cap(currency))
                ),
                "Wait until tomorrow, or have the cap raised under Safety in Settings.",
            )));
        }
        if weight.plan.confirm_amount && weight.typed != Some(moved.amount_minor) {
            return Ok(Some(Problem::new(
                "AMOUNT_NOT_CONFIRMED",
                format!("real money moves: the amount typed is not {}", shown(moved.amount_minor)),
                "Type the amount that the plan shows.",
            )));
        }
    }
    let sends = i64::from(weight.plan.mails);
    if sends > 0 && mails.saturating_add(sends) > guard.daily_mails {
        return Ok(Some(Problem::new(
            "CAP_REACHED",
            format!("{sends} more mails would be over the cap of {} a day", guard.daily_mails),
            "Wait until tomorrow, or have the cap raised under Safety in Settings.",
        )));
    }
    Ok(None)
}

/// Says why nothing may be written now; None where it may.
///
/// # Errors
/// The read failed.
pub(super) fn stops(connection: &Connection, live: bool, writes: bool) -> DbResult<Option<Problem>> {
    if !writes {
        return Ok(None);
    }
    let guard = read_guard(connection, live)?;
    if guard.stopped {
        return Ok(Some(Problem::new(
            "WRITES_STOPPED",
            "all writes of this store are stopped",
            "Have them started again under Safety in Settings; nothing is lost.",
        )));
    }
    if !guard.writing {
        return Ok(Some(Problem::new(
            "WRITING_OFF",
            "writing to this store is not switched on",
            "Switch it on under Safety in Settings.",
        )));
    }
    Ok(None)
}

/// The refusal of someone whose role does not reach.
pub(super) fn not_permitted(doer: &Doer) -> Problem {
    Problem::new(
        "NOT_PERMITTED",
        format!("repairing orders needs level {SUPPORT}, and {} has {}", doer.name, doer.level),
        "Ask someone with the role support, admin or owner.",
    )
}

/// What an action counts for in the caps: minor units, their currency, mails.
pub(super) fn cap_row(plan: &ActionPlan) -> (i64, Option<&str>, u32) {
    let money = plan.money.as_ref().filter(|money| money.direction != "released");
    (money.map_or(0, |money| money.amount_minor), money.map(|money| money.currency.as_str()), plan.mails)
}
