//! Klaviyo: requests of one pinned revision for one account, answers as what they mean.
//!
//! In: a base URL and a key. Out: accounts, metrics, lists, events, profiles, refusals told apart, and until when Klaviyo asks
//! to wait. Deliberately absent: the database; client libraries (docs/decisions/0016); the day's budget of reports.

mod document;
mod endpoints;
mod error;
mod look;
mod pages;
mod people;
mod reads;
mod reports;
mod scopes;
mod writes;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::HeaderValue;

pub use document::{Page, Resource};
pub use endpoints::{ENDPOINTS, Endpoint, pace_of};
pub use error::KlaviyoError;
pub use look::Look;
pub use pages::{EventPages, Listed};
pub use people::{PEOPLE_AT_ONCE, SeenPerson};
pub use reads::{SeenEvent, SeenProfile, SeenSegment};
pub use reports::{ListedEntity, ReportPage, ReportRequest, ReportRow, report_endpoint};
pub use writes::{Imported, NewEvent, ProfileChange, with_person};

use crate::clock::SharedClock;
use crate::domain::klaviyo::{KlaviyoLimit, KlaviyoRevision};
use crate::http::{
    Answer, BaseUrlError, Call, Dialect, Http, HttpError, Limits, Method, Paces, Priority, Rate,
    encode_segment,
};
use crate::secrets::KlaviyoKey;

/// The revision that every request asks for: the newest whose specification is published, supported until July 2028.
pub const REVISION: &str = "2026-07-15";
/// Requests a second in all. Klaviyo limits endpoints; this only keeps bursts small.
const PER_S: u32 = 50;
const AT_ONCE: u32 = 4;

/// Until when an endpoint is not to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Klaviyo said so at, unix seconds of the local clock.
    pub told_at: i64,
    /// Until then.
    pub until: i64,
}

impl Wait {
    /// Whether it holds. A clock that was set back since makes it doubtful, and asking anew is cheap.
    pub const fn holds(self, now: i64) -> bool {
        self.told_at <= now && now < self.until
    }
}

/// Klaviyo's API for one key.
pub struct Klaviyo {
    http: Http,
    key: KlaviyoKey,
    clock: SharedClock,
    waits: Mutex<BTreeMap<&'static str, Wait>>,
    told: Mutex<Told>,
    /// Names and ids of the account's metrics, and when they were asked for.
    names: tokio::sync::Mutex<Option<Names>>,
}

/// When names were asked for, and each with its id.
type Names = (Duration, Vec<(String, String)>);

/// What answers said beside what was asked.
#[derive(Default)]
struct Told {
    revision: Option<String>,
    rates: BTreeMap<&'static str, Option<Rate>>,
    latency_ms: Option<i64>,
    foreign_next: Option<String>,
}

impl Klaviyo {
    /// Makes a client. The key is sent in the request headers and nowhere else. Without `paces` endpoints are asked as fast as
    /// they answer.
    ///
    /// # Errors
    /// The base URL or the key is refused.
    pub fn new(
        base: &str,
        key: &KlaviyoKey,
        paces: Option<Paces>,
        clock: SharedClock,
    ) -> Result<Self, KlaviyoError> {
        let mut authorization = HeaderValue::from_str(&format!("Klaviyo-API-Key {}", key.expose()))
            .map_err(|_| KlaviyoError::KeyMalformed)?;
        authorization.set_sensitive(true);
        let headers = [
            ("authorization", authorization),
            ("accept", HeaderValue::from_static("application/vnd.api+json")),
            ("revision", HeaderValue::from_static(REVISION)),
            // A retired revision shall fail, and not be answered by another one in silence.
            ("x-klaviyo-revision-fall-forward-opt-out", HeaderValue::from_static("1")),
        ];
        let limits = Limits { per_s: PER_S, endpoint_per_s: PER_S, at_once: AT_ONCE };
        let http = Http::new(base, &headers, limits, clock.clone())
            .map_err(|error: BaseUrlError| KlaviyoError::BaseUrl(error.to_string()))?
            .speaking(Dialect::JsonApi);
        let http = match paces {
            Some(paces) => http.at_paces(paces),
            None => http,
        };
        Ok(Self {
            http,
            key: key.clone(),
            clock,
            waits: Mutex::default(),
            told: Mutex::default(),
            names: tokio::sync::Mutex::default(),
        })
    }

    /// Whether it asks with this key.
    pub fn asks_with(&self, key: &KlaviyoKey) -> bool {
        self.key.expose() == key.expose()
    }

    /// The transport, for its numbers and clocks.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Keeps to waits that Klaviyo asked for before this client was made. Names that are not known are left out.
    pub fn keep_waits(&self, before: &BTreeMap<String, Wait>) {
        let mut waits = self.waits.lock().expect("no panic while held");
        for endpoint in ENDPOINTS {
            if let Some(wait) = before.get(endpoint.name) {
                waits.insert(endpoint.name, *wait);
            }
        }
    }

