//! The Klaviyo of a store: its key found, its client made, and what answers say of the connection written down.

mod check;
mod connect;
mod report;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::OpenStore;
use crate::actions::Doer;
use crate::audit::Entry;
use crate::db::{DbResult, Transaction};
use crate::domain::klaviyo::{KLAVIYO_URL, KlaviyoAccount, KlaviyoStatus};
use crate::domain::store::KeySource;
use crate::error::Problem;
use crate::facts::klaviyo::{KlaviyoConnection, Trouble, find_klaviyo, list_waits, set_klaviyo, set_waits};
use crate::http::check_base_url;
use crate::klaviyo::{Klaviyo, KlaviyoError, REVISION, Wait};
use crate::queries::klaviyo::{DisconnectPreview, KeyAtHand, KlaviyoView, disconnect_preview, view};
use crate::secrets::KlaviyoKey;
use crate::topic::Topic;

pub use connect::MetricSet;

/// Environment variable with the base URL of a new connection.
const URL_VARIABLE: &str = "FOREDECK_KLAVIYO_URL";

/// A client, and what it was made from.
pub(super) struct Reached {
    pub(super) client: Klaviyo,
    key: KlaviyoKey,
    url: String,
    /// The connection there is; None before the first.
    connection: Option<KlaviyoConnection>,
    /// The key is the store's own, so that what Klaviyo says of it is said of the connection.
    is_own: bool,
}

impl OpenStore {
    /// Where the store stands with Klaviyo.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn klaviyo_view(&self) -> Result<KlaviyoView, Problem> {
        let (key, now) = (self.klaviyo_key_at_hand().await?, self.wiring.clock.now());
        Ok(self.db.read(move |connection| view(connection, &key, now, REVISION)).await?)
    }

    /// What disconnecting would clear.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn klaviyo_disconnect_preview(&self) -> Result<DisconnectPreview, Problem> {
        let key = self.klaviyo_key_at_hand().await?;
        Ok(self.db.read(move |connection| disconnect_preview(connection, &key)).await?)
    }

    /// The base URL of the connection; None where there is none.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn klaviyo_url(&self) -> Result<Option<String>, Problem> {
        Ok(self.klaviyo_connection().await?.map(|connection| connection.url))
    }

    pub(super) async fn klaviyo_connection(&self) -> Result<Option<KlaviyoConnection>, Problem> {
        Ok(self.db.read(find_klaviyo).await?)
    }

    pub(super) async fn get_klaviyo(&self) -> Result<KlaviyoConnection, Problem> {
        self.klaviyo_connection().await?.ok_or_else(|| {
            Problem::new(
                "KLAVIYO_NOT_CONNECTED",
                "this store is not connected to Klaviyo",
                "Connect it with a private key and a conversion metric.",
            )
        })
    }

    async fn klaviyo_key_at_hand(&self) -> Result<KeyAtHand, Problem> {
        let none = KeyAtHand { source: KeySource::None, prefix: None, problem: None };
        if self.record.is_none() {
            return Ok(none);
        }
        let problem = self.wiring.secrets.klaviyo().environment_problem();
        let problem = problem.map(|error| format!("FOREDECK_KLAVIYO_KEY: {error}"));
        let url = self.klaviyo_url().await?.unwrap_or_else(|| KLAVIYO_URL.to_owned());
        Ok(match self.find_klaviyo_key(&url).await {
            Some((key, source)) => KeyAtHand { source, prefix: Some(key.prefix()), problem },
            None => KeyAtHand { problem, ..none },
        })
    }

    async fn find_klaviyo_key(&self, url: &str) -> Option<(KlaviyoKey, KeySource)> {
        let (secrets, store, url) =
            (Arc::clone(&self.wiring.secrets), self.public_id.clone(), url.to_owned());
        tokio::task::spawn_blocking(move || secrets.klaviyo().find(&store, &url)).await.ok().flatten()
    }

    /// A client with a key that was given, or with the store's own.
    pub(super) async fn reach_klaviyo(
        &self,
        given: Option<KlaviyoKey>,
        asked_url: Option<&str>,
    ) -> Result<Reached, Problem> {
        self.own_record()?;
        let connection = self.klaviyo_connection().await?;
        let url = url_of(connection.as_ref(), asked_url)?;
        let is_own = given.is_none();
        let key = match given {
            Some(key) => key,
            None => self.own_klaviyo_key(&url).await?,
        };
        // Whoever opened the engine with a rate of their own is taken at their word.
        let paces = self.wiring.max_per_s.is_none().then(|| self.klaviyo_paces.clone());
        let client = Klaviyo::new(&url, &key, paces, Arc::clone(&self.wiring.clock))?;
        if is_own && connection.is_some() {
            let waits = self.db.read(list_waits).await?;
            let wait = |(told_at, until)| Wait { told_at, until };
            client.keep_waits(&waits.into_iter().map(|(name, of)| (name, wait(of))).collect());
        }
        Ok(Reached { client, key, url, connection, is_own })
    }

    async fn own_klaviyo_key(&self, url: &str) -> Result<KlaviyoKey, Problem> {
        if let Some(error) = self.wiring.secrets.klaviyo().environment_problem() {
            let hint = "Correct FOREDECK_KLAVIYO_KEY, or unset it to use the keychain.";
            return Err(Problem::new("BAD_KLAVIYO_KEY", format!("FOREDECK_KLAVIYO_KEY: {error}"), hint));
        }
        let found = self.find_klaviyo_key(url).await;
        found.map(|(key, _)| key).ok_or_else(|| {
            Problem::new(
                "NO_KLAVIYO_KEY",
                "no Klaviyo key is at hand for this store",
                "Give a private key, or set FOREDECK_KLAVIYO_KEY.",
            )
        })
    }

    /// Writes down what an answer to the store's own key says of the connection, and until when Klaviyo asks to wait.
    pub(super) async fn note_klaviyo(
        &self,
        reached: &Reached,
        outcome: Result<&KlaviyoAccount, &KlaviyoError>,
    ) -> Result<(), Problem> {
        let Some(before) = reached.connection.clone().filter(|_| reached.is_own) else { return Ok(()) };
        let waits: BTreeMap<String, (i64, i64)> = reached
            .client
            .waits()
            .into_iter()
            .map(|(name, wait)| (name, (wait.told_at, wait.until)))
            .collect();
        let now = self.wiring.clock.now();
        let after = judged(before.clone(), outcome, now);
        let changed = (after.status, &after.trouble) != (before.status, &before.trouble);
        if changed {
            tracing::info!(
                store = self.public_id,
                status = after.status.as_str(),
                code = after.trouble.as_ref().map_or("", |trouble| trouble.code.as_str()),
                "the Klaviyo connection changed"
            );
        }
        self.db
            .write_durable(move |transaction| {
                // Another process may have disconnected meanwhile; nothing comes back by an answer.
                let same = |there: KlaviyoConnection| there.connected_at == after.connected_at;
                if find_klaviyo(transaction)?.is_some_and(same) {
                    set_klaviyo(transaction, &after)?;
                    set_waits(transaction, &waits)?;
                }
                Ok(())
            })
            .await?;
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Klaviyo);
        Ok(())
    }

    /// Writes, and in the same transaction into the audit who did it.
    async fn write_audited(
        &self,
        doer: &Doer,
        event: &'static str,
        body: serde_json::Value,
        work: impl FnOnce(&Transaction<'_>) -> DbResult<()> + Send + 'static,
    ) -> Result<(), Problem> {
        let (audit, at, operator) = (self.audit().await?, self.wiring.clock.now(), doer.name.clone());
        let chain = audit.clone();
        self.db
            .write_durable(move |transaction| {
                work(transaction)?;
                let entry = Entry { at, operator: &operator, action: None, event, body: &body };
                chain.append(transaction, &entry)?;
                Ok(())
            })
            .await?;
        self.db.read(move |connection| audit.keep_head(connection)).await?;
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Klaviyo);
        // A report sync may have been asked for with it.
        self.signals.wake_reports();
        Ok(())
    }
}

