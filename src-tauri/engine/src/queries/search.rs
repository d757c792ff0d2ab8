//! Search: an e-mail prefix, any id, or a part of an e-mail.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::preorders::PreorderRow;

/// Asks what a text leads to.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct SearchArgs {
    /// What was typed or pasted.
    pub text: String,
    /// Hits at most, 1 to 100; default 20.
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// One hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SearchHit {
    /// `preorder_id`, `object_id`, `event_id`, `former_id`, `email_prefix` or `email_part`.
    pub matched: String,
    /// The order.
    pub row: PreorderRow,
}

/// What a text leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SearchReply {
    /// Best first.
    pub hits: Vec<SearchHit>,
}
