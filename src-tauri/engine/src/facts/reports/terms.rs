//! How an account counts: by which days, which metric, which money.

use chrono_tz::Tz;

use super::plan::PlanTerms;
use crate::domain::day::parse_zone;
use crate::domain::klaviyo::ReportKind;
use crate::facts::klaviyo::KlaviyoConnection;

/// How an account counts: its days and its money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The name of the time zone, as windows carry it.
    pub zone_name: String,
    /// The zone.
    pub zone: Tz,
    /// The currency; dollars where the account tells none, which have two decimals as most have.
    pub currency: String,
}

impl Terms {
    /// The terms of a connection.
    pub fn of(connection: &KlaviyoConnection) -> Self {
        let named = connection.account.time_zone.as_deref();
        let zone = named.and_then(parse_zone);
        let zone_name = named.filter(|_| zone.is_some()).unwrap_or("UTC").to_owned();
        let currency = connection.account.currency.clone().unwrap_or_else(|| "USD".to_owned());
        Self { zone_name, zone: zone.unwrap_or(Tz::UTC), currency }
    }

    /// What a plan of a kind is drawn by.
    pub fn for_plan(&self, of: &KlaviyoConnection, kind: ReportKind) -> PlanTerms {
        PlanTerms { kind, metric: metric_of(of, kind), zone_name: self.zone_name.clone(), zone: self.zone }
    }
}

/// The metric that a kind is counted by; None where conversions are not counted.
pub fn metric_of(connection: &KlaviyoConnection, kind: ReportKind) -> Option<String> {
    ReportKind::BY_METRIC.contains(&kind).then(|| connection.metric.id.clone())
}