/// The connection's URL, which is fixed; of a new connection the one that was asked for, else the environment's, else Klaviyo's.
fn url_of(connection: Option<&KlaviyoConnection>, asked: Option<&str>) -> Result<String, Problem> {
    let asked = asked.map(check_base_url).transpose()?;
    if let Some(connection) = connection {
        return match asked {
            Some(url) if url != connection.url => Err(Problem::new(
                "KLAVIYO_URL_FIXED",
                format!("the connection's base URL is {} and stays so", connection.url),
                "Disconnect Klaviyo first to connect it at another URL.",
            )),
            _ => Ok(connection.url.clone()),
        };
    }
    if let Some(url) = asked {
        return Ok(url);
    }
    let given = std::env::var(URL_VARIABLE).ok().filter(|url| !url.trim().is_empty());
    Ok(given.as_deref().map(check_base_url).transpose()?.unwrap_or_else(|| KLAVIYO_URL.to_owned()))
}

/// The connection after an answer.
fn judged(
    before: KlaviyoConnection,
    outcome: Result<&KlaviyoAccount, &KlaviyoError>,
    now: i64,
) -> KlaviyoConnection {
    let (status, trouble, account) = match outcome {
        Ok(account) if account.public_id == before.account.public_id => {
            (KlaviyoStatus::Connected, None, account.clone())
        }
        Ok(_) => (KlaviyoStatus::Error, Some(Trouble::from(&other_account())), before.account.clone()),
        // Nothing is wrong with a connection that has to wait: its waits say so.
        Err(error) if error.is_a_wait() => (before.status, before.trouble.clone(), before.account.clone()),
        Err(error) => {
            let rejected = error.is_about_the_key();
            let status = if rejected { KlaviyoStatus::Disconnected } else { KlaviyoStatus::Error };
            (status, Some(Trouble::from(&Problem::from(error.clone()))), before.account.clone())
        }
    };
    let same = (status, trouble.as_ref().map(|trouble| &trouble.code))
        == (before.status, before.trouble.as_ref().map(|trouble| &trouble.code));
    let since = if same { before.since } else { now };
    KlaviyoConnection { status, since, trouble, account, checked_at: now, ..before }
}

fn other_account() -> Problem {
    Problem::new(
        "OTHER_KLAVIYO_ACCOUNT",
        "this key belongs to another Klaviyo account than the connection",
        "Use a key of the connected account, or disconnect first.",
    )
}
