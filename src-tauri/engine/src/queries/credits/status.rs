//! The finalize look-up: what a shop's success page asks, and nothing more. It reads; it can grant nothing.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::payment::{ROWS_OF_PAYMENT, find_purchase};
use super::wallets::shop_wallet;
use crate::db::{Connection, DbResult, OptionalExtension, params};
use crate::domain::purchase::PurchaseStatus;
use crate::projections::schema::require_current;

/// Asks how a payment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct PurchaseStatusArgs {
    /// Any id of it: session, payment intent, charge, event, preorder.
    pub id: String,
}

/// The three answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PaidOrNot {
    /// It was paid, whatever became of the money since.
    Paid,
    /// It may yet be paid.
    Pending,
    /// There is no such payment, or it came to nothing.
    NotFound,
}

/// The shop's own wallet of the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WalletAnswer {
    /// A user id, else an e-mail.
    pub owner: String,
    /// Credits that are left.
    pub balance: i64,
}

/// Exactly `{status, wallet?, purchaseApplied?}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PurchaseAnswer {
    /// How it stands.
    pub status: PaidOrNot,
    /// The owner's wallet as the shop's rows have it; absent where none was imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub wallet: Option<WalletAnswer>,
    /// Whether a row of the shop says that the purchase was applied; absent where no purchases were imported.
    #[serde(default, rename = "purchaseApplied", skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub purchase_applied: Option<bool>,
}

/// Answers.
///
/// # Errors
/// Stale projections; an empty text or one too long; a failed read.
pub fn answer(connection: &Connection, args: &PurchaseStatusArgs) -> DbResult<PurchaseAnswer> {
    require_current(connection)?;
    let found = find_purchase(connection, &args.id)?;
    let status = match &found {
        None => PaidOrNot::NotFound,
        Some((_, row)) if row.status == PurchaseStatus::Pending => PaidOrNot::Pending,
        Some(_) => PaidOrNot::Paid,
    };
    let owner = found.as_ref().and_then(|(_, row)| row.owner.clone());
    let wallet = match owner {
        Some(owner) => {
            shop_wallet(connection, &owner)?.map(|wallet| WalletAnswer { owner, balance: wallet.balance })
        }
        None => None,
    };
    let imported: bool =
        connection.query_row("SELECT EXISTS (SELECT 1 FROM shop_purchase)", [], |row| row.get(0))?;
    let purchase_applied = match (&found, imported) {
        (_, false) => None,
        (Some((payment, _)), true) => {
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM ({ROWS_OF_PAYMENT}) k JOIN shop_purchase w ON w.key = k.key WHERE w.applied = 1)"
            );
            Some(connection.prepare_cached(&sql)?.query_row([payment], |row| row.get(0))?)
        }
        (None, true) => Some(applied_by_id(connection, args.id.trim())?),
    };
    Ok(PurchaseAnswer { status, wallet, purchase_applied })
}

/// Whether a row names an id that leads to no payment.
fn applied_by_id(connection: &Connection, id: &str) -> DbResult<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM shop_purchase w WHERE w.applied = 1 AND w.object = (SELECT key FROM stripe_id WHERE id = ?1)
             UNION ALL SELECT 1 FROM shop_purchase WHERE applied = 1 AND event_id = ?1 AND event_id IS NOT NULL
             UNION ALL SELECT 1 FROM shop_purchase WHERE applied = 1 AND row_key = ?1 LIMIT 1",
        )?
        .query_row(params![id], |_| Ok(()))
        .optional()?
        .is_some())
}
