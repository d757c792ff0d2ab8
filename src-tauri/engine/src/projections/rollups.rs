//! Roll-ups: what funnel and overview add up, kept by differences as orders change.

use std::collections::HashMap;

use chrono_tz::Tz;

use super::preorder::{Preorder, Step};
use crate::db::{DbResult, Transaction, params};
use crate::domain::day::{Day, day_of};

/// Dimensions of the `rollup` table.
pub mod dim {
    /// Every order.
    pub const ALL: i64 = 0;
    /// By colour.
    pub const COLOR: i64 = 1;
    /// By locale.
    pub const LOCALE: i64 = 2;
    /// By source.
    pub const SOURCE: i64 = 3;
}

/// The tables kept here.
pub const TABLES: [&str; 5] = ["rollup", "revenue", "status_count", "facet", "source_count"];

/// Buckets that sources fall into; unknown ones have another of their own.
const SOURCE_BUCKETS: u64 = 16;

/// The bucket of a source. Sources are free text, thousands in some shops: facets hold only their bucket,
/// so that there are never many facets.
pub fn source_bucket(source: Option<&str>) -> i64 {
    let bucket = source
        .map_or(SOURCE_BUCKETS, |source| xxhash_rust::xxh3::xxh3_64(source.as_bytes()) % SOURCE_BUCKETS);
    i64::try_from(bucket).unwrap_or_default()
}

/// The number of an order's combination of status, step, colour, locale, bucket of the source, being a lead or not, and
/// buying goods or credits.
pub fn facet_of(order: &Preorder) -> i64 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    let status = Some(order.status.as_str());
    for text in [status, order.color.as_deref(), order.locale.as_deref()] {
        hash.update(&text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
        hash.update(text.unwrap_or_default().as_bytes());
    }
    hash.update(&[order.reached as u8]);
    hash.update(&source_bucket(order.source.as_deref()).to_le_bytes());
    hash.update(&[u8::from(order.lead_at.is_some()), u8::from(order.goods)]);
    i64::from_ne_bytes(hash.digest().to_ne_bytes())
}

struct Facet {
    status: &'static str,
    reached: u8,
    color: Option<String>,
    locale: Option<String>,
    bucket: i64,
    lead: bool,
    goods: bool,
    count: i64,
}

/// Differences gathered while orders are folded, written once a batch.
pub struct Differences {
    zone: Tz,
    counts: HashMap<(i64, Day, String), [i64; 5]>,
    money: HashMap<(Day, String), [i64; 3]>,
    statuses: HashMap<&'static str, i64>,
    facets: HashMap<i64, Facet>,
    sources: HashMap<String, i64>,
}

impl Differences {
    /// Starts with none.
    pub fn new(zone: Tz) -> Self {
        Self {
            zone,
            counts: HashMap::new(),
            money: HashMap::new(),
            statuses: HashMap::new(),
            facets: HashMap::new(),
            sources: HashMap::new(),
        }
    }

    /// Counts an order in.
    pub fn add(&mut self, order: &Preorder) {
        self.count(order, 1);
    }

    /// Counts an order out.
    pub fn remove(&mut self, order: &Preorder) {
        self.count(order, -1);
    }

    fn count(&mut self, order: &Preorder, sign: i64) {
        let day = day_of(order.started_at, self.zone);
        let value = |field: &Option<String>| field.clone().unwrap_or_default();
        let places = [
            (dim::ALL, String::new()),
            (dim::COLOR, value(&order.color)),
            (dim::LOCALE, value(&order.locale)),
            (dim::SOURCE, value(&order.source)),
        ];
        for (dimension, value) in places {
            let counts = self.counts.entry((dimension, day, value)).or_default();
            for (index, count) in counts.iter_mut().enumerate() {
                if order.reached as usize > index {
                    *count += sign;
                }
            }
        }
        *self.statuses.entry(order.status.as_str()).or_default() += sign;
        let facet = self.facets.entry(facet_of(order)).or_insert_with(|| Facet {
            status: order.status.as_str(),
            reached: order.reached as u8,
            color: order.color.clone(),
            locale: order.locale.clone(),
            bucket: source_bucket(order.source.as_deref()),
            lead: order.lead_at.is_some(),
            goods: order.goods,
            count: 0,
        });
        facet.count += sign;
        *self.sources.entry(value(&order.source)).or_default() += sign;
        if let (true, Some(paid_at), Some(currency)) =
            (order.reached >= Step::Paid, order.paid_at, &order.currency)
        {
            let money = self.money.entry((day_of(paid_at, self.zone), currency.clone())).or_default();
            money[0] += sign * order.amount.unwrap_or_default();
            money[1] += sign * order.refunded;
            money[2] += sign;
        }
    }

