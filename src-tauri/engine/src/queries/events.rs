//! The event log as stored.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for one page of events, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct EventPageArgs {
    /// Only this type; a trailing `*` is a prefix.
    #[ts(optional)]
    pub r#type: Option<String>,
    /// Only events about this object.
    #[ts(optional)]
    pub object: Option<String>,
    /// Rows a page, 1 to 500; default 100.
    #[ts(optional)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[ts(optional)]
    pub after: Option<String>,
}

/// One stored event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EventRow {
    /// Event id.
    pub id: String,
    /// Type.
    pub r#type: String,
    /// Created at Stripe, unix seconds.
    pub created_at: i64,
    /// The object it is about.
    pub object_id: Option<String>,
    /// The API version it was born with.
    pub api_version: Option<String>,
    /// First stored here, unix seconds.
    pub stored_at: i64,
    /// Endpoints that have not taken it, as last seen.
    pub pending_webhooks: Option<i64>,
}

/// One page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EventPage {
    /// The rows.
    pub rows: Vec<EventRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}
