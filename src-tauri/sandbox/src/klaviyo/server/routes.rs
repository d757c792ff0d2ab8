//! Which endpoints there are: path, scopes, limits, and the parameters that each takes.

use super::limits::Rates;

/// One endpoint.
#[derive(Debug)]
pub(crate) struct Route {
    pub method: &'static str,
    /// `{id}` stands for any one segment.
    pub path: &'static str,
    pub scopes: &'static [&'static str],
    /// Requests a second.
    pub burst: u32,
    /// Requests a minute.
    pub steady: u32,
    /// Requests in any 24 hours, where that is limited.
    pub daily: Option<u32>,
    /// Parameters beside sparse fieldsets.
    pub query: &'static [&'static str],
    /// The page sizes that may be asked for, the default, and the first revision in which they may.
    pub sizes: Option<(usize, usize, &'static str)>,
}

const fn get(
    path: &'static str,
    scopes: &'static [&'static str],
    (burst, steady): (u32, u32),
    query: &'static [&'static str],
) -> Route {
    Route { method: "GET", path, scopes, burst, steady, daily: None, query, sizes: None }
}

const fn paged(route: Route, most: usize, default: usize, since: &'static str) -> Route {
    Route { sizes: Some((most, default, since)), ..route }
}

const fn send(
    method: &'static str,
    path: &'static str,
    scope: &'static [&'static str],
    limits: (u32, u32),
) -> Route {
    let (burst, steady) = limits;
    Route { method, path, scopes: scope, burst, steady, daily: None, query: ADD_PROFILE, sizes: None }
}

/// A report: a POST that changes nothing, and the only ones that are limited by the day.
const fn report(path: &'static str, scope: &'static [&'static str]) -> Route {
    Route { daily: Some(225), query: &["page_cursor"], ..send("POST", path, scope, (1, 2)) }
}

const ADD_PROFILE: &[&str] = &["additional-fields[profile]"];
const XS: (u32, u32) = (1, 15);
const S: (u32, u32) = (3, 60);
const M: (u32, u32) = (10, 150);
const L: (u32, u32) = (75, 750);
const XL: (u32, u32) = (350, 3_500);
const LISTED: &[&str] = &["filter", "include", "page[cursor]", "page[size]", "sort"];
const MEMBERS: &[&str] = &["additional-fields[profile]", "filter", "page[cursor]", "page[size]", "sort"];
const PROFILES: &[&str] =
    &["additional-fields[profile]", "filter", "include", "page[cursor]", "page[size]", "sort"];

/// Every endpoint there is.
pub(crate) const ROUTES: [Route; 30] = [
    get("accounts", &["accounts:read"], XS, &[]),
    get("accounts/{id}", &["accounts:read"], XS, &[]),
    paged(get("metrics", &["metrics:read"], M, &["filter", "include", "page[cursor]"]), 0, 200, ""),
    get("metrics/{id}", &["metrics:read"], M, &["include"]),
    get("custom-metrics", &["metrics:read"], S, &["include"]),
    get("mapped-metrics", &["metrics:read"], S, &["include"]),
    paged(get("events", &["events:read"], XL, LISTED), 1_000, 200, "2026-01-15"),
    get("events/{id}", &["events:read"], M, &["include"]),
    send("POST", "events", &["events:write"], XL),
    send("POST", "event-bulk-create-jobs", &["events:write"], M),
    paged(get("profiles", &["profiles:read"], L, PROFILES), 100, 20, "2023-02-22"),
    get("profiles/{id}", &["profiles:read"], L, &["additional-fields[profile]", "include"]),
    send("POST", "profiles", &["profiles:write"], L),
    send("PATCH", "profiles/{id}", &["profiles:write"], L),
    send("POST", "profile-import", &["profiles:write"], L),
    paged(get("lists", &["lists:read"], L, LISTED), 10, 10, "2026-04-15"),
    get("lists/{id}", &["lists:read"], L, &["additional-fields[list]", "include"]),
    paged(get("segments", &["segments:read"], L, LISTED), 10, 10, "2026-04-15"),
    get("segments/{id}", &["segments:read"], L, &["additional-fields[segment]", "include"]),
    paged(get("campaigns", &["campaigns:read"], M, LISTED), 100, 100, "2024-10-15"),
    paged(get("flows", &["flows:read"], S, LISTED), 50, 50, "2023-02-22"),
    paged(get("forms", &["forms:read"], S, LISTED), 100, 20, "2023-02-22"),
    report("campaign-values-reports", &["campaigns:read"]),
    report("flow-values-reports", &["flows:read"]),
    report("flow-series-reports", &["flows:read"]),
    report("segment-values-reports", &["segments:read"]),
    report("segment-series-reports", &["segments:read"]),
    report("form-values-reports", &["forms:read"]),
    report("form-series-reports", &["forms:read"]),
    paged(get("{kind}/{id}/profiles", &["profiles:read"], L, MEMBERS), 100, 20, "2023-02-22"),
];

/// What a path and a method lead to.
pub(crate) enum Found {
    Route(&'static Route),
    /// The path is known, the method is not.
    OtherMethod,
    Nothing,
}

/// Looks a request up; `segments` are those below `/api`.
pub(crate) fn find(method: &str, segments: &[&str]) -> Found {
    let fits = |route: &&Route| {
        let wanted: Vec<&str> = route.path.split('/').collect();
        wanted.len() == segments.len()
            && wanted.iter().zip(segments).all(|(wanted, given)| match *wanted {
                "{id}" => true,
                "{kind}" => ["lists", "segments"].contains(given),
                wanted => wanted == *given,
            })
    };
    let mut known = ROUTES.iter().filter(fits).peekable();
    if known.peek().is_none() {
        return Found::Nothing;
    }
    known.find(|route| route.method == method).map_or(Found::OtherMethod, Found::Route)
}

/// Limits while an endpoint is asked for something costly.
pub(crate) fn limits(route: &Route, query: &str) -> Rates {
    let (burst, steady) = if query.contains("profile_count") { XS } else { (route.burst, route.steady) };
    Rates { burst, steady, daily: route.daily }
}
