//! The Klaviyo of a store: its key found, its client made, and what answers say of the connection written down.

mod check;
mod connect;
mod door;
mod events;
mod report;
mod segment;

use super::OpenStore;
use crate::actions::Doer;
use crate::audit::Entry;
use crate::db::{DbResult, Transaction};
use crate::domain::klaviyo::{KLAVIYO_URL, KlaviyoAccount, KlaviyoStatus};
use crate::domain::store::KeySource;
use crate::error::Problem;
use crate::facts::klaviyo::{KlaviyoConnection, Trouble};
use crate::http::check_base_url;
use crate::klaviyo::{KlaviyoError, REVISION};
use crate::queries::klaviyo::{DisconnectPreview, KeyAtHand, KlaviyoView, disconnect_preview, view};
use crate::secrets::KlaviyoKey;
use crate::topic::Topic;

pub use connect::MetricSet;
pub(in crate::engine) use door::Door;
use door::{Reached, not_connected};
pub use events::Fill;
pub(in crate::engine) use events::note_policy;

/// Environment variable with the base URL of a new connection.
const URL_VARIABLE: &str = "FOREDECK_KLAVIYO_URL";

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
        self.klaviyo.connection().await
    }

    pub(super) async fn get_klaviyo(&self) -> Result<KlaviyoConnection, Problem> {
        self.klaviyo_connection().await?.ok_or_else(not_connected)
    }

    async fn klaviyo_key_at_hand(&self) -> Result<KeyAtHand, Problem> {
        let none = KeyAtHand { source: KeySource::None, prefix: None, problem: None };
        if self.record.is_none() {
            return Ok(none);
        }
        let problem = self.wiring.secrets.klaviyo().environment_problem();
        let problem = problem.map(|error| format!("FOREDECK_KLAVIYO_KEY: {error}"));
        let url = self.klaviyo_url().await?.unwrap_or_else(|| KLAVIYO_URL.to_owned());
        Ok(match self.klaviyo.find_key(&url).await {
            Some((key, source)) => KeyAtHand { source, prefix: Some(key.prefix()), problem },
            None => KeyAtHand { problem, ..none },
        })
    }

    /// A client with a key that was given, or with the store's own.
    pub(super) async fn reach_klaviyo(
        &self,
        given: Option<KlaviyoKey>,
        asked_url: Option<&str>,
    ) -> Result<Reached, Problem> {
        self.own_record()?;
        self.klaviyo.reach(given, asked_url).await
    }

    pub(super) async fn note_klaviyo(
        &self,
        reached: &Reached,
        outcome: Result<&KlaviyoAccount, &KlaviyoError>,
    ) -> Result<(), Problem> {
        self.klaviyo.note_answer(reached, outcome).await
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
