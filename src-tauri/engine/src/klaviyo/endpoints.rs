//! Every endpoint that Foredeck knows, with what Klaviyo's specification of the pinned revision says of it: the scope it
//! needs and how often it may be asked (`x-klaviyo-scopes`, `x-klaviyo-ratelimit`). All keys of an account share these.

use crate::http::Pace;

/// One endpoint.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The name it is limited and told by.
    pub name: &'static str,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its path below the base URL.
    pub path: &'static str,
    /// The scope it needs.
    pub scope: &'static str,
    /// Requests a second.
    pub per_s: u32,
    /// Requests a minute.
    pub per_min: u32,
    /// Requests a day, where that is limited.
    pub per_day: Option<u32>,
}

const fn get(
    name: &'static str,
    path: &'static str,
    scope: &'static str,
    (per_s, per_min): (u32, u32),
) -> Endpoint {
    Endpoint { name, method: "GET", path, scope, per_s, per_min, per_day: None }
}

const fn post(
    name: &'static str,
    path: &'static str,
    scope: &'static str,
    (per_s, per_min): (u32, u32),
) -> Endpoint {
    Endpoint { method: "POST", ..get(name, path, scope, (per_s, per_min)) }
}

const fn report(name: &'static str, path: &'static str, scope: &'static str) -> Endpoint {
    Endpoint { per_day: Some(225), ..post(name, path, scope, (1, 2)) }
}

const XS: (u32, u32) = (1, 15);
const S: (u32, u32) = (3, 60);
const M: (u32, u32) = (10, 150);
const L: (u32, u32) = (75, 750);
const XL: (u32, u32) = (350, 3_500);

/// The account of the key.
pub const ACCOUNTS: Endpoint = get("accounts", "/api/accounts", "accounts:read", XS);
/// Metrics of integrations.
pub const METRICS: Endpoint = get("metrics", "/api/metrics", "metrics:read", M);
/// Metrics defined over other metrics.
pub const CUSTOM_METRICS: Endpoint = get("custom-metrics", "/api/custom-metrics", "metrics:read", S);
/// Which metric the account counts revenue by, and more.
pub const MAPPED_METRICS: Endpoint = get("mapped-metrics", "/api/mapped-metrics", "metrics:read", S);
/// Lists of profiles.
pub const LISTS: Endpoint = get("lists", "/api/lists", "lists:read", L);
/// Segments of profiles.
pub const SEGMENTS: Endpoint = get("segments", "/api/segments", "segments:read", L);
/// One segment with how many profiles it has, which is counted anew for each request: that has limits of its own.
pub const SEGMENT: Endpoint = get("segment-count", "/api/segments/{id}", "segments:read", XS);
/// Flows.
pub const FLOWS: Endpoint = get("flows", "/api/flows", "flows:read", S);
/// Forms.
pub const FORMS: Endpoint = get("forms", "/api/forms", "forms:read", S);
/// Campaigns; always with a filter by channel.
pub const CAMPAIGNS: Endpoint = get("campaigns", "/api/campaigns", "campaigns:read", M);
/// Events as they are there.
pub const EVENTS: Endpoint = get("events", "/api/events", "events:read", XL);
/// Profiles.
pub const PROFILES: Endpoint = get("profiles", "/api/profiles", "profiles:read", L);
/// Sends one event.
pub const CREATE_EVENT: Endpoint = post("events-create", "/api/events", "events:write", XL);
/// Makes or changes one profile.
pub const IMPORT_PROFILE: Endpoint = post("profile-import", "/api/profile-import", "profiles:write", L);

/// What campaigns came to in a window, one value for each.
pub const CAMPAIGN_VALUES: Endpoint =
    report("campaign-values-reports", "/api/campaign-values-reports", "campaigns:read");
/// What flows came to, day by day.
pub const FLOW_SERIES: Endpoint = report("flow-series-reports", "/api/flow-series-reports", "flows:read");
/// How segments changed, day by day.
pub const SEGMENT_SERIES: Endpoint =
    report("segment-series-reports", "/api/segment-series-reports", "segments:read");
/// What forms came to, day by day.
pub const FORM_SERIES: Endpoint = report("form-series-reports", "/api/form-series-reports", "forms:read");

/// Every endpoint.
pub const ENDPOINTS: [&Endpoint; 21] = [
    &ACCOUNTS,
    &METRICS,
    &CUSTOM_METRICS,
    &MAPPED_METRICS,
    &LISTS,
    &SEGMENTS,
    &SEGMENT,
    &FLOWS,
    &FORMS,
    &CAMPAIGNS,
    &EVENTS,
    &PROFILES,
    &CREATE_EVENT,
    &IMPORT_PROFILE,
    &CAMPAIGN_VALUES,
    &report("flow-values-reports", "/api/flow-values-reports", "flows:read"),
    &FLOW_SERIES,
    &report("segment-values-reports", "/api/segment-values-reports", "segments:read"),
    &SEGMENT_SERIES,
    &report("form-values-reports", "/api/form-values-reports", "forms:read"),
    &FORM_SERIES,
];

/// How often an endpoint is asked at most; None for a name that is not in the table.
pub fn pace_of(name: &str) -> Option<Pace> {
    let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.name == name)?;
    Some(Pace { per_s: endpoint.per_s, per_min: endpoint.per_min })
}
