//! Testing a key, and the connection.

use std::sync::Arc;

use super::report::report;
use super::{OpenStore, Reached, other_account};
use crate::domain::klaviyo::{KlaviyoCheck, KlaviyoTest, KlaviyoWarning, suggest};
use crate::error::Problem;
use crate::klaviyo::{KlaviyoError, Look};
use crate::secrets::KlaviyoKey;

impl OpenStore {
    /// Tests a key, or the store's own: whose it is, what it may do, and which metrics there are.
    ///
    /// # Errors
    /// Klaviyo refuses the key, or cannot be asked.
    pub async fn test_klaviyo(
        self: &Arc<Self>,
        key: Option<KlaviyoKey>,
        url: Option<&str>,
    ) -> Result<KlaviyoTest, Problem> {
        let reached = self.reach_klaviyo(key, url).await?;
        let look = self.looked(&reached).await?;
        self.tested(&reached, look).await
    }

    /// Tests the connection: the same with the account's lists, clocks, and a report to be copied.
    ///
    /// # Errors
    /// The store is not connected, Klaviyo refuses the key, cannot be asked, or the key is of another account.
    pub async fn check_klaviyo(self: &Arc<Self>) -> Result<KlaviyoCheck, Problem> {
        let connection = self.get_klaviyo().await?;
        let reached = self.reach_klaviyo(None, None).await?;
        let look = self.looked(&reached).await?;
        if look.account.public_id != connection.account.public_id {
            return Err(other_account());
        }
        let account = look.account.clone();
        let lists = match reached.client.lists().await {
            Ok(lists) => Ok(Some(lists)),
            Err(KlaviyoError::ScopeMissing { .. }) => Ok(None),
            Err(error) if error.is_about_the_key() => {
                self.note_klaviyo(&reached, Err(&error)).await?;
                return Err(error.into());
            }
            Err(error) => Err(error),
        };
        let mut seen = self.tested(&reached, look).await?;
        let lists = lists.unwrap_or_else(|error| {
            let message = format!("lists cannot be read: {error}");
            seen.warnings.push(KlaviyoWarning { code: "LISTS".to_owned(), message });
            None
        });
        if seen.warnings.iter().all(|warning| warning.code != "FOREIGN_NEXT") {
            seen.warnings.extend(reached.client.foreign_next_warning());
        }
        // The waits that came up since the first look.
        self.note_klaviyo(&reached, Ok(&account)).await?;
        seen.limits = reached.client.limits();
        let mut check = KlaviyoCheck {
            at: self.wiring.clock.now(),
            seen,
            lists,
            clock_skew_s: reached.client.http().skew_s(),
            latency_ms: reached.client.latency_ms(),
            report: String::new(),
        };
        check.report = report(&check, &connection);
        Ok(check)
    }

    async fn tested(&self, reached: &Reached, look: Look) -> Result<KlaviyoTest, Problem> {
        let scopes = match reached.client.scopes(look.metrics_scope).await {
            Ok(scopes) => scopes,
            Err(error) => {
                self.note_klaviyo(reached, Err(&error)).await?;
                return Err(error.into());
            }
        };
        let connection = reached.connection.as_ref();
        let same_account =
            connection.map(|connection| connection.account.public_id == look.account.public_id);
        let current = connection.filter(|_| same_account == Some(true));
        let current = current.map(|connection| connection.metric.id.as_str());
        let mut warnings = look.warnings;
        if !reached.key.has_usual_length() {
            let message = "the key is not as long as Klaviyo's keys were so far".to_owned();
            warnings.insert(0, KlaviyoWarning { code: "KEY_LENGTH".to_owned(), message });
        }
        Ok(KlaviyoTest {
            suggested: suggest(&look.metrics, current, look.revenue.as_deref()),
            account: look.account,
            scopes,
            metrics: look.metrics,
            limits: reached.client.limits(),
            revision: reached.client.revision(),
            warnings,
            key_prefix: reached.key.prefix(),
            same_account,
        })
    }
}
