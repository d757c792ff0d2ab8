//! The key of a store: found, checked, kept, forgotten.

use std::sync::Arc;

use super::{KeyOutcome, OpenStore};
use crate::domain::store::Mode;
use crate::error::Problem;
use crate::queries::health::SyncState;
use crate::secrets::{Kept, StripeKey};
use crate::stripe::Stripe;
use crate::tasks::account::{self, Verdict};
use crate::topic::Topic;

impl OpenStore {
    async fn stored_key(&self) -> Result<StripeKey, Problem> {
        let record = self.own_record()?.clone();
        if let Some(error) = self.wiring.secrets.environment_problem() {
            let hint = "Correct FOREDECK_STRIPE_KEY, or unset it to use the keychain.";
            return Err(Problem::new("BAD_KEY", format!("FOREDECK_STRIPE_KEY: {error}"), hint));
        }
        let secrets = Arc::clone(&self.wiring.secrets);
        let found =
            tokio::task::spawn_blocking(move || secrets.find_stripe_key(&record)).await.ok().flatten();
        let (key, _) = found.ok_or_else(|| {
            Problem::new(
                "NO_KEY",
                "no Stripe key is at hand for this store",
                "Set a key in Settings, or give FOREDECK_STRIPE_KEY.",
            )
        })?;
        Ok(key)
    }

    /// Whether a key is at hand; where none is, the store's state says so, and what the keychain said.
    pub async fn has_key(&self) -> bool {
        let Err(mut problem) = self.stored_key().await else { return true };
        if problem.code == "NO_KEY" {
            let secrets = Arc::clone(&self.wiring.secrets);
            let probed = tokio::task::spawn_blocking(move || secrets.keychain().probe()).await;
            if let Ok(Err(cause)) = probed {
                problem.message = format!("{}: {cause}", problem.message);
            }
        }
        self.show_problem(&problem);
        false
    }

    fn check_mode(&self, key: &StripeKey) -> Result<(), Problem> {
        let mode = self.own_record()?.mode;
        if key.mode() == mode {
            return Ok(());
        }
        let (is, wants) = if mode == Mode::Live { ("live", "a live key") } else { ("test", "a test key") };
        Err(Problem::new(
            "KEY_MODE",
            format!("this is a {is} store, and the key is not {wants}"),
            format!("Use {wants}, or make another store for this one."),
        ))
    }

    fn client(&self, key: &StripeKey) -> Result<Stripe, Problem> {
        let record = self.own_record()?;
        let most = self.wiring.max_per_s.or(self.settings().max_requests_per_s);
        Ok(Stripe::new(&record.stripe_url, key, most, Arc::clone(&self.wiring.clock))?)
    }

    /// Keeps a key unseen by Stripe, for a store that is made without a network.
    ///
    /// # Errors
    /// The key is of the other mode.
    pub async fn keep_key_unchecked(&self, key: StripeKey) -> Result<Kept, Problem> {
        self.check_mode(&key)?;
        let record = self.own_record()?.clone();
        let secrets = Arc::clone(&self.wiring.secrets);
        let kept = tokio::task::spawn_blocking(move || secrets.keep_stripe_key(&record, &key)).await;
        kept.map_err(|_| Problem::new("INTERNAL", "the keychain call ended badly", "Try again."))
    }

    /// Checks a key against Stripe and the mirror, and keeps it only then.
    ///
    /// # Errors
    /// The key is of the other mode or another account, Stripe refuses it, or Stripe cannot be asked.
    pub async fn set_key(self: &Arc<Self>, key: StripeKey) -> Result<KeyOutcome, Problem> {
        self.check_mode(&key)?;
        let account = match account::judge(&self.client(&key)?, &self.db).await? {
            Verdict::Other => return Err(other_account()),
            Verdict::Same { account } => account,
        };
        if let Some(account) = account.clone() {
            account::adopt(&self.db, account).await?;
        }
        let was_running = self.stop_sync().await;
        let kept = self.keep_key_unchecked(key).await?;
        if was_running {
            self.start_sync();
        }
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Stores);
        Ok(KeyOutcome { kept, account })
    }

    /// Forgets the key and stops syncing.
    ///
    /// # Errors
    /// It is an opened file.
    pub async fn forget_key(&self) -> Result<(), Problem> {
        let record = self.own_record()?.clone();
        self.stop_sync().await;
        let secrets = Arc::clone(&self.wiring.secrets);
        let _done = tokio::task::spawn_blocking(move || secrets.forget_stripe_key(&record)).await;
        self.status.set(|now| now.state = SyncState::NoKey);
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Stores);
        Ok(())
    }

    /// A client with the stored key, for checks a person asks for.
    ///
    /// # Errors
    /// No key, or the wrong one.
    pub async fn stripe(&self) -> Result<Stripe, Problem> {
        let key = self.stored_key().await?;
        self.check_mode(&key)?;
        self.client(&key)
    }
}

pub(super) fn other_account() -> Problem {
    Problem::new(
        "OTHER_ACCOUNT",
        "this key belongs to another Stripe account than the store",
        "Use a key of the store's account, or make a new store for this one.",
    )
}
