//! The funnel: preorders by the day they started, and how far they came.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Names the dimension whose values are the rows of a funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum FunnelBy {
    /// One row a day, in the store's time zone.
    #[default]
    Day,
    /// One row a colour.
    Color,
    /// One row a locale.
    Locale,
    /// One row a source.
    Source,
}

/// Asks for the funnel of a span of days, both ends included.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct FunnelArgs {
    /// First day, `YYYY-MM-DD` in the store's time zone; default 29 days before `to`.
    #[ts(optional)]
    pub from: Option<String>,
    /// Last day, `YYYY-MM-DD`; default today.
    #[ts(optional)]
    pub to: Option<String>,
    /// What a row stands for.
    #[ts(optional, as = "Option<FunnelBy>")]
    pub by: FunnelBy,
}

/// Counts preorders that reached each step. Reaching a step means having passed those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FunnelCounts {
    /// Preorders that started.
    pub started: i64,
    /// Of those, with a checkout opened.
    pub checkout_opened: i64,
    /// Of those, with a payment attempted.
    pub payment_attempted: i64,
    /// Of those, paid.
    pub paid: i64,
    /// Of those, neither wholly refunded nor lost to a dispute.
    pub kept: i64,
}

/// One row of the funnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FunnelRow {
    /// The day or the dimension's value; null where it is unknown.
    pub key: Option<String>,
    /// The counts of this row.
    #[serde(flatten)]
    pub counts: FunnelCounts,
}

/// The funnel of a span of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Funnel {
    /// What a row stands for.
    pub by: FunnelBy,
    /// First day, included.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// By day: ascending, with empty days. Else: most started first.
    pub rows: Vec<FunnelRow>,
    /// The sum of all rows.
    pub total: FunnelCounts,
}
