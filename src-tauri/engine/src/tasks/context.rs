//! What every task needs: the mirror, Stripe, the codec, settings, the clock, and where to announce.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use serde_json::value::RawValue;

use super::status::{STATUS, Status, StoredStatus};
use crate::clock::SharedClock;
use crate::db::{Db, DbError, DbResult, Transaction};
use crate::domain::kind::Kind;
use crate::domain::settings::Settings;
use crate::facts::codec::Codec;
use crate::facts::settings::InForce;
use crate::facts::snapshots::Origin;
use crate::facts::state::{Level, append_log, set_state};
use crate::projections::ingest::{Prepared, Stored, Terms, prepare_events, prepare_objects, store};
use crate::queries::health::LimiterHealth;
use crate::stripe::{Page, Stripe, StripeError};
use crate::topic::{Announcer, Topic};

/// Everything a task works with. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The store's public id.
    pub store: String,
    /// The mirror.
    pub db: Db,
    /// Stripe.
    pub stripe: Arc<Stripe>,
    /// Packs bodies.
    pub codec: Codec,
    /// Tells the time.
    pub clock: SharedClock,
    /// Settings in force.
    pub settings: Arc<InForce>,
    /// Where changes are announced.
    pub announcer: Announcer,
    /// What the sync is doing.
    pub status: Arc<Status>,
    /// When Stripe was last asked with this key for kinds it could not read, server seconds.
    pub permissions_asked_at: Arc<AtomicI64>,
    /// When Stripe was last asked for webhook endpoints by this run, server seconds; 0 makes it due.
    pub endpoints_asked_at: Arc<AtomicI64>,
}

/// Why a task stopped.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Stripe.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// The mirror.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// How a page is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// Folded at once; objects that become unsettled are fetched again.
    Live,
    /// Folded later, in bulk; nothing is fetched again.
    Bulk,
}

/// A step that runs in the same transaction as a page.
pub type Also = Box<dyn FnOnce(&Transaction<'_>) -> DbResult<()> + Send>;

impl Context {
    /// Settings as they are now.
    pub fn settings(&self) -> Settings {
        self.settings.settings()
    }

    /// Terms under which facts are stored now.
    pub fn terms(&self, intake: Intake) -> Terms {
        Terms {
            now: self.clock.now(),
            names: self.settings().metadata,
            fold: intake == Intake::Live,
            refetch: intake == Intake::Live,
        }
    }

    /// Stripe's clock at the earliest; before the first answer the local one.
    pub fn server_now(&self) -> i64 {
        self.stripe.http().server_now().unwrap_or_else(|| self.clock.now())
    }

    /// Stores a page of events, with `also` in the same transaction.
    ///
    /// # Errors
    /// The write failed; nothing of the page is kept.
    pub async fn take_events(&self, page: Page, intake: Intake, also: Also) -> DbResult<(Page, Stored)> {
        let codec = self.codec.clone();
        let terms = self.terms(intake);
        let names = terms.names.clone();
        let (page, prepared) = blocking(move || {
            let prepared = prepare_events(&codec, &page.raw().collect::<Vec<_>>(), &names)?;
            Ok((page, prepared))
        })
        .await?;
        let stored = self.commit(prepared, terms, also).await?;
        Ok((page, stored))
    }

    /// Stores a page of objects, with `also` in the same transaction.
    ///
    /// # Errors
    /// The write failed; nothing of the page is kept.
    pub async fn take_objects(&self, kind: Kind, page: Page, intake: Intake, also: Also) -> DbResult<Stored> {
        let terms = self.terms(intake);
        let prepared = self.prepare_page(kind, page).await?;
        self.commit(prepared, terms, also).await
    }

    /// Prepares a listed page of objects, to be stored by [`Self::commit_pages`].
    ///
    /// # Errors
    /// Packing failed.
    pub async fn prepare_page(&self, kind: Kind, page: Page) -> DbResult<Prepared> {
        let codec = self.codec.clone();
        let names = self.settings().metadata;
        blocking(move || {
            let raw: Vec<&str> = page.raw().collect();
            prepare_objects(&codec, kind, &raw, (Origin::List, page.as_of()), &names)
        })
        .await
    }

    /// Stores pages in bulk, each with its `also`, in one transaction of their own.
    ///
    /// # Errors
    /// The write failed; nothing of any page is kept.
    pub async fn commit_pages(&self, pages: Vec<(Prepared, Also)>) -> DbResult<()> {
        let codec = self.codec.clone();
        let terms = self.terms(Intake::Bulk);
        let mut stored = self
            .db
            .write_batch(move |transaction| {
                let mut all = Vec::new();
                for (prepared, also) in pages {
                    all.push(store(transaction, &codec, prepared, &terms)?);
                    also(transaction)?;
                }
                Ok(all)
            })
            .await?;
        stored.iter_mut().for_each(Stored::committed);
        if stored.iter().any(|stored| stored.changed > 0) {
            self.announcer.announce(Some(&self.store), Topic::Preorders);
        }
        Ok(())
    }

    /// Stores one retrieved object, with `also` in the same transaction.
    ///
    /// # Errors
    /// The write failed.
    pub async fn take_object(
        &self,
        kind: Kind,
        raw: Box<RawValue>,
        as_of: i64,
        also: Also,
    ) -> DbResult<Stored> {
        let terms = self.terms(Intake::Live);
        let prepared =
            prepare_objects(&self.codec, kind, &[raw.get()], (Origin::Retrieve, as_of), &terms.names)?;
        self.commit(prepared, terms, also).await
    }

    async fn commit(&self, prepared: Prepared, terms: Terms, also: Also) -> DbResult<Stored> {
        let codec = self.codec.clone();
        let mut stored = self
            .db
            .write(move |transaction| {
                let stored = store(transaction, &codec, prepared, &terms)?;
                also(transaction)?;
                Ok(stored)
            })
            .await?;
        stored.committed();
        if stored.changed > 0 {
            self.announcer.announce(Some(&self.store), Topic::Preorders);
        }
        Ok(stored)
    }

    /// Logs an error or notice in the mirror, for Health.
    ///
    /// # Errors
    /// The write failed.
    pub async fn log(
        &self,
        level: Level,
        code: &'static str,
        message: String,
        request_id: Option<String>,
    ) -> DbResult<()> {
        let at = self.clock.now();
        self.db
            .write(move |transaction| {
                append_log(transaction, at, level, code, &message, request_id.as_deref())
            })
            .await?;
        self.announcer.announce(Some(&self.store), Topic::Sync);
        Ok(())
    }

    /// Saves the status for other processes and announces it.
    ///
    /// # Errors
    /// The write failed.
    pub async fn publish_status(&self) -> DbResult<()> {
        let http = self.stripe.http();
        let stats = http.stats();
        let document = StoredStatus {
            at: self.clock.now(),
            freshness: self.status.get(),
            limiter: LimiterHealth {
                max_per_s: f64::from(http.limits().per_s),
                requests: stats.requests,
                throttled: stats.throttled,
                retries: stats.retries,
                breaker_open: stats.breaker_open,
            },
            clock_skew_s: http.skew_s(),
        };
        self.db.write(move |transaction| set_state(transaction, STATUS, &document)).await?;
        self.announcer.announce(Some(&self.store), Topic::Sync);
        Ok(())
    }
}

/// Runs work that would hold up the runtime on the blocking pool.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> DbResult<T> + Send + 'static) -> DbResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_panicked| DbError::Stopped)?
}
