//! Connecting, another key, another metric, and disconnecting. Each is written to the audit with it.

use std::sync::Arc;

use serde_json::json;

use super::{OpenStore, Reached, other_account};
use crate::actions::Doer;
use crate::db::{DbResult, Transaction};
use crate::domain::klaviyo::{KLAVIYO_URL, KlaviyoMetric, KlaviyoStatus, ReportKind};
use crate::error::Problem;
use crate::facts::klaviyo::{KlaviyoConnection, clear_klaviyo, find_klaviyo, queue_report_sync, set_klaviyo};
use crate::klaviyo::Look;
use crate::secrets::{Kept, KlaviyoKey};

/// What another conversion metric brings with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricSet {
    /// The reports that are counted anew; none where the metric is the one it was.
    pub resyncs: Vec<ReportKind>,
}

impl OpenStore {
    /// Connects the store to the account of a key, with a conversion metric. Without a key the environment's is used, or the one
    /// there is. A first report sync is asked for; the connection stands whatever becomes of it.
    ///
    /// # Errors
    /// The key or the metric is refused, Klaviyo cannot be asked, or another account is connected.
    pub async fn connect_klaviyo(
        self: &Arc<Self>,
        key: Option<KlaviyoKey>,
        metric: &str,
        url: Option<&str>,
        doer: &Doer,
    ) -> Result<(), Problem> {
        let given = key.is_some();
        let reached = self.reach_klaviyo(key, url).await?;
        let look = self.looked(&reached).await?;
        let before = reached.connection.clone();
        if before.as_ref().is_some_and(|there| there.account.public_id != look.account.public_id) {
            return Err(Problem::new(
                "ALREADY_CONNECTED",
                "the store is connected to another Klaviyo account",
                "Disconnect that one first.",
            ));
        }
        let metric = look.metric(metric)?.clone();
        if given {
            self.keep_klaviyo_key(&reached).await?;
        }
        let outcome = self.write_connection(&reached, look, metric, doer).await;
        if outcome.is_err() && given && before.is_none() {
            // A key without a connection would be found by nobody.
            self.forget_klaviyo_key(&reached.url).await;
        }
        outcome
    }

    async fn write_connection(
        &self,
        reached: &Reached,
        look: Look,
        metric: KlaviyoMetric,
        doer: &Doer,
    ) -> Result<(), Problem> {
        let now = self.wiring.clock.now();
        let before = reached.connection.clone();
        let was_connected = before.as_ref().filter(|there| there.status == KlaviyoStatus::Connected);
        let connection = KlaviyoConnection {
            status: KlaviyoStatus::Connected,
            since: was_connected.map_or(now, |there| there.since),
            trouble: None,
            url: reached.url.clone(),
            account: look.account,
            connected_at: before.as_ref().map_or(now, |there| there.connected_at),
            connected_by: before
                .as_ref()
                .map_or_else(|| doer.name.clone(), |there| there.connected_by.clone()),
            checked_at: now,
            metric,
        };
        let body = json!({"public_id": connection.account.public_id, "account": connection.account.name,
            "test_account": connection.account.test_account, "url": connection.url, "metric": connection.metric});
        let stale = stale_by(before.as_ref(), &connection.metric);
        let reason = if before.is_none() { "connected" } else { "metric_changed" };
        self.write_audited(doer, "klaviyo_connected", body, move |transaction| {
            set_klaviyo(transaction, &connection)?;
            if !stale.is_empty() {
                queue_report_sync(transaction, now, stale, reason)?;
            }
            Ok(())
        })
        .await
    }

    /// Gives the connection another key of the same account.
    ///
    /// # Errors
    /// The store is not connected, Klaviyo refuses the key or cannot be asked, or the key is of another account.
    pub async fn rotate_klaviyo_key(self: &Arc<Self>, key: KlaviyoKey, doer: &Doer) -> Result<(), Problem> {
        let before = self.get_klaviyo().await?;
        let reached = self.reach_klaviyo(Some(key), None).await?;
        let account = reached.client.account().await?;
        self.klaviyo.keep_account(&reached, &account);
        if account.public_id != before.account.public_id {
            return Err(other_account());
        }
        self.keep_klaviyo_key(&reached).await?;
        let now = self.wiring.clock.now();
        let since = if before.status == KlaviyoStatus::Connected { before.since } else { now };
        let body = json!({"public_id": account.public_id});
        let connection = KlaviyoConnection {
            status: KlaviyoStatus::Connected,
            since,
            trouble: None,
            account,
            checked_at: now,
            ..before
        };
        self.write_audited(doer, "klaviyo_key_rotated", body, move |transaction| {
            // A metric that was set meanwhile stays, and what was disconnected does not come back.
            let Some(there) = find_still(transaction, &connection)? else { return Ok(()) };
            set_klaviyo(transaction, &KlaviyoConnection { metric: there.metric, ..connection })
        })
        .await
    }

