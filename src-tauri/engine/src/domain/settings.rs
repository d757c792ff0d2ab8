//! Settings of a store that change what projections mean or how it polls.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::day::parse_zone;
use super::finding::{IdentityConnector, RuleSetting};
use super::klaviyo::KlaviyoSettings;
use super::plan::PlanRule;
use super::report::ReportSettings;

/// Which metadata keys carry which meaning, in order of preference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct MetadataNames {
    /// The shop's own order id.
    pub preorder_id: Vec<String>,
    /// The shop's user id.
    pub user_id: Vec<String>,
    /// E-mail.
    pub email: Vec<String>,
    /// Colour.
    pub color: Vec<String>,
    /// Locale.
    pub locale: Vec<String>,
    /// Source.
    pub source: Vec<String>,
    /// The plan that a payment buys.
    pub plan: Vec<String>,
    /// The credits that a payment buys.
    pub credits: Vec<String>,
}

impl Default for MetadataNames {
    fn default() -> Self {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        Self {
            preorder_id: names(&["preorderId", "preorder_id"]),
            user_id: names(&["userId", "user_id"]),
            email: names(&["email"]),
            color: names(&["color", "colour", "yoyo_color"]),
            locale: names(&["locale"]),
            source: names(&["source", "utm_source"]),
            plan: names(&["plan", "planId", "plan_id"]),
            credits: names(&["credits"]),
        }
    }
}

/// What checkouts are opened with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct CheckoutSettings {
    /// Where a buyer goes after paying; null as the order's last checkout, else the shop's newest.
    pub success_url: Option<String>,
    /// Where a buyer goes who turns back.
    pub cancel_url: Option<String>,
    /// Countries that are shipped to, two capital letters each; empty asks for an address only where the order's last checkout did.
    pub countries: Vec<String>,
}

/// Settings of one store, kept in its mirror.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct Settings {
    /// IANA time zone that days are counted in.
    pub time_zone: String,
    /// Seconds between polls while the window is in front, 2 to 3600.
    pub poll_front_s: u32,
    /// Seconds between polls otherwise, 5 to 3600.
    pub poll_back_s: u32,
    /// Requests a second at most; null means 20 live, 10 test.
    pub max_requests_per_s: Option<u32>,
    /// Minutes after which an event that was not delivered is shown as undelivered.
    pub undelivered_after_min: u32,
    /// Metadata key names.
    pub metadata: MetadataNames,
    /// The plan table; changed by its own operation, which shows the difference first.
    pub plans: Vec<PlanRule>,
    /// What checkouts are opened with.
    pub checkout: CheckoutSettings,
    /// What was set of findings, by rule. Stored are only those that differ from the rule's own terms.
    pub findings: BTreeMap<String, RuleSetting>,
    /// Whether new findings and failed syncs are told on the desktop.
    pub notify: bool,
    /// Who knows the shop's users.
    pub identity: IdentityConnector,
    /// How orders are told to Klaviyo.
    pub klaviyo: KlaviyoSettings,
    /// How Klaviyo's reports are synced.
    pub reports: ReportSettings,
}

impl Settings {
    /// The time zone its days are counted in; UTC where the name is none.
    pub fn zone(&self) -> chrono_tz::Tz {
        parse_zone(&self.time_zone).unwrap_or(chrono_tz::Tz::UTC)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            poll_front_s: 5,
            poll_back_s: 30,
            max_requests_per_s: None,
            undelivered_after_min: 15,
            metadata: MetadataNames::default(),
            plans: Vec::new(),
            checkout: CheckoutSettings::default(),
            findings: BTreeMap::new(),
            notify: true,
            identity: IdentityConnector::None,
            klaviyo: KlaviyoSettings::default(),
            reports: ReportSettings::default(),
        }
    }
}
