//! The overview: today, the last seven days, money, what needs attention, and how fresh it all is.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::funnel::FunnelCounts;
use super::health::Freshness;
use super::preorders::PreorderRow;

/// Money of one currency over a span of days, counted on the day of payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Revenue {
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// Paid, in minor units.
    pub paid_minor: i64,
    /// Of that, refunded since.
    pub refunded_minor: i64,
    /// Orders paid.
    pub orders: i64,
}

/// What happened in a span of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OverviewSpan {
    /// First day, included.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// Preorders started in the span, and how far they came.
    pub funnel: FunnelCounts,
    /// Money paid in the span, a row a currency.
    pub revenue: Vec<Revenue>,
}

/// Something a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Attention {
    /// `undelivered_events`, `gaps`, `missing_permissions`, `conflicting_ids`, `unsettled_objects`, `open_disputes`, `failed_payments`, `event_conflicts`, `clock_skew`.
    pub kind: String,
    /// How many.
    pub count: i64,
}

/// The overview of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Overview {
    /// When it was read, unix seconds.
    pub as_of: i64,
    /// The store's time zone, IANA.
    pub time_zone: String,
    /// Today so far.
    pub today: OverviewSpan,
    /// Yesterday, whole.
    pub yesterday: OverviewSpan,
    /// Today and the six days before.
    pub last_7_days: OverviewSpan,
    /// The seven days before those.
    pub previous_7_days: OverviewSpan,
    /// Preorders by status, all time: `{status, count}` in the status order.
    pub by_status: Vec<StatusCount>,
    /// What needs attention, worst first; empty when nothing does.
    pub attention: Vec<Attention>,
    /// The newest preorders.
    pub latest: Vec<PreorderRow>,
    /// How fresh the mirror is.
    pub freshness: Freshness,
}

/// How many preorders have a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StatusCount {
    /// The status.
    pub status: crate::domain::status::PreorderStatus,
    /// How many.
    pub count: i64,
}
