//! Metrics that conversions can be counted by: one list of them, its order, and which to suggest.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The metric of a shop's orders, as integrations name it.
const PLACED_ORDER: &str = "Placed Order";
/// The key of the Shopify integration, and its id, which is the same for every account.
const SHOPIFY: (&str, &str) = ("shopify", "0eMvjm");

/// Where a metric's events come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoIntegration {
    /// Its id, the same for every account.
    pub id: Option<String>,
    /// Its key, such as `shopify`; older answers have none.
    pub key: Option<String>,
    /// Its name for people.
    pub name: Option<String>,
    /// Klaviyo's category, such as `eCommerce`.
    pub category: Option<String>,
}

impl KlaviyoIntegration {
    /// Whether it is Shopify's: by its key, and only where there is none by its id or its name.
    pub fn is_shopify(&self) -> bool {
        match (&self.key, &self.id, &self.name) {
            (Some(key), ..) => key == SHOPIFY.0,
            (None, Some(id), _) => id == SHOPIFY.1,
            (None, None, name) => name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(SHOPIFY.0)),
        }
    }
}

/// A metric that conversions can be counted by. Names repeat across integrations: the id tells them apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoMetric {
    /// Six characters, or 32 of a custom metric.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where its events come from; null for a custom metric.
    pub integration: Option<KlaviyoIntegration>,
    /// Defined in Klaviyo over other metrics.
    pub custom: bool,
    /// What choosing it means: false for Shopify's "Placed Order" alone, with which the report server syncs orders too.
    pub do_not_order_sync: bool,
}

impl KlaviyoMetric {
    /// A metric; what choosing it means follows from the rest.
    pub fn new(id: String, name: String, integration: Option<KlaviyoIntegration>, custom: bool) -> Self {
        let shopify = integration.as_ref().is_some_and(KlaviyoIntegration::is_shopify);
        let do_not_order_sync = custom || !(shopify && name == PLACED_ORDER);
        Self { id, name, integration, custom, do_not_order_sync }
    }

    fn is_placed_order(&self) -> bool {
        !self.custom && self.name.trim().eq_ignore_ascii_case(PLACED_ORDER)
    }

    fn order(&self, other: &Self) -> Ordering {
        let words = |metric: &Self| {
            let integration = metric.integration.as_ref().and_then(|from| from.name.clone());
            (metric.name.to_lowercase(), metric.custom, integration.unwrap_or_default().to_lowercase())
        };
        self.do_not_order_sync
            .cmp(&other.do_not_order_sync)
            .then_with(|| words(self).cmp(&words(other)))
            .then_with(|| self.id.cmp(&other.id))
    }
}

/// Metrics and custom metrics as one list: each id once, Shopify's "Placed Order" first, then by name.
pub fn merge_metrics(metrics: Vec<KlaviyoMetric>, custom: Vec<KlaviyoMetric>) -> Vec<KlaviyoMetric> {
    let mut seen = BTreeSet::new();
    let mut merged: Vec<KlaviyoMetric> =
        metrics.into_iter().chain(custom).filter(|metric| seen.insert(metric.id.clone())).collect();
    merged.sort_by(KlaviyoMetric::order);
    merged
}

/// Why a metric is suggested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SuggestReason {
    /// It is the connection's metric now.
    Current,
    /// The account itself counts its revenue by it.
    MappedRevenue,
    /// It is Shopify's "Placed Order".
    ShopifyPlacedOrder,
    /// It is named "Placed Order".
    PlacedOrder,
}

/// The metric that is selected until somebody selects another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoSuggestion {
    /// Its id.
    pub metric_id: String,
    /// Why this one.
    pub reason: SuggestReason,
}

