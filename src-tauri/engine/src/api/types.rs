//! Arguments and replies of operations that are not queries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::plan::PlanRule;
use crate::domain::settings::Settings;
use crate::domain::shop::ShopKind;
use crate::domain::store::{Mode, StoreView};
use crate::queries::export::ExportFormat;

/// No arguments.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct NoArgs {}

/// The settings of a store, and which of their revisions these are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SettingsDocument {
    /// The revision that was in force when they were read. Sent back with a change, the change is refused where another is in force
    /// by then; without it the change takes the place of whatever is in force.
    #[serde(default)]
    #[ts(optional)]
    pub revision: Option<i64>,
    /// The settings.
    #[serde(flatten)]
    pub settings: Settings,
}

/// What this process is and where it keeps things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AppInfo {
    /// The version of Foredeck.
    pub version: String,
    /// The data folder.
    pub data_dir: String,
    /// Whether the OS keychain works.
    pub keychain_available: bool,
    /// Why it does not, in words.
    pub keychain_problem: Option<String>,
    /// The machine's time zone, IANA.
    pub time_zone: String,
}

/// Every store of the data folder, and files opened for reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StoreList {
    /// In the order they were made.
    pub stores: Vec<StoreView>,
}

/// Makes a store. Needs no network.
#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct StoreAddArgs {
    /// A name for people.
    pub name: String,
    /// Live or test; taken from the key where one is given.
    #[ts(optional)]
    #[serde(default)]
    pub mode: Option<Mode>,
    /// The Stripe key; goes to the keychain, or stays in memory where there is none.
    #[ts(optional)]
    #[serde(default)]
    pub key: Option<String>,
    /// Base URL; default Stripe's. https, or http on loopback.
    #[ts(optional)]
    #[serde(default)]
    pub stripe_url: Option<String>,
    /// IANA time zone; default the machine's.
    #[ts(optional)]
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// Gives a store another key. Checked against Stripe before it is kept.
#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct StoreKeyArgs {
    /// The Stripe key.
    pub key: String,
}

/// Removes a store: its mirror file and its key.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct StoreRemoveArgs {
    /// The store's name, typed to confirm.
    pub confirm_name: String,
}

/// What a key may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KeyPermission {
    /// The kind of object.
    pub kind: String,
    /// Whether the key may read it.
    pub readable: bool,
    /// The permission it lacks, in Stripe's words.
    pub missing_permission: Option<String>,
}

/// The outcome of checking a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KeyCheck {
    /// The account, where Stripe told it.
    pub account_id: Option<String>,
    /// A row a kind.
    pub permissions: Vec<KeyPermission>,
}

/// Opens a mirror file for reading.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct FileOpenArgs {
    /// The file.
    pub path: String,
}

/// Starts a sync now.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct SyncNowArgs {
    /// List everything again.
    #[ts(optional, as = "Option<bool>")]
    pub full: bool,
}

/// Says whether the window is in front, which sets the pace of polls.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct WindowFocusArgs {
    /// In front.
    pub front: bool,
}

/// Copies the mirror to another file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct MirrorBackupArgs {
    /// The file to write; must not exist.
    pub path: String,
}

/// What a check of the mirror found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MirrorReport {
    /// Nothing is wrong.
    pub ok: bool,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
    /// Facts read.
    pub facts: i64,
    /// Orders made.
    pub preorders: i64,
}

/// Names what is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ExportKind {
    /// Preorders, a row each.
    Preorders,
    /// Events; as JSONL the stored bytes.
    Events,
    /// Customers, a row an e-mail.
    Customers,
    /// Purchases, a row a payment.
    Purchases,
    /// Wallets, a row an owner.
    Wallets,
    /// What does not add up, a row a difference.
    Differences,
    /// Findings that stand now, a row each.
    Findings,
    /// Leads, a row an order.
    Leads,
    /// The audit.
    Audit,
    /// What campaigns came to, a row a day and message.
    Campaigns,
    /// What flows came to, a row a day and message.
    Flows,
    /// How segments changed, a row a day.
    Segments,
    /// What forms came to, a row a day.
    Forms,
}

/// Writes an export to a file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct ExportArgs {
    /// What.
    pub what: ExportKind,
    /// In which format.
    pub format: ExportFormat,
    /// The file to write.
    pub path: String,
}

/// How an export went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ExportReply {
    /// Rows written.
    pub rows: i64,
    /// The file.
    pub path: String,
}

/// Looks at a file of the shop's own rows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct ImportPreviewArgs {
    /// The kind of its rows.
    pub kind: ShopKind,
    /// The file.
    pub path: String,
    /// Columns by field, over what is saved and guessed; an empty column means none.
    #[serde(default)]
    #[ts(optional, as = "Option<BTreeMap<String, String>>")]
    pub map: BTreeMap<String, String>,
}

/// Imports a file of the shop's own rows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct ImportRunArgs {
    /// The kind of its rows.
    pub kind: ShopKind,
    /// The file.
    pub path: String,
    /// Columns by field, over what is saved and guessed; an empty column means none.
    #[serde(default)]
    #[ts(optional, as = "Option<BTreeMap<String, String>>")]
    pub map: BTreeMap<String, String>,
    /// Only say what would be done.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub dry_run: bool,
    /// Load the good rows where there are bad ones.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub accept_bad: bool,
}

/// Takes a batch out of force.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct ImportRemoveArgs {
    /// Its number.
    pub batch: i64,
}

/// An error as the page and the command line get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ApiError {
    /// Stable, upper snake case.
    pub code: String,
    /// What could not be done to which thing.
    pub message: String,
    /// One imperative sentence.
    pub hint: String,
}

/// What the page hears after something was committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Changed {
    /// The store it is about; null for all.
    pub store: Option<String>,
    /// `preorders`, `sync`, `settings`, `stores`, `imports`, `actions`, `operators`, `klaviyo`, `findings`.
    pub topics: Vec<String>,
}

/// Changes the plan table.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct PlanSetArgs {
    /// The whole table as it shall be.
    pub rules: Vec<PlanRule>,
    /// The settings revision that the difference was shown for.
    pub revision: i64,
}

/// Gives an owner credits or takes them, here in the mirror alone.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct WalletAdjustArgs {
    /// A user id or an e-mail.
    pub owner: String,
    /// Credits, with their sign.
    pub credits: i64,
    /// Why.
    pub reason: String,
}