    /// Writes them; rows that come to nothing are removed.
    ///
    /// # Errors
    /// The write failed.
    pub fn write(self, transaction: &Transaction<'_>) -> DbResult<()> {
        for ((dimension, day, value), by) in self.counts {
            if by == [0; 5] {
                continue;
            }
            transaction
                .prepare_cached(
                    "INSERT INTO rollup (dim, day, value, started, opened, attempted, paid, kept) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                     ON CONFLICT (dim, day, value) DO UPDATE SET started = started + ?4, opened = opened + ?5,
                       attempted = attempted + ?6, paid = paid + ?7, kept = kept + ?8",
                )?
                .execute(params![dimension, day, value, by[0], by[1], by[2], by[3], by[4]])?;
            transaction
                .prepare_cached(
                    "DELETE FROM rollup WHERE dim = ?1 AND day = ?2 AND value = ?3 AND started = 0",
                )?
                .execute(params![dimension, day, value])?;
        }
        for ((day, currency), by) in self.money {
            if by == [0; 3] {
                continue;
            }
            transaction
                .prepare_cached(
                    "INSERT INTO revenue (day, currency, paid, refunded, orders) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (day, currency) DO UPDATE SET paid = paid + ?3, refunded = refunded + ?4, orders = orders + ?5",
                )?
                .execute(params![day, currency, by[0], by[1], by[2]])?;
            transaction
                .prepare_cached("DELETE FROM revenue WHERE day = ?1 AND currency = ?2 AND orders = 0")?
                .execute(params![day, currency])?;
        }
        for (status, by) in self.statuses {
            transaction
                .prepare_cached("INSERT INTO status_count (status, count) VALUES (?1, ?2) ON CONFLICT (status) DO UPDATE SET count = count + ?2")?
                .execute(params![status, by])?;
        }
        transaction.prepare_cached("DELETE FROM status_count WHERE count = 0")?.execute([])?;
        write_facets(transaction, self.facets)?;
        write_sources(transaction, self.sources)
    }
}

fn write_facets(transaction: &Transaction<'_>, facets: HashMap<i64, Facet>) -> DbResult<()> {
    for (key, facet) in facets {
        if facet.count == 0 {
            continue;
        }
        transaction
            .prepare_cached(
                "INSERT INTO facet (key, status, reached, color, locale, bucket, lead, goods, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT (key) DO UPDATE SET count = count + ?9",
            )?
            .execute(params![key, facet.status, facet.reached, facet.color, facet.locale, facet.bucket, facet.lead, facet.goods, facet.count])?;
        if facet.count < 0 {
            transaction.prepare_cached("DELETE FROM facet WHERE key = ?1 AND count = 0")?.execute([key])?;
        }
    }
    Ok(())
}

fn write_sources(transaction: &Transaction<'_>, sources: HashMap<String, i64>) -> DbResult<()> {
    for (value, by) in sources {
        if by == 0 {
            continue;
        }
        let bucket = source_bucket(Some(value.as_str()).filter(|value| !value.is_empty()));
        transaction
            .prepare_cached(
                "INSERT INTO source_count (value, bucket, count) VALUES (?1, ?2, ?3)
                 ON CONFLICT (value) DO UPDATE SET count = count + ?3",
            )?
            .execute(params![value, bucket, by])?;
        if by < 0 {
            transaction
                .prepare_cached("DELETE FROM source_count WHERE value = ?1 AND count = 0")?
                .execute([value])?;
        }
    }
    Ok(())
}