/// Which metric of a merged list to suggest; None where nothing speaks for one.
pub fn suggest(
    merged: &[KlaviyoMetric],
    current: Option<&str>,
    revenue: Option<&str>,
) -> Option<KlaviyoSuggestion> {
    let by_id = |id: Option<&str>| merged.iter().find(|metric| Some(metric.id.as_str()) == id);
    let found = by_id(current)
        .map(|metric| (metric, SuggestReason::Current))
        .or_else(|| by_id(revenue).map(|metric| (metric, SuggestReason::MappedRevenue)))
        .or_else(|| {
            let shopify = merged.iter().find(|metric| !metric.do_not_order_sync);
            shopify.map(|metric| (metric, SuggestReason::ShopifyPlacedOrder))
        })
        .or_else(|| {
            let any = merged.iter().find(|metric| metric.is_placed_order());
            any.map(|metric| (metric, SuggestReason::PlacedOrder))
        });
    found.map(|(metric, reason)| KlaviyoSuggestion { metric_id: metric.id.clone(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(id: &str, name: &str, key: Option<&str>) -> KlaviyoMetric {
        let integration = key.map(|key| KlaviyoIntegration {
            key: Some(key.to_owned()),
            name: Some(key.to_owned()),
            ..KlaviyoIntegration::default()
        });
        KlaviyoMetric::new(id.to_owned(), name.to_owned(), integration, key.is_none())
    }

    #[test]
    fn the_merged_list_has_each_id_once_and_shopifys_orders_first() {
        let metrics = vec![
            metric("M4", "Viewed Product", Some("api")),
            metric("M2", "Placed Order", Some("api")),
            metric("M3", "active on site", Some("api")),
            metric("M1", "Placed Order", Some("shopify")),
            metric("M4", "Viewed Product", Some("api")),
        ];
        let merged =
            merge_metrics(metrics, vec![metric("C1", "Placed Order", None), metric("M2", "x", None)]);
        let ids: Vec<&str> = merged.iter().map(|metric| metric.id.as_str()).collect();
        assert_eq!(ids, ["M1", "M3", "M2", "C1", "M4"]);
        assert_eq!(merged.iter().filter(|metric| !metric.do_not_order_sync).count(), 1);
    }

    #[test]
    fn shopify_is_known_by_its_key_and_else_by_id_or_name() {
        let of = |key: Option<&str>, id: Option<&str>, name: Option<&str>| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            KlaviyoIntegration { id: own(id), key: own(key), name: own(name), category: None }.is_shopify()
        };
        assert!(of(Some("shopify"), None, None) && of(None, Some("0eMvjm"), None));
        assert!(of(None, None, Some("SHOPIFY")));
        assert!(!of(Some("api"), Some("0eMvjm"), Some("Shopify")), "the key decides where there is one");
        assert!(!of(None, Some("7FtS4J"), Some("Shopify")) && !of(None, None, None));
        assert!(metric("M1", "placed order", Some("shopify")).do_not_order_sync, "the name is exact");
    }

    #[test]
    fn what_speaks_for_a_metric_is_said() {
        let all = merge_metrics(
            vec![
                metric("M1", "Placed Order", Some("shopify")),
                metric("M2", "Placed Order", Some("api")),
                metric("M3", "Paid", Some("api")),
            ],
            vec![metric("C1", "Real revenue", None)],
        );
        let said = |of: &[KlaviyoMetric], current, revenue| {
            suggest(of, current, revenue).map(|found| (found.metric_id, found.reason))
        };
        let is = |id: &str, reason| Some((id.to_owned(), reason));
        assert_eq!(said(&all, Some("M3"), Some("C1")), is("M3", SuggestReason::Current));
        assert_eq!(said(&all, None, Some("C1")), is("C1", SuggestReason::MappedRevenue));
        assert_eq!(said(&all, Some("gone"), None), is("M1", SuggestReason::ShopifyPlacedOrder));
        assert_eq!(said(&all[1..], None, Some("gone")), is("M2", SuggestReason::PlacedOrder));
        assert_eq!(said(&all[1..2], None, None), None, "{:?}", all[1]);
    }
}
