//! Report syncs against the sandbox's Klaviyo and report server: exact by the day, within every limit, and whole after any crash.

mod due;
mod history;
mod refusals;
mod server;
mod spec;

use std::collections::BTreeMap;

use foredeck_engine::clock::Clock;
use foredeck_engine::domain::klaviyo::ReportKind;
use foredeck_engine::domain::report::plan::Window;
use foredeck_engine::domain::report::statistics;
use foredeck_engine::engine::ReportStep;
use foredeck_engine::facts::reports::statistics::list_days;
use foredeck_engine::secrets::KlaviyoKey;
use foredeck_sandbox::klaviyo::{KlaviyoControl, Reported};
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, Klaviyo, KlaviyoConfig, ShopPlan};
use serde_json::{Value, json};

use crate::it::sync::desk::Desk;

/// What each day came to: day, thing, message and channel; statistics by name, money in minor units.
type Days = BTreeMap<(String, String, String, String), BTreeMap<String, i64>>;

/// A store with a Klaviyo, whose reports are synced step by step.
struct Press {
    desk: Desk,
    klaviyo: Klaviyo,
    control: KlaviyoControl,
    metric: String,
}

impl Press {
    async fn open(config: KlaviyoConfig) -> Self {
        Self::by_metric(config, "shopify").await
    }

    /// Connected by the "Placed Order" of an integration.
    async fn by_metric(config: KlaviyoConfig, integration: &str) -> Self {
        let desk = Desk::with_shop(ShopPlan::Empty).await;
        let klaviyo = desk.sandbox.open_klaviyo(config).await.unwrap();
        let control = klaviyo.control();
        let metric = control.metric_id("Placed Order", integration).unwrap();
        let press = Self { desk, klaviyo, control, metric };
        let args = json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": press.klaviyo.base_url(), "metric_id": press.metric});
        press.get("klaviyo_connect", args).await;
        press
    }

    async fn get(&self, name: &str, args: Value) -> Value {
        self.desk.get(name, args).await
    }

    fn now(&self) -> i64 {
        self.desk.clock.now()
    }

    /// Moves both clocks on to an instant.
    fn advance_to(&self, at: i64) {
        self.desk.advance((at - self.now()).max(0));
    }

    async fn step(&self) -> ReportStep {
        self.desk.store.report_step().await.unwrap()
    }

    /// Steps until nothing is open, with the clocks moved over every wait; when the next is due.
    async fn run(&self) -> Option<i64> {
        for _ in 0..5_000 {
            match self.step().await {
                ReportStep::Did => {}
                ReportStep::Wait(at) => self.advance_to(at),
                ReportStep::Idle(due) => return due,
            }
        }
        panic!("it never ends: {}", self.get("reports_status", json!({})).await);
    }

    /// The process is gone; another one opens the same folder, with the key from its keychain.
    async fn restart(&mut self) {
        let id = self.desk.store.public_id().to_owned();
        let engine = Desk::engine_at(self.desk.folder.path(), &self.desk.clock);
        let key = KlaviyoKey::parse(DEFAULT_KLAVIYO_KEY).unwrap();
        let _held = engine.secrets().klaviyo().keep(&id, &self.klaviyo.base_url(), &key);
        self.desk.store = engine.store(&id).await.unwrap();
        self.desk.engine = engine;
    }

    async fn set(&self, change: impl FnOnce(&mut Value)) {
        let mut settings = self.get("settings_get", json!({})).await;
        change(&mut settings["reports"]);
        self.get("settings_set", settings).await;
    }

    async fn ask(&self) {
        self.get("reports_sync", json!({})).await;
    }

    async fn kind(&self, kind: &str) -> Value {
        let view = self.get("reports_status", json!({})).await;
        view["kinds"].as_array().unwrap().iter().find(|one| one["kind"] == kind).unwrap().clone()
    }

    /// How often each report endpoint was asked.
    fn asked(&self) -> BTreeMap<String, usize> {
        let mut asked = BTreeMap::new();
        for request in self.control.requests() {
            if let Some(name) = request.path.strip_prefix("/api/").filter(|name| name.ends_with("-reports")) {
                *asked.entry(name.to_owned()).or_default() += 1;
            }
        }
        asked
    }

    /// What the mirror holds of a kind.
    async fn mirror(&self, kind: ReportKind) -> Days {
        let read = self.desk.store.db().read(move |connection| {
            let mut days = Days::new();
            let ever = Window { first: 0, last: 100_000 };
            list_days(connection, kind, ever, None, |row| {
                let names = statistics(kind).iter().map(|name| (*name).to_owned());
                let mut told: BTreeMap<String, i64> =
                    names.zip(row.counts).map(|(name, count)| (name, count.unwrap())).collect();
                told.extend(row.value_minor.map(|minor| ("conversion_value".to_owned(), minor)));
                let day = foredeck_engine::domain::day::format_day(row.day);
                assert!(days.insert((day, row.entity, row.message, row.channel), told).is_none());
                Ok(())
            })?;
            Ok(days)
        });
        read.await.unwrap()
    }

    /// What the sandbox's ledger holds of it, in the mirror's words.
    fn ledger(&self, kind: ReportKind) -> Days {
        let reported = match kind {
            ReportKind::Campaigns => Reported::Campaigns,
            ReportKind::Flows => Reported::Flows,
            ReportKind::Segments => Reported::Segments,
            ReportKind::Forms => Reported::Forms,
        };
        let days = self.control.report_days(reported, &self.metric).into_iter();
        days.map(|(key, told)| {
            let mut names: Vec<&str> = statistics(kind).to_vec();
            if ReportKind::BY_METRIC.contains(&kind) {
                names.push("conversion_value");
            }
            let value = |name: &str| {
                let units = if name == "conversion_value" { 100.0 } else { 1.0 };
                (told[name] * units).round() as i64
            };
            (key, names.into_iter().map(|name| (name.to_owned(), value(name))).collect())
        })
        .collect()
    }

    /// Fails with the first differences, if there are any; how many rows were held against each other.
    async fn assert_true_to_the_ledger(&self) -> usize {
        let mut count = 0;
        for kind in ReportKind::ALL {
            let (mirror, ledger) = (self.mirror(kind).await, self.ledger(kind));
            let mut wrong = Vec::new();
            for (key, truth) in &ledger {
                if mirror.get(key) != Some(truth) {
                    wrong.push(format!("{key:?}\n  ledger {truth:?}\n  mirror {:?}", mirror.get(key)));
                }
            }
            let made_up = mirror.keys().filter(|key| !ledger.contains_key(*key));
            wrong.extend(made_up.map(|key| format!("{key:?} is not in the ledger: {:?}", mirror[key])));
            assert!(
                wrong.is_empty(),
                "{kind:?}: {} of {} rows differ:\n{}",
                wrong.len(),
                ledger.len(),
                wrong[..wrong.len().min(6)].join("\n")
            );
            count += ledger.len();
        }
        count
    }

    /// Twenty past the next hour: nothing happens in the ledger until a quarter past the one after.
    fn to_a_quiet_time(&self) {
        let hour = self.now().div_euclid(3_600) + 1;
        self.advance_to(hour * 3_600 + 1_200);
    }
}
