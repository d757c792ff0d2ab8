//! Reports of a Klaviyo account: what is counted of which kind, how often it is synced, and who does it.

pub mod budget;
pub mod plan;
mod settings;

pub use settings::{ReportEngine, ReportPace, ReportSettings};

use super::klaviyo::ReportKind;

/// What is counted of campaigns and flows, by Klaviyo's names; money comes last and is left out where orders are not synced.
/// Rates are not asked for: they follow from these, and cannot be summed.
const MESSAGES: &[&str] = &[
    "recipients",
    "delivered",
    "bounced",
    "failed",
    "opens",
    "opens_unique",
    "clicks",
    "clicks_unique",
    "conversions",
    "conversion_uniques",
    "spam_complaints",
    "unsubscribes",
];
const SEGMENTS: &[&str] = &["members_added", "members_removed", "total_members"];
const FORMS: &[&str] = &[
    "viewed_form",
    "viewed_form_uniques",
    "submits",
    "closed_form",
    "qualified_form",
    "qualified_form_uniques",
];
/// The one statistic that is money, in major units as Klaviyo has it.
pub const CONVERSION_VALUE: &str = "conversion_value";

/// What is counted of a kind, by Klaviyo's names, which are the mirror's columns too. Money is apart.
pub const fn statistics(kind: ReportKind) -> &'static [&'static str] {
    match kind {
        ReportKind::Campaigns | ReportKind::Flows => MESSAGES,
        ReportKind::Segments => SEGMENTS,
        ReportKind::Forms => FORMS,
    }
}

/// Whether a statistic is how many there are, and not how many there were in a time: of several days the last holds.
pub fn is_level(statistic: &str) -> bool {
    statistic == "total_members"
}

/// The report endpoint that a kind is read from, by Klaviyo's name.
pub const fn endpoint_name(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Campaigns => "campaign-values-reports",
        ReportKind::Flows => "flow-series-reports",
        ReportKind::Segments => "segment-series-reports",
        ReportKind::Forms => "form-series-reports",
    }
}

/// The scope that a kind needs.
pub const fn scope_of(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Campaigns => "campaigns:read",
        ReportKind::Flows => "flows:read",
        ReportKind::Segments => "segments:read",
        ReportKind::Forms => "forms:read",
    }
}
