//! Sums of what was counted, and the statistics that Klaviyo makes of them.

use super::Reported;
use std::collections::BTreeMap;

/// Sums of one bucket. Money is in minor units.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    pub(super) recipients: i64,
    pub(super) bounced: i64,
    pub(super) failed: i64,
    pub(super) opens: i64,
    pub(super) opens_unique: i64,
    pub(super) clicks: i64,
    pub(super) clicks_unique: i64,
    pub(super) conversions: i64,
    pub(super) conversion_uniques: i64,
    pub(super) value_minor: i64,
    pub(super) spam: i64,
    pub(super) unsubscribes: i64,
    pub(super) added: i64,
    pub(super) removed: i64,
    /// Members at the end of the bucket.
    pub(super) total: i64,
    pub(super) viewed: i64,
    pub(super) submitted: i64,
    pub(super) closed: i64,
    pub(super) qualified: i64,
}

impl Sums {
    /// Members that came, less those that went.
    pub(crate) fn net(&self) -> i64 {
        self.added - self.removed
    }

    pub(crate) fn plus(&mut self, other: &Sums) {
        for (own, more) in [
            (&mut self.recipients, other.recipients),
            (&mut self.bounced, other.bounced),
            (&mut self.failed, other.failed),
            (&mut self.opens, other.opens),
            (&mut self.opens_unique, other.opens_unique),
            (&mut self.clicks, other.clicks),
            (&mut self.clicks_unique, other.clicks_unique),
            (&mut self.conversions, other.conversions),
            (&mut self.conversion_uniques, other.conversion_uniques),
            (&mut self.value_minor, other.value_minor),
            (&mut self.spam, other.spam),
            (&mut self.unsubscribes, other.unsubscribes),
            (&mut self.added, other.added),
            (&mut self.removed, other.removed),
            (&mut self.viewed, other.viewed),
            (&mut self.submitted, other.submitted),
            (&mut self.closed, other.closed),
            (&mut self.qualified, other.qualified),
        ] {
            *own += more;
        }
    }

    pub(crate) fn set_total(&mut self, total: i64) {
        self.total = total;
    }

    /// A statistic by Klaviyo's name; `None` for one that there is not.
    pub(crate) fn statistic(&self, name: &str, currency: &str) -> Option<f64> {
        let minor = match currency {
            "JPY" | "KRW" => 1.0,
            "KWD" | "BHD" => 1_000.0,
            _ => 100.0,
        };
        let delivered = self.recipients - self.bounced - self.failed;
        let of = |part: i64, whole: i64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let count = |count: i64| Some(count as f64);
        match name {
            "recipients" => count(self.recipients),
            "delivered" => count(delivered),
            "bounced" => count(self.bounced),
            "failed" => count(self.failed),
            "bounced_or_failed" => count(self.bounced + self.failed),
            "opens" => count(self.opens),
            "opens_unique" => count(self.opens_unique),
            "clicks" => count(self.clicks),
            "clicks_unique" => count(self.clicks_unique),
            "conversions" => count(self.conversions),
            "conversion_uniques" => count(self.conversion_uniques),
            "conversion_value" => Some(self.value_minor as f64 / minor),
            "spam_complaints" => count(self.spam),
            "unsubscribes" | "unsubscribe_uniques" => count(self.unsubscribes),
            "message_segment_count_sum"
            | "text_message_credit_usage_amount"
            | "text_message_roi"
            | "text_message_spend" => Some(0.0),
            "delivery_rate" => Some(of(delivered, self.recipients)),
            "bounce_rate" => Some(of(self.bounced, self.recipients)),
            "failed_rate" => Some(of(self.failed, self.recipients)),
            "bounced_or_failed_rate" => Some(of(self.bounced + self.failed, self.recipients)),
            "open_rate" => Some(of(self.opens_unique, delivered)),
            "click_rate" => Some(of(self.clicks_unique, delivered)),
            "click_to_open_rate" => Some(of(self.clicks_unique, self.opens_unique)),
            "conversion_rate" => Some(of(self.conversion_uniques, delivered)),
            "unsubscribe_rate" => Some(of(self.unsubscribes, delivered)),
            "spam_complaint_rate" => Some(of(self.spam, delivered)),
            "average_order_value" => Some(of(self.value_minor, self.conversions) / minor),
            "revenue_per_recipient" => Some(of(self.value_minor, self.recipients) / minor),
            "members_added" => count(self.added),
            "members_removed" => count(self.removed),
            "net_members_changed" => count(self.added - self.removed),
            "total_members" => count(self.total),
            "viewed_form" | "viewed_form_uniques" | "viewed_form_step" | "viewed_form_step_uniques" => {
                count(self.viewed)
            }
            "submits" | "submitted_form_step" | "submitted_form_step_uniques" => count(self.submitted),
            "closed_form" | "closed_form_uniques" => count(self.closed),
            "qualified_form" | "qualified_form_uniques" => count(self.qualified),
            "submit_rate" => Some(of(self.submitted, self.viewed)),
            _ => None,
        }
    }

    pub(super) fn all(&self, reported: Reported, currency: &str) -> BTreeMap<String, f64> {
        let of = |name: &&str| Some(((*name).to_owned(), self.statistic(name, currency)?));
        statistics(reported).iter().filter_map(of).collect()
    }
}

/// The statistics that a kind of report has.
pub(crate) fn statistics(reported: Reported) -> &'static [&'static str] {
    match reported {
        Reported::Campaigns | Reported::Flows => &[
            "average_order_value",
            "bounce_rate",
            "bounced",
            "bounced_or_failed",
            "bounced_or_failed_rate",
            "click_rate",
            "click_to_open_rate",
            "clicks",
            "clicks_unique",
            "conversion_rate",
            "conversion_uniques",
            "conversion_value",
            "conversions",
            "delivered",
            "delivery_rate",
            "failed",
            "failed_rate",
            "message_segment_count_sum",
            "open_rate",
            "opens",
            "opens_unique",
            "recipients",
            "revenue_per_recipient",
            "spam_complaint_rate",
            "spam_complaints",
            "text_message_credit_usage_amount",
            "text_message_roi",
            "text_message_spend",
            "unsubscribe_rate",
            "unsubscribe_uniques",
            "unsubscribes",
        ],
        Reported::Segments => &["members_added", "members_removed", "net_members_changed", "total_members"],
        Reported::Forms => &[
            "closed_form",
            "closed_form_uniques",
            "qualified_form",
            "qualified_form_uniques",
            "submit_rate",
            "submits",
            "submitted_form_step",
            "submitted_form_step_uniques",
            "viewed_form",
            "viewed_form_step",
            "viewed_form_step_uniques",
            "viewed_form_uniques",
        ],
    }
}
