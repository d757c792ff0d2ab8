//! A shop behind a sandbox, an engine with a clock that moves with it, and a ledger to hold the mirror against.

use std::collections::BTreeMap;
use std::sync::Arc;

use foredeck_engine::clock::FixedClock;
use foredeck_engine::domain::store::Mode;
use foredeck_engine::engine::{Engine, OpenStore, Options, SyncOutcome};
use foredeck_engine::error::Problem;
use foredeck_engine::secrets::{Keychain, StripeKey};
use foredeck_sandbox::{Config, Control, DEFAULT_KEY, DEFAULT_START, LedgerOrder, Sandbox, ShopPlan};

/// Everything a test of the sync works with. The clocks stand still unless advanced together.
pub struct Desk {
    pub sandbox: Sandbox,
    pub world: Control,
    pub clock: Arc<FixedClock>,
    pub engine: Engine,
    pub store: Arc<OpenStore>,
    pub folder: tempfile::TempDir,
}

/// One order as both sides tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    status: String,
    email: Option<String>,
    color: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    started_at: i64,
    opened: bool,
    attempted: bool,
    paid: bool,
    kept: bool,
}

impl Desk {
    pub async fn with_shop(shop: ShopPlan) -> Self {
        Self::with(Config { shop, seed: 7, ..Config::default() }).await
    }

    pub async fn with(config: Config) -> Self {
        let key = config.keys.first().map_or(DEFAULT_KEY.to_owned(), |spec| spec.key.clone());
        let sandbox = Sandbox::start(config).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(DEFAULT_START));
        let engine = Self::engine_at(folder.path(), &clock);
        let store = engine.add_store("Shop", Mode::Test, &sandbox.base_url(), Some("UTC")).await.unwrap();
        store.keep_key_unchecked(StripeKey::parse(&key).unwrap()).await.unwrap();
        Self { world: sandbox.control(), sandbox, clock, engine, store, folder }
    }

    pub fn engine_at(folder: &std::path::Path, clock: &Arc<FixedClock>) -> Engine {
        let options = Options {
            data_dir: folder.to_owned(),
            keychain: Keychain::Off,
            clock: Arc::clone(clock) as _,
            max_per_s: Some(5_000),
        };
        Engine::open(options).unwrap()
    }

    /// Moves the world and the engine's clock.
    pub fn advance(&self, seconds: i64) {
        self.world.advance(seconds);
        self.clock.advance(seconds);
    }

    pub async fn sync(&self) -> SyncOutcome {
        self.store.sync_once(false, |_| {}).await.unwrap()
    }

    pub async fn try_sync(&self) -> Result<SyncOutcome, Problem> {
        self.store.sync_once(false, |_| {}).await
    }

    pub async fn mirror(&self) -> BTreeMap<String, Told> {
        self.store
            .db()
            .read(|connection| {
                let mut statement = connection.prepare(
                    "SELECT id, status, email, color, amount, currency, started_at, reached FROM preorder",
                )?;
                let rows = statement.query_map([], |row| {
                    let reached: i64 = row.get(7)?;
                    let told = Told {
                        status: row.get(1)?,
                        email: row.get(2)?,
                        color: row.get(3)?,
                        amount: row.get(4)?,
                        currency: row.get(5)?,
                        started_at: row.get(6)?,
                        opened: reached >= 2,
                        attempted: reached >= 3,
                        paid: reached >= 4,
                        kept: reached >= 5,
                    };
                    Ok((row.get::<_, String>(0)?, told))
                })?;
                Ok(rows.collect::<Result<BTreeMap<_, _>, _>>()?)
            })
            .await
            .unwrap()
    }

    /// The ledger in the mirror's words: steps imply the ones before, e-mails and colours are normalised.
    pub fn ledger(&self) -> BTreeMap<String, Told> {
        self.world.ledger().orders.iter().map(|order| (order.id.clone(), told(order))).collect()
    }

    /// Fails with the first differences, if there are any.
    pub async fn assert_true_to_the_ledger(&self) {
        let (mirror, ledger) = (self.mirror().await, self.ledger());
        let mut wrong = Vec::new();
        for (id, truth) in &ledger {
            match mirror.get(id) {
                Some(told) if told == truth => {}
                other => wrong.push(format!("{id}\n  ledger {truth:?}\n  mirror {other:?}")),
            }
        }
        wrong.extend(
            mirror
                .keys()
                .filter(|id| !ledger.contains_key(*id))
                .map(|id| format!("{id} is not in the ledger: {:?}", mirror[id])),
        );
        assert!(
            wrong.is_empty(),
            "{} of {} orders differ:\n{}",
            wrong.len(),
            ledger.len(),
            wrong[..wrong.len().min(8)].join("\n")
        );
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        self.store
            .db()
            .read(move |connection| Ok(connection.query_row(sql, [], |row| row.get(0))?))
            .await
            .unwrap()
    }

    /// Ids of events that are in the world and not in the mirror.
    pub async fn missing_events(&self) -> Vec<String> {
        let ids: Vec<String> =
            self.world.with_world(|world| world.events().iter().map(|event| event.id.clone()).collect());
        self.store
            .db()
            .read(move |connection| {
                let mut missing = Vec::new();
                for id in ids {
                    if !foredeck_engine::facts::events::is_stored(connection, &id)? {
                        missing.push(id);
                    }
                }
                Ok(missing)
            })
            .await
            .unwrap()
    }
}

fn told(order: &LedgerOrder) -> Told {
    let paid = order.paid;
    let attempted = order.payment_attempted || paid;
    let trimmed = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Told {
        status: order.status.clone(),
        email: trimmed(&order.email).map(|email| email.to_lowercase()),
        color: trimmed(&order.color),
        amount: Some(order.amount_minor),
        currency: Some(order.currency.clone()),
        started_at: order.started_at,
        opened: order.checkout_opened || attempted,
        attempted,
        paid,
        kept: order.kept,
    }
}
