//! A mirror file made by hand: objects and events as JSON, taken in as the sync does it.

use foredeck_engine::db::{Connection, Db, DbResult, Transaction};
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::domain::settings::MetadataNames;
use foredeck_engine::facts::codec::Codec;
use foredeck_engine::facts::snapshots::Origin;
use foredeck_engine::projections::ingest::{Prepared, Terms, prepare_events, prepare_objects, store};
use foredeck_engine::projections::schema;
use serde_json::{Value, json};

/// Noon of 1 March 2026, UTC.
pub const NOON: i64 = 1_772_366_400;
pub const DAY: i64 = 86_400;

pub struct Shop {
    pub db: Db,
    codec: Codec,
    runtime: tokio::runtime::Runtime,
    _folder: Option<tempfile::TempDir>,
}

impl Shop {
    /// Over a mirror that is there.
    pub fn over(db: Db) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { db, codec: Codec::default(), runtime, _folder: None }
    }

    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("mirror.db")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let shop = Self { db, codec: Codec::default(), runtime, _folder: Some(folder) };
        shop.write(|transaction| schema::recreate(transaction, 0));
        shop
    }

    pub fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> DbResult<T> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.db.write(work)).unwrap()
    }

    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> DbResult<T>) -> T {
        self.db.read_now(work).unwrap()
    }

    /// Takes in objects as a list of this instant showed them.
    pub fn list(&self, kind: Kind, as_of: i64, objects: &[Value]) {
        for chunk in objects.chunks(500) {
            let raw = raw(chunk);
            let names = MetadataNames::default();
            let raw: Vec<&str> = raw.iter().map(String::as_str).collect();
            let prepared = prepare_objects(&self.codec, kind, &raw, (Origin::List, as_of), &names).unwrap();
            self.store(prepared);
        }
    }

    /// Takes in events as they came.
    pub fn events(&self, events: &[Value]) {
        for chunk in events.chunks(500) {
            let raw = raw(chunk);
            let raw: Vec<&str> = raw.iter().map(String::as_str).collect();
            self.store(prepare_events(&self.codec, &raw, &MetadataNames::default()).unwrap());
        }
    }

    /// Takes in one event of exactly these bytes.
    pub fn event_bytes(&self, json: &str) {
        self.store(prepare_events(&self.codec, &[json], &MetadataNames::default()).unwrap());
    }

    fn store(&self, prepared: Prepared) {
        let codec = self.codec.clone();
        let mut stored = self.write(move |transaction| store(transaction, &codec, prepared, &terms()));
        stored.committed();
    }
}

pub fn terms() -> Terms {
    Terms { now: NOON, names: MetadataNames::default(), fold: true, refetch: false }
}

fn raw(values: &[Value]) -> Vec<String> {
    values.iter().map(Value::to_string).collect()
}

/// An event of a type, about an object.
pub fn event(id: &str, kind: &str, created: i64, object: &Value) -> Value {
    json!({"id": id, "object": "event", "type": kind, "created": created, "api_version": "2025-03-31.basil",
        "livemode": false, "pending_webhooks": 0, "data": {"object": object}})
}

/// A Checkout Session.
pub fn session(id: &str, created: i64, rest: Value) -> Value {
    let plain = json!({"id": id, "object": "checkout.session", "created": created, "status": "open",
        "payment_status": "unpaid", "amount_total": 9900, "currency": "eur", "metadata": {}});
    with(plain, rest)
}

/// A payment intent.
pub fn intent(id: &str, created: i64, rest: Value) -> Value {
    let plain = json!({"id": id, "object": "payment_intent", "created": created, "status": "requires_payment_method",
        "amount": 9900, "currency": "eur", "metadata": {}});
    with(plain, rest)
}

/// A charge that succeeded and was captured.
pub fn charge(id: &str, created: i64, rest: Value) -> Value {
    let plain = json!({"id": id, "object": "charge", "created": created, "status": "succeeded", "paid": true,
        "captured": true, "amount": 9900, "amount_refunded": 0, "currency": "eur", "metadata": {}});
    with(plain, rest)
}

/// Fields laid over an object.
pub fn with(mut plain: Value, rest: Value) -> Value {
    let (Value::Object(fields), Value::Object(rest)) = (&mut plain, rest) else { return plain };
    fields.extend(rest);
    plain
}

/// Numbers that look drawn and are the same in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn draw(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.draw(from.len() as u64)).unwrap()]
    }
}
