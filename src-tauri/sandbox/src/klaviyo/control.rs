//! The hand on the Klaviyo: what was asked, what is true, what goes wrong.

use super::activity::{ReportDays, Reported};
use super::calls;
use super::config::KlaviyoKey;
use super::events::{SentBy, Submitted};
use super::profiles::{Consent, Given};
use super::server::{Desk, KlaviyoRequest, Trapped};
use super::truth::KlaviyoTruth;
use crate::config::Faults;
use crate::server::aim::WriteTrouble;
use crate::server::shared::lock;
use crate::world::Lateness;
use serde_json::Map;
use std::sync::Arc;

/// Reaches into a running Klaviyo. Clones reach into the same one.
#[derive(Clone)]
pub struct KlaviyoControl {
    pub(super) desk: Arc<Desk>,
}

impl KlaviyoControl {
    /// What is true of the account now.
    pub fn truth(&self) -> KlaviyoTruth {
        self.desk.account().truth()
    }

    /// Every request so far, oldest first.
    pub fn requests(&self) -> Vec<KlaviyoRequest> {
        lock(&self.desk.requests).iter().cloned().collect()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        lock(&self.desk.requests).clear();
    }

    /// Who followed `links.next` to the other host.
    pub fn trapped(&self) -> Vec<Trapped> {
        self.desk.trap.as_ref().map(|trap| lock(&trap.came).clone()).unwrap_or_default()
    }

    /// From now on these keys open it, and no others.
    pub fn set_keys(&self, keys: Vec<KlaviyoKey>) {
        *lock(&self.desk.keys) = keys;
    }

    /// From now on this goes wrong. Lateness is how long what was accepted stays invisible beyond the usual; HTML is the
    /// 403 of what stands before Klaviyo.
    pub fn set_faults(&self, faults: Faults) {
        self.desk.account().lateness = Lateness { share: faults.late_share, max_s: faults.late_max_s };
        let _ = self.desk.unreachable.send_replace(faults.unreachable);
        lock(&self.desk.troubles).set(faults);
    }

    /// The n-th write from now on whose path starts so meets this; the next one is the first.
    pub fn on_write(&self, path: &str, nth: u32, trouble: WriteTrouble) {
        lock(&self.desk.aims).add(trouble, path, nth.saturating_sub(1));
    }

    /// The next write meets this.
    pub fn on_next_write(&self, trouble: WriteTrouble) {
        self.on_write("", 1, trouble);
    }

    /// Troubles that still wait for their write are called off.
    pub fn call_off(&self) {
        lock(&self.desk.aims).clear();
    }

    /// Waits until a write is held.
    pub async fn until_held(&self) {
        self.desk.gate.until_held(1).await;
    }

    /// Lets every write go on that is held now.
    pub fn release(&self) {
        self.desk.gate.open();
    }

    /// For so many world seconds requests to paths that start so are answered 429, with what is left as `Retry-After`.
    pub fn throttle(&self, path: &str, seconds: i64) {
        let until = self.desk.stripe.world().now() + seconds;
        lock(&self.desk.limiter).shut(path, until);
    }

    /// So many of the next events are accepted, and never there.
    pub fn lose_next(&self, events: u32) {
        self.desk.account().to_lose = events;
    }

    /// Revisions before this one are retired.
    pub fn retire_before(&self, revision: &str) {
        lock(&self.desk.revisions).oldest = revision.to_owned();
    }

    /// Whatever revision is asked for, this one answers; `None`: the one asked for.
    pub fn serve_instead(&self, revision: Option<&str>) {
        lock(&self.desk.revisions).instead = revision.map(str::to_owned);
    }

    /// Somebody says whether they want mail; they have a profile from then on.
    pub fn consents(&self, email: &str, consent: Consent) {
        self.desk.account().consents(email, consent);
    }

    /// Somebody joins a list; they have a profile from then on. An unknown list changes nothing.
    pub fn join_list(&self, list: &str, email: &str) {
        let mut account = self.desk.account();
        let place = account.profile_of_email(email);
        if let Some(list) = account.lists.iter_mut().find(|l| l.name == list)
            && !list.members.contains(&place)
        {
            list.members.push(place);
        }
    }

    /// The shop's own site sends an event now about something that happened at `time`.
    pub fn shop_sends(&self, metric: &str, email: &str, time: i64) {
        let mut account = self.desk.account();
        let received_at = account.now;
        account.submit(Submitted {
            metric: metric.to_owned(),
            person: Given { email: Some(email.to_owned()), ..Given::default() },
            attributes: Map::new(),
            properties: Map::new(),
            time,
            value: None,
            currency: None,
            unique_id: None,
            backfill: false,
            by: SentBy::Shop,
            received_at,
        });
    }

    /// The id of the segment of a name.
    pub fn segment_id(&self, name: &str) -> Option<String> {
        let account = self.desk.account();
        account.segments.iter().find(|segment| segment.name == name).map(|segment| segment.id.clone())
    }

    /// The id of the profile with an e-mail.
    pub fn profile_id(&self, email: &str) -> Option<String> {
        let account = self.desk.account();
        let given = Given { email: Some(email.to_owned()), ..Given::default() };
        account.find_profile(&given).map(|place| account.profiles[place].id.clone())
    }

    /// What a kind of report came to, day by day in the account's time zone, as it is now: the same ledger that reports are answered
    /// from, read in one go. Only days and things with something in them are there.
    pub fn report_days(&self, reported: Reported, metric: &str) -> ReportDays {
        let account = self.desk.account();
        let things = account.counted(reported);
        account.activity.days((reported, &things), metric, &account.config.currency, account.now)
    }

    /// Every way in which the requests so far were more than the published limits of reports allow: any second, any minute,
    /// any 24 hours. Empty where none was passed.
    pub fn limits_passed(&self) -> Vec<String> {
        calls::limits_passed(&self.requests())
    }

    /// From now on the account's days are those of this zone, those that are over too.
    pub fn set_timezone(&self, name: &str) {
        let mut account = self.desk.account();
        account.activity.zone = name.parse().unwrap_or(chrono_tz::Tz::UTC);
        account.config.timezone = name.to_owned();
    }

    /// Somebody gives the profile of an e-mail another one; nobody finds it by the one before any more.
    pub fn readdress(&self, before: &str, after: &str) {
        let mut account = self.desk.account();
        let place = account.profile_of_email(before);
        let attributes = Map::from_iter([("email".to_owned(), after.into())]);
        account.change_profile(place, &attributes);
    }

    /// From now on no report counts by this metric.
    pub fn refuse_metric(&self, id: &str) {
        self.desk.account().unreportable.insert(id.to_owned());
    }

    /// From now on the day's number of reports is one for all endpoints, or one for each.
    pub fn share_day(&self, shared: bool) {
        lock(&self.desk.limiter).shared_day = shared;
    }

    /// The id of the metric with this name of an integration: `klaviyo`, `shopify` or `api`.
    pub fn metric_id(&self, name: &str, integration: &str) -> Option<String> {
        let account = self.desk.account();
        let fits = |m: &&super::catalogue::Metric| m.name == name && m.integration()["key"] == integration;
        account.metrics.iter().find(fits).map(|m| m.id.clone())
    }
}
