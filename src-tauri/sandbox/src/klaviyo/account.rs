//! One Klaviyo account: its people, metrics and events, and what is still on its way to be processed.

use super::activity::Activity;
use super::catalogue::{CustomMetric, Flow, Metric, NamedList, Segment};
use super::config::KlaviyoConfig;
use super::events::{Event, Submitted};
use super::profiles::Profile;
use super::shop::Shop;
use super::truth::Mail;
use crate::world::{Lateness, World};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Everything the account holds, at a world time.
pub(crate) struct Account {
    pub config: KlaviyoConfig,
    pub now: i64,
    pub created: i64,
    pub rng: ChaCha8Rng,
    pub metrics: Vec<Metric>,
    pub custom_metrics: Vec<CustomMetric>,
    pub mapped: Vec<(&'static str, Option<String>)>,
    pub flows: Vec<Flow>,
    pub lists: Vec<NamedList>,
    pub segments: Vec<Segment>,
    pub profiles: Vec<Profile>,
    pub by_email: HashMap<String, usize>,
    pub by_profile_id: HashMap<String, usize>,
    pub events: Vec<Event>,
    /// Events of a profile, by their place.
    pub by_profile: HashMap<usize, Vec<usize>>,
    /// Which (profile, metric, unique id) were processed.
    pub known: HashSet<(usize, usize, String)>,
    /// What was accepted and is not processed yet, by the second in which it will be.
    pub pending: BTreeMap<(i64, u64), Submitted>,
    pub next: u64,
    pub lateness: Lateness,
    /// So many of the next events are accepted and never processed.
    pub to_lose: u32,
    pub lost: Vec<Submitted>,
    pub repeated: Vec<Submitted>,
    pub mails: Vec<Mail>,
    pub shop: Shop,
    pub activity: Activity,
    /// Metrics that no report counts by.
    pub unreportable: HashSet<String>,
}

impl Account {
    pub(crate) fn new(seed: u64, config: KlaviyoConfig, world: &World) -> Account {
        let created = world.now() - config.age_days * 86_400;
        let activity = Activity::new(seed, created, &config.timezone);
        let mut account = Account {
            now: created,
            created,
            rng: crate::world::stream(seed, 10),
            metrics: Vec::new(),
            custom_metrics: Vec::new(),
            mapped: Vec::new(),
            flows: Vec::new(),
            lists: Vec::new(),
            segments: Vec::new(),
            profiles: Vec::new(),
            by_email: HashMap::new(),
            by_profile_id: HashMap::new(),
            events: Vec::new(),
            by_profile: HashMap::new(),
            known: HashSet::new(),
            pending: BTreeMap::new(),
            next: 0,
            lateness: Lateness::default(),
            to_lose: 0,
            lost: Vec::new(),
            repeated: Vec::new(),
            mails: Vec::new(),
            shop: Shop::default(),
            activity,
            unreportable: HashSet::new(),
            config,
        };
        account.found();
        account.advance(world);
        account
    }

    /// Goes on to the world's time: what the shop had to send by then is sent, what was accepted is processed.
    pub(crate) fn advance(&mut self, world: &World) {
        self.shop_looks(world);
        while let Some((at, number)) = self.pending.first_key_value().map(|(key, _)| *key)
            && at <= world.now()
        {
            let Some(submitted) = self.pending.remove(&(at, number)) else { break };
            self.now = self.now.max(at);
            self.process(submitted);
        }
        self.now = self.now.max(world.now());
    }

    /// Accepts an event: it is there some seconds from now, sometimes later.
    pub(crate) fn submit(&mut self, submitted: Submitted) {
        if self.to_lose > 0 {
            self.to_lose -= 1;
            self.lost.push(submitted);
            return;
        }
        let late = self.rng.random_bool(self.lateness.share.clamp(0.0, 1.0));
        let late_s = if late { self.rng.random_range(1..=self.lateness.max_s.max(1)) } else { 0 };
        let at = submitted.received_at + self.config.visible_after_s + late_s;
        self.queue(at, submitted);
        self.process_due();
    }

    /// Puts an event on the way.
    pub(crate) fn queue(&mut self, at: i64, submitted: Submitted) {
        self.pending.insert((at, self.next), submitted);
        self.next += 1;
    }

    fn process_due(&mut self) {
        while let Some((key, _)) = self.pending.first_key_value()
            && key.0 <= self.now
        {
            let key = *key;
            if let Some(submitted) = self.pending.remove(&key) {
                self.process(submitted);
            }
        }
    }

    /// An id of so many letters and digits.
    pub(crate) fn mint(&mut self, prefix: &str, count: usize) -> String {
        crate::ids::tail(&mut self.rng, prefix, count)
    }
}

/// An instant as Klaviyo writes it.
pub(crate) fn instant(at: i64) -> String {
    let at = chrono::DateTime::from_timestamp(at, 0).unwrap_or_default();
    at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// An instant as ISO 8601 writes it, to the second; anything after the second is cut off.
pub(crate) fn read_instant(text: &str) -> Option<i64> {
    let whole = chrono::DateTime::parse_from_rfc3339(text.trim()).ok();
    let local = || {
        let naive = chrono::NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%dT%H:%M:%S").ok()?;
        Some(naive.and_utc().timestamp())
    };
    whole.map(|at| at.timestamp()).or_else(local)
}
