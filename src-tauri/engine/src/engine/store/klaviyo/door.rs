//! The door to a store's Klaviyo: its key found, its client made, and what answers say of the connection written down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::{judged, other_account, url_of};
use crate::actions::{Later, Opened, OpensKlaviyo};
use crate::clock::SharedClock;
use crate::db::Db;
use crate::domain::klaviyo::KlaviyoAccount;
use crate::domain::store::KeySource;
use crate::error::Problem;
use crate::facts::klaviyo::{KlaviyoConnection, Trouble, add_waits, find_klaviyo, list_waits, set_klaviyo};
use crate::http::Paces;
use crate::klaviyo::{Klaviyo, KlaviyoError, Wait};
use crate::secrets::{KlaviyoKey, Secrets};
use crate::topic::{Announcer, Topic};

/// How long a client is used again before its key is asked for anew.
const KEPT: Duration = Duration::from_secs(20);

/// A client, and what it was made from.
pub(in crate::engine) struct Reached {
    pub client: Arc<Klaviyo>,
    pub key: KlaviyoKey,
    pub url: String,
    /// The connection there is; None before the first.
    pub connection: Option<KlaviyoConnection>,
    /// The key is the store's own, so that what Klaviyo says of it is said of the connection.
    pub is_own: bool,
}

/// The door. Made once for an open store.
pub(in crate::engine) struct Door {
    pub store: String,
    pub db: Db,
    pub secrets: Arc<Secrets>,
    pub clock: SharedClock,
    pub announcer: Announcer,
    /// How often endpoints are asked; None for an engine that was opened with a rate of its own.
    pub paces: Option<Paces>,
    pub kept: Mutex<Option<Kept>>,
    /// Whose the key is that was asked about last.
    pub whose: std::sync::Mutex<Option<Whose>>,
    /// Held while Klaviyo is looked at.
    pub turns: Arc<Mutex<()>>,
}

/// What Klaviyo said of a key; it never says otherwise.
pub(in crate::engine) struct Whose {
    key: KlaviyoKey,
    url: String,
    account: KlaviyoAccount,
}

/// A client that is used again.
pub(in crate::engine) struct Kept {
    reached: Arc<Reached>,
    until: Duration,
}

impl Door {
    pub(super) async fn connection(&self) -> Result<Option<KlaviyoConnection>, Problem> {
        Ok(self.db.read(find_klaviyo).await?)
    }

    pub(super) async fn find_key(&self, url: &str) -> Option<(KlaviyoKey, KeySource)> {
        let (secrets, store, url) = (Arc::clone(&self.secrets), self.store.clone(), url.to_owned());
        tokio::task::spawn_blocking(move || secrets.klaviyo().find(&store, &url)).await.ok().flatten()
    }

    /// A client with a key that was given, or with the store's own.
    pub(super) async fn reach(
        &self,
        given: Option<KlaviyoKey>,
        asked_url: Option<&str>,
    ) -> Result<Reached, Problem> {
        let connection = self.connection().await?;
        let url = url_of(connection.as_ref(), asked_url)?;
        let is_own = given.is_none();
        let key = match given {
            Some(key) => key,
            None => self.own_key(&url).await?,
        };
        let client = Klaviyo::new(&url, &key, self.paces.clone(), Arc::clone(&self.clock))?;
        if is_own && connection.is_some() {
            let waits = self.db.read(list_waits).await?;
            let wait = |(told_at, until)| Wait { told_at, until };
            client.keep_waits(&waits.into_iter().map(|(name, of)| (name, wait(of))).collect());
        }
        Ok(Reached { client: Arc::new(client), key, url, connection, is_own })
    }

    async fn own_key(&self, url: &str) -> Result<KlaviyoKey, Problem> {
        if let Some(error) = self.secrets.klaviyo().environment_problem() {
            let hint = "Correct FOREDECK_KLAVIYO_KEY, or unset it to use the keychain.";
            return Err(Problem::new("BAD_KLAVIYO_KEY", format!("FOREDECK_KLAVIYO_KEY: {error}"), hint));
        }
        let found = self.find_key(url).await;
        found.map(|(key, _)| key).ok_or_else(|| {
            Problem::new(
                "NO_KLAVIYO_KEY",
                "no Klaviyo key is at hand for this store",
                "Give a private key, or set FOREDECK_KLAVIYO_KEY.",
            )
        })
    }

    /// The client that was used just before, or another: of the connection as it is now.
    async fn reach_again(&self) -> Result<Arc<Reached>, Problem> {
        let connection = self.connection().await?.ok_or_else(not_connected)?;
        let mut kept = self.kept.lock().await;
        let now = self.clock.monotonic();
        let same = |there: &KlaviyoConnection| {
            (there.connected_at, &there.url, &there.account.public_id)
                == (connection.connected_at, &connection.url, &connection.account.public_id)
        };
        if let Some(one) = kept.as_ref()
            && one.until > now
            && one.reached.connection.as_ref().is_some_and(same)
        {
            return Ok(Arc::clone(&one.reached));
        }
        let reached = Arc::new(self.reach(None, None).await?);
        self.must_be_of(&reached, &connection).await?;
        *kept = Some(Kept { reached: Arc::clone(&reached), until: now.saturating_add(KEPT) });
        Ok(reached)
    }