    /// Counts conversions by another metric; what is counted by it is synced anew.
    ///
    /// # Errors
    /// The store is not connected, the account has no such metric, or Klaviyo cannot be asked.
    pub async fn set_klaviyo_metric(
        self: &Arc<Self>,
        metric: &str,
        doer: &Doer,
    ) -> Result<MetricSet, Problem> {
        let before = self.get_klaviyo().await?;
        let reached = self.reach_klaviyo(None, None).await?;
        let look = self.looked(&reached).await?;
        if look.account.public_id != before.account.public_id {
            return Err(other_account());
        }
        let metric = look.metric(metric)?.clone();
        let stale = stale_by(Some(&before), &metric);
        if stale.is_empty() {
            return Ok(MetricSet { resyncs: Vec::new() });
        }
        let now = self.wiring.clock.now();
        let body = json!({"before": before.metric, "after": metric, "resyncs": stale});
        let connection = KlaviyoConnection {
            status: KlaviyoStatus::Connected,
            since: if before.status == KlaviyoStatus::Connected { before.since } else { now },
            trouble: None,
            account: look.account,
            metric,
            checked_at: now,
            ..before
        };
        self.write_audited(doer, "klaviyo_metric_changed", body, move |transaction| {
            if find_still(transaction, &connection)?.is_none() {
                return Ok(());
            }
            set_klaviyo(transaction, &connection)?;
            queue_report_sync(transaction, now, stale, "metric_changed")
        })
        .await?;
        Ok(MetricSet { resyncs: stale.to_vec() })
    }

    /// Ends the connection: its key leaves the keychain and everything of Klaviyo's the mirror. What is Stripe's and the shop's
    /// stays, and so does the audit.
    ///
    /// # Errors
    /// The store is not connected, the key cannot be taken out of the keychain, or the mirror cannot be written.
    pub async fn disconnect_klaviyo(self: &Arc<Self>, doer: &Doer) -> Result<(), Problem> {
        self.own_record()?;
        let before = self.get_klaviyo().await?;
        // First the key: cut short after it, the store says that its key is missing and can be disconnected again.
        if !self.forget_klaviyo_key(&before.url).await {
            return Err(Problem::new(
                "KEYCHAIN",
                "the Klaviyo key cannot be taken out of the keychain",
                "Unlock the keychain, then disconnect again.",
            ));
        }
        let (now, operator) = (self.wiring.clock.now(), doer.name.clone());
        let body = json!({"public_id": before.account.public_id, "account": before.account.name});
        self.write_audited(doer, "klaviyo_disconnected", body, move |transaction| {
            clear_klaviyo(transaction, now, &operator)
        })
        .await
    }

    /// Looks at the account; what the answer says of the connection is written down.
    pub(super) async fn looked(&self, reached: &Reached) -> Result<Look, Problem> {
        let look = reached.client.look().await;
        if let Ok(look) = &look {
            self.klaviyo.keep_account(reached, &look.account);
        }
        self.note_klaviyo(reached, look.as_ref().map(|look| &look.account)).await?;
        Ok(look?)
    }

    async fn keep_klaviyo_key(&self, reached: &Reached) -> Result<Kept, Problem> {
        let (secrets, store) = (Arc::clone(&self.wiring.secrets), self.public_id.clone());
        let (url, key) = (reached.url.clone(), reached.key.clone());
        self.klaviyo.forget().await;
        let kept = tokio::task::spawn_blocking(move || secrets.klaviyo().keep(&store, &url, &key)).await;
        // One that was made meanwhile has the key of before.
        self.klaviyo.forget().await;
        kept.map_err(|_| Problem::new("INTERNAL", "the keychain call ended badly", "Try again."))
    }

    /// Forgets the key for a URL, and one for Klaviyo's own; whether both are gone.
    async fn forget_klaviyo_key(&self, url: &str) -> bool {
        let (secrets, store, url) =
            (Arc::clone(&self.wiring.secrets), self.public_id.clone(), url.to_owned());
        self.klaviyo.forget().await;
        let gone = tokio::task::spawn_blocking(move || {
            let keys = secrets.klaviyo();
            keys.forget(&store, &url) && (url == KLAVIYO_URL || keys.forget(&store, KLAVIYO_URL))
        });
        gone.await.unwrap_or(false)
    }
}

/// The connection as it stands now, where it is still the one that a change was made from.
fn find_still(transaction: &Transaction<'_>, of: &KlaviyoConnection) -> DbResult<Option<KlaviyoConnection>> {
    let same = |there: &KlaviyoConnection| {
        (there.connected_at, &there.account.public_id) == (of.connected_at, &of.account.public_id)
    };
    Ok(find_klaviyo(transaction)?.filter(same))
}

/// The reports that have to be synced for a metric: all of a new connection, else those that are counted by it.
fn stale_by(before: Option<&KlaviyoConnection>, metric: &KlaviyoMetric) -> &'static [ReportKind] {
    match before {
        None => &ReportKind::ALL,
        Some(before) if before.metric.id != metric.id => &ReportKind::BY_METRIC,
        Some(_) => &[],
    }
}
