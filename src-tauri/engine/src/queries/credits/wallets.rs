//! Wallets: the page of owners, and one owner's ledger.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::db::{Connection, DbError, DbResult, OptionalExtension, Row, params, rusqlite};
use crate::domain::email::normalize;
use crate::domain::purchase::EntryKind;
use crate::projections::schema::require_current;
use crate::projections::wallets::{Adjustment, SHOP_ENTRIES_OF_OWNER, find_owner};
use crate::queries::cursor;
use crate::queries::resolve::tidy_text;
use crate::queries::rows::{at_most, limit_of};

/// Names what a wallet page is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum WalletSort {
    /// The owner's name.
    #[default]
    Owner,
    /// The balance.
    Balance,
}

/// Asks for wallets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct WalletPageArgs {
    /// The beginning of an owner's user id or e-mail.
    #[ts(optional)]
    pub search: Option<String>,
    /// Only wallets below zero.
    pub negative: bool,
    /// The sort.
    pub sort: WalletSort,
    /// Smallest first for balances; owners always come by name.
    pub ascending: bool,
    /// Rows at most, 1 to 500; default 100.
    #[ts(optional)]
    pub limit: Option<u32>,
    /// The cursor of the page before.
    #[ts(optional)]
    pub after: Option<String>,
}

/// One wallet. Its balance is granted - clawed + reversed - spent + adjusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WalletRow {
    /// A user id, else an e-mail.
    pub owner: String,
    /// Credits granted by payments.
    pub granted: i64,
    /// Credits clawed back.
    pub clawed: i64,
    /// Credits that came again after a clawback.
    pub reversed: i64,
    /// Credits spent, as the shop's rows say.
    pub spent: i64,
    /// Credits given and taken by hand.
    pub adjusted: i64,
    /// What that comes to.
    pub balance: i64,
    /// How many entries.
    pub entries: i64,
    /// First entry, unix seconds.
    pub first_at: Option<i64>,
    /// Last entry, unix seconds.
    pub last_at: Option<i64>,
}

/// One page of wallets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WalletPage {
    /// In the order asked for.
    pub rows: Vec<WalletRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// Whether spending was imported; without it a balance is what was granted, not what is left.
    pub spending_known: bool,
}

/// One entry of a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WalletEntry {
    /// Whose wallet.
    pub owner: String,
    /// Unix seconds; null where the shop's row does not say.
    pub at: Option<i64>,
    /// Its kind.
    pub kind: EntryKind,
    /// Credits, with their sign.
    pub credits: i64,
    /// The Stripe object that caused it, the local fact as `local:N`, or the shop's row as `import:BATCH:LINE`.
    pub cause: String,
    /// The payment it belongs to.
    pub payment_id: Option<String>,
    /// What was written beside it: an operator's reason, or the shop's note.
    pub note: Option<String>,
    /// It was made here by an operator.
    pub ours: bool,
}

/// Asks for one owner's wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct WalletSheetArgs {
    /// A user id or an e-mail.
    pub owner: String,
}

/// A wallet as the shop's own rows have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ShopWallet {
    /// Credits that are left.
    pub balance: i64,
    /// Credits ever granted, where the shop says it.
    pub granted: Option<i64>,
}

/// One owner's wallet with its ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WalletSheet {
    /// The sums.
    pub wallet: WalletRow,
    /// E-mails that belong to the owner.
    pub emails: Vec<String>,
    /// Entries, oldest first; the newest 1000.
    pub ledger: Vec<WalletEntry>,
    /// As the shop's own rows have it; null where none were imported for this owner.
    pub shop: Option<ShopWallet>,
    /// Whether spending was imported.
    pub spending_known: bool,
}

const COLUMNS: &str =
    "owner, granted, clawed, reversed, spent, adjusted, balance, entries, first_at, last_at";
/// Most entries of a ledger that are shown.
const MOST: i64 = 1_000;