    /// The waits that hold now.
    pub fn waits(&self) -> BTreeMap<String, Wait> {
        let now = self.clock.now();
        let waits = self.waits.lock().expect("no panic while held");
        let holding = waits.iter().filter(|(_, wait)| wait.holds(now));
        holding.map(|(name, wait)| ((*name).to_owned(), *wait)).collect()
    }

    /// The revision asked for, and the one that answered last.
    pub fn revision(&self) -> KlaviyoRevision {
        let answered = self.told.lock().expect("no panic while held").revision.clone();
        KlaviyoRevision { asked: REVISION.to_owned(), answered }
    }

    /// How long the first answer took, milliseconds; None before it.
    pub fn latency_ms(&self) -> Option<i64> {
        self.told.lock().expect("no panic while held").latency_ms
    }

    /// Limits of the endpoints that were asked, and of those that are to be waited for.
    pub fn limits(&self) -> Vec<KlaviyoLimit> {
        let (told, waits) = (self.told.lock().expect("no panic while held"), self.waits());
        let shown =
            ENDPOINTS.iter().filter(|one| told.rates.contains_key(one.name) || waits.contains_key(one.name));
        shown
            .map(|one| {
                let rate = told.rates.get(one.name).copied().flatten().unwrap_or_default();
                KlaviyoLimit {
                    endpoint: one.name.to_owned(),
                    per_s: one.per_s,
                    per_min: one.per_min,
                    per_day: one.per_day,
                    remaining: rate.remaining,
                    reset_s: rate.reset_s,
                    until: waits.get(one.name).map(|wait| wait.until),
                }
            })
            .collect()
    }

    /// The host that a list's next page was said to be at, where that is not the one we ask; nothing was sent there.
    pub fn foreign_next(&self) -> Option<String> {
        self.told.lock().expect("no panic while held").foreign_next.clone()
    }

    /// Reads an endpoint.
    async fn get(&self, endpoint: &'static Endpoint, query: String) -> Result<Page, KlaviyoError> {
        self.get_at(endpoint, endpoint.path.to_owned(), query).await
    }

    /// Reads one thing of an endpoint.
    async fn get_one(
        &self,
        endpoint: &'static Endpoint,
        id: &str,
        query: String,
    ) -> Result<Page, KlaviyoError> {
        self.get_at(endpoint, endpoint.path.replace("{id}", &encode_segment(id)), query).await
    }

    async fn get_at(
        &self,
        endpoint: &'static Endpoint,
        path: String,
        query: String,
    ) -> Result<Page, KlaviyoError> {
        let call = Call {
            method: Method::Get,
            path,
            endpoint: endpoint.name,
            query: Some(query),
            body: None,
            idempotency_key: None,
            repeatable: false,
            priority: Priority::Normal,
        };
        Page::read(&self.send(endpoint, &call).await?)
    }

    /// Sends a document. `repeatable` is for one that Klaviyo takes once, however often it comes.
    async fn post(
        &self,
        endpoint: &'static Endpoint,
        body: &serde_json::Value,
        repeatable: bool,
    ) -> Result<Answer, KlaviyoError> {
        let call = Call {
            method: Method::Post,
            path: endpoint.path.to_owned(),
            endpoint: endpoint.name,
            query: None,
            body: Some(body.to_string()),
            idempotency_key: None,
            repeatable,
            priority: Priority::Normal,
        };
        self.send(endpoint, &call).await
    }

    async fn send(&self, endpoint: &'static Endpoint, call: &Call) -> Result<Answer, KlaviyoError> {
        let name = endpoint.name;
        let now = self.clock.now();
        let wait = self.waits.lock().expect("no panic while held").get(name).copied();
        if let Some(wait) = wait.filter(|wait| wait.holds(now)) {
            return Err(KlaviyoError::Throttled { endpoint: name, until: Some(wait.until) });
        }
        match self.http.call(call).await {
            Ok(answer) => {
                self.hear(name, &answer);
                let good = (200..300).contains(&answer.status);
                if good { Ok(answer) } else { Err(KlaviyoError::read(endpoint, &answer)) }
            }
            Err(HttpError::Throttled { wait_s, .. }) => {
                let now = self.clock.now();
                let until =
                    i64::try_from(wait_s).ok().filter(|wait| *wait > 0).map(|wait| now.saturating_add(wait));
                if let Some(until) = until {
                    let mut waits = self.waits.lock().expect("no panic while held");
                    waits.insert(name, Wait { told_at: now, until });
                }
                Err(KlaviyoError::Throttled { endpoint: name, until })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn hear(&self, name: &'static str, answer: &Answer) {
        self.waits.lock().expect("no panic while held").remove(name);
        let mut told = self.told.lock().expect("no panic while held");
        if answer.version.is_some() {
            told.revision.clone_from(&answer.version);
        }
        let took = i64::try_from(answer.took.as_millis()).unwrap_or(i64::MAX);
        told.latency_ms.get_or_insert(took);
        told.rates.insert(name, answer.rate);
    }
}