    /// Whether the key is of the connected account: Klaviyo is asked once for each key, and what it said is kept while the process runs.
    async fn must_be_of(&self, reached: &Reached, connection: &KlaviyoConnection) -> Result<(), Problem> {
        let account = match self.account_of(reached) {
            Some(account) => account,
            None => match reached.client.account().await {
                Ok(account) => {
                    self.keep_account(reached, &account);
                    account
                }
                Err(error) => {
                    self.note_answer(reached, Err(&error)).await?;
                    return Err(error.into());
                }
            },
        };
        if account.public_id == connection.account.public_id {
            return Ok(());
        }
        let problem = other_account();
        let said = connection.trouble.as_ref().is_some_and(|trouble| trouble.code == problem.code);
        if !said {
            self.note_answer(reached, Ok(&account)).await?;
        }
        Err(problem)
    }

    fn account_of(&self, reached: &Reached) -> Option<KlaviyoAccount> {
        let whose = self.whose.lock().expect("no panic while held");
        let known = whose.as_ref().filter(|of| of.url == reached.url && reached.client.asks_with(&of.key));
        known.map(|of| of.account.clone())
    }

    /// Keeps whose a key is.
    pub(super) fn keep_account(&self, reached: &Reached, account: &KlaviyoAccount) {
        let (key, url) = (reached.key.clone(), reached.url.clone());
        let said = Whose { key, url, account: account.clone() };
        *self.whose.lock().expect("no panic while held") = Some(said);
    }

    /// Forgets the client that is used again: its key may be another now.
    pub(super) async fn forget(&self) {
        *self.kept.lock().await = None;
    }

    /// Writes down what an answer to the store's own key says of the connection, and until when Klaviyo asks to wait.
    pub(super) async fn note_answer(
        &self,
        reached: &Reached,
        outcome: Result<&KlaviyoAccount, &KlaviyoError>,
    ) -> Result<(), Problem> {
        match &reached.connection {
            Some(connection) if reached.is_own => {
                self.note_from(&reached.client, &connection.account.public_id, outcome).await
            }
            _ => Ok(()),
        }
    }

    /// As [`Self::note_answer`], of a client that was made for this account with the key the store had then.
    async fn note_from(
        &self,
        client: &Klaviyo,
        account: &str,
        outcome: Result<&KlaviyoAccount, &KlaviyoError>,
    ) -> Result<(), Problem> {
        let now = self.clock.now();
        // As it stands now: another answer may have said something since this client was made.
        let Some(before) = self.connection().await?.filter(|there| there.account.public_id == account) else {
            return Ok(());
        };
        let replaced = self.find_key(&before.url).await.is_some_and(|(key, _)| !client.asks_with(&key));
        let waits: BTreeMap<String, (i64, i64)> =
            client.waits().into_iter().map(|(name, wait)| (name, (wait.told_at, wait.until))).collect();
        // What is said to a key that has been replaced says nothing of the one there is.
        let after = if replaced { before.clone() } else { judged(before.clone(), outcome, now) };
        let changed = (after.status, &after.trouble) != (before.status, &before.trouble);
        if changed {
            tracing::info!(
                store = self.store,
                status = after.status.as_str(),
                code = after.trouble.as_ref().map_or("", |trouble| trouble.code.as_str()),
                "the Klaviyo connection changed"
            );
        }
        self.db
            .write_durable(move |transaction| {
                let Some(there) = find_klaviyo(transaction)? else { return Ok(()) };
                // Nothing comes back by an answer that another process has disconnected meanwhile.
                if there.connected_at == before.connected_at {
                    add_waits(transaction, &waits, now)?;
                }
                // What was decided or told meanwhile is newer than this answer.
                if there == before {
                    set_klaviyo(transaction, &after)?;
                }
                Ok(())
            })
            .await?;
        self.announcer.announce(Some(&self.store), Topic::Klaviyo);
        Ok(())
    }
}

impl OpensKlaviyo for Door {
    fn open(&self) -> Later<'_, Result<Opened, Problem>> {
        Box::pin(async {
            let reached = self.reach_again().await?;
            let account = reached.connection.as_ref().map(|there| there.account.public_id.clone());
            Ok(Opened { client: Arc::clone(&reached.client), account: account.unwrap_or_default() })
        })
    }

    fn note<'a>(&'a self, opened: &'a Opened, error: &'a KlaviyoError) -> Later<'a, ()> {
        Box::pin(async move {
            if error.is_about_the_key() {
                self.forget().await;
            }
            if let Err(problem) = self.note_from(&opened.client, &opened.account, Err(error)).await {
                tracing::warn!(store = self.store, code = problem.code, "what Klaviyo said was not noted");
            }
        })
    }

    fn note_answered<'a>(&'a self, opened: &'a Opened) -> Later<'a, ()> {
        Box::pin(async move {
            let Ok(Some(now)) = self.connection().await else { return };
            if !now.trouble.as_ref().is_some_and(passes) {
                return;
            }
            let noted = self.note_from(&opened.client, &opened.account, Ok(&now.account)).await;
            if let Err(problem) = noted {
                tracing::warn!(
                    store = self.store,
                    code = problem.code,
                    "that Klaviyo answered was not noted"
                );
            }
        })
    }
}

/// Whether a trouble is over once Klaviyo answers. What lacks a scope, or is another account's, is not.
fn passes(trouble: &Trouble) -> bool {
    !["KLAVIYO_SCOPE_MISSING", "OTHER_KLAVIYO_ACCOUNT"].contains(&trouble.code.as_str())
}

pub(super) fn not_connected() -> Problem {
    Problem::new(
        "KLAVIYO_NOT_CONNECTED",
        "this store is not connected to Klaviyo",
        "Connect it with a private key and a conversion metric.",
    )
}