/// Reads one page of wallets.
///
/// # Errors
/// [`DbError::Invalid`] for a bad limit, search text or cursor; stale projections; a failed read.
pub fn page(connection: &Connection, args: &WalletPageArgs) -> DbResult<WalletPage> {
    require_current(connection)?;
    let limit = limit_of(args.limit, 100, 500)?;
    let plain = WalletPageArgs { limit: None, after: None, ..args.clone() };
    let list = serde_json::to_string(&plain).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let list = format!("wallets {list}");
    let after: Option<(i64, String)> =
        args.after.as_deref().map(|text| cursor::decode(&list, text)).transpose()?;
    let (low, high) = match &args.search {
        Some(text) => {
            let owner = find_owner(connection, tidy_text(text)?)?;
            (owner.clone(), format!("{owner}\u{10ffff}"))
        }
        None => (String::new(), "\u{10ffff}".to_owned()),
    };
    let below = if args.negative { 0 } else { i64::MAX };
    let by_balance = args.sort == WalletSort::Balance && args.search.is_none();
    let (place, order) = match (by_balance, args.ascending) {
        (true, true) => ("(balance, owner) > (?3, ?4)", "balance, owner"),
        (true, false) => ("(balance, owner) < (?3, ?4)", "balance DESC, owner DESC"),
        (false, _) => ("owner > ?4 AND ?3 = ?3", "owner"),
    };
    let from = match (by_balance, args.negative) {
        (true, _) | (false, true) if args.search.is_none() => "wallet INDEXED BY wallet_balance",
        _ => "wallet",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM {from} WHERE owner >= ?1 AND owner < ?2 AND balance < ?5 AND {place} ORDER BY {order} LIMIT ?6"
    );
    let start = match (by_balance, args.ascending) {
        (true, false) => (i64::MAX, "\u{10ffff}".to_owned()),
        _ => (i64::MIN, String::new()),
    };
    let (balance, owner) = after.unwrap_or(start);
    let mut rows: Vec<WalletRow> = connection
        .prepare_cached(&sql)?
        .query_map(params![low, high, balance, owner, below, at_most(limit + 1)], read_wallet)?
        .collect::<rusqlite::Result<_>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last() {
        Some(last) if more => Some(cursor::encode(&list, &(last.balance, last.owner.clone()))?),
        _ => None,
    };
    Ok(WalletPage { rows, next, spending_known: spending_known(connection)? })
}

/// Whether entries of the shop's wallets were imported.
pub(super) fn spending_known(connection: &Connection) -> DbResult<bool> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM shop_entry)", [], |row| row.get(0))?)
}

fn read_wallet(row: &Row<'_>) -> rusqlite::Result<WalletRow> {
    Ok(WalletRow {
        owner: row.get(0)?,
        granted: row.get(1)?,
        clawed: row.get(2)?,
        reversed: row.get(3)?,
        spent: row.get(4)?,
        adjusted: row.get(5)?,
        balance: row.get(6)?,
        entries: row.get(7)?,
        first_at: row.get(8)?,
        last_at: row.get(9)?,
    })
}

/// Reads one owner's wallet; None for an owner nobody knows.
///
/// # Errors
/// Stale projections; a text too long; a failed read.
pub fn sheet(connection: &Connection, args: &WalletSheetArgs) -> DbResult<Option<WalletSheet>> {
    require_current(connection)?;
    let owner = find_owner(connection, tidy_text(&args.owner)?)?;
    let wallet = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM wallet WHERE owner = ?1"))?
        .query_row([&owner], read_wallet)
        .optional()?;
    let shop = shop_wallet(connection, &owner)?;
    let known: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM purchase WHERE owner = ?1) OR EXISTS (SELECT 1 FROM identity WHERE user_id = ?1)
               OR EXISTS (SELECT 1 FROM shop_user WHERE user_id = ?1 AND user_id IS NOT NULL)",
        )?
        .query_row([&owner], |row| row.get(0))?;
    if wallet.is_none() && shop.is_none() && !known {
        return Ok(None);
    }
    let mut emails: Vec<String> = connection
        .prepare_cached("SELECT email FROM identity WHERE user_id = ?1 ORDER BY email LIMIT 50")?
        .query_map([&owner], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    // Who is known by an e-mail alone has that one.
    if emails.is_empty() {
        emails.extend(normalize(&owner));
    }
    Ok(Some(WalletSheet {
        ledger: ledger(connection, &owner)?,
        wallet: wallet.unwrap_or_else(|| empty(owner)),
        emails,
        shop,
        spending_known: spending_known(connection)?,
    }))
}

fn empty(owner: String) -> WalletRow {
    WalletRow {
        owner,
        granted: 0,
        clawed: 0,
        reversed: 0,
        spent: 0,
        adjusted: 0,
        balance: 0,
        entries: 0,
        first_at: None,
        last_at: None,
    }
}

/// The shop's wallet of an owner: of the user, else of one of the e-mails.
pub(super) fn shop_wallet(connection: &Connection, owner: &str) -> DbResult<Option<ShopWallet>> {
    Ok(connection
        .prepare_cached(
            "SELECT balance, granted FROM (
               SELECT 0 AS rank, key, balance, granted FROM shop_wallet WHERE user_id = ?1 AND user_id IS NOT NULL
               UNION ALL SELECT 1, key, balance, granted FROM shop_wallet WHERE email = ?1 AND email IS NOT NULL AND user_id IS NULL
               UNION ALL SELECT 2, w.key, w.balance, w.granted FROM identity i CROSS JOIN shop_wallet w
                 ON w.email = i.email AND w.email IS NOT NULL WHERE i.user_id = ?1 AND w.user_id IS NULL
             ) ORDER BY rank, key LIMIT 1",
        )?
        .query_row([owner], |row| Ok(ShopWallet { balance: row.get(0)?, granted: row.get(1)? }))
        .optional()?)
}

fn ledger(connection: &Connection, owner: &str) -> DbResult<Vec<WalletEntry>> {
    let sql = format!(
        "SELECT ?1, at, kind, credits, cause, payment, note, local FROM (
           SELECT at, kind, credits, cause, payment, NULL AS note, local, 0 AS rank, key FROM wallet_entry WHERE owner = ?1
           UNION ALL
           SELECT at, kind, credits, 'import:' || batch || ':' || line, NULL, note, NULL, 1, line FROM ({SHOP_ENTRIES_OF_OWNER})
             WHERE kind IN ('spend', 'adjustment')
         ) ORDER BY at DESC, rank DESC, key DESC LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![owner, MOST])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(read_entry(connection, row)?);
    }
    entries.reverse();
    Ok(entries)
}

/// Reads an entry from (owner, at, kind, credits, cause, payment, note, local).
pub(super) fn read_entry(connection: &Connection, row: &Row<'_>) -> DbResult<WalletEntry> {
    let kind: String = row.get(2)?;
    let payment: Option<i64> = row.get(5)?;
    let local: Option<i64> = row.get(7)?;
    let reason = local.map(|seq| reason_of(connection, seq)).transpose()?.flatten();
    Ok(WalletEntry {
        owner: row.get(0)?,
        at: row.get(1)?,
        kind: EntryKind::parse(&kind).ok_or_else(|| DbError::Corrupt(format!("wallet entry {kind}")))?,
        credits: row.get(3)?,
        cause: row.get(4)?,
        payment_id: payment.map(|key| crate::facts::names::get_id(connection, key)).transpose()?,
        note: reason.or(row.get(6)?),
        ours: local.is_some(),
    })
}

fn reason_of(connection: &Connection, seq: i64) -> DbResult<Option<String>> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM local_fact WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))
        .optional()?;
    Ok(body.and_then(|body| serde_json::from_str::<Adjustment>(&body).ok()).map(|body| body.reason))
}

/// Hands every wallet to `each`, by owner; for exports.
///
/// # Errors
/// Stale projections, a failed read, or what `each` returned.
pub fn for_each(connection: &Connection, mut each: impl FnMut(WalletRow) -> DbResult<()>) -> DbResult<()> {
    require_current(connection)?;
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM wallet ORDER BY owner"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(read_wallet(row)?)?;
    }
    Ok(())
}
