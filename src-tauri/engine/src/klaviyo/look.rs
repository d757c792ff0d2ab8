//! One look at an account: whose it is, and every metric that conversions can be counted by.

use super::{Klaviyo, KlaviyoError, REVISION};
use crate::domain::klaviyo::{KlaviyoAccount, KlaviyoMetric, KlaviyoWarning, ScopeState, merge_metrics};

/// What a look saw.
#[derive(Debug)]
pub struct Look {
    /// The account.
    pub account: KlaviyoAccount,
    /// Metrics and custom metrics, in the order they are shown in.
    pub metrics: Vec<KlaviyoMetric>,
    /// Whether the key may read them.
    pub metrics_scope: ScopeState,
    /// The metric that the account counts its revenue by.
    pub revenue: Option<String>,
    /// What stops nothing.
    pub warnings: Vec<KlaviyoWarning>,
}

impl Klaviyo {
    /// Looks at the account. That custom or mapped metrics cannot be read is a warning.
    ///
    /// # Errors
    /// The account or its metrics cannot be read. A key without the scope for metrics is no error: the look says so.
    pub async fn look(&self) -> Result<Look, KlaviyoError> {
        let account = self.account().await?;
        let mut look = Look {
            account,
            metrics: Vec::new(),
            metrics_scope: ScopeState::Granted,
            revenue: None,
            warnings: Vec::new(),
        };
        if look.account.test_account {
            look.warn("TEST_ACCOUNT", "Klaviyo says that this is a test account".to_owned());
        }
        self.look_at_metrics(&mut look).await?;
        if let Some(answered) = self.revision().answered.filter(|answered| answered != REVISION) {
            look.warn("REVISION", format!("asked for revision {REVISION}, Klaviyo answered as {answered}"));
        }
        look.warnings.extend(self.foreign_next_warning());
        Ok(look)
    }

    /// That a list went on at another host, if one did: a sign that something stands between here and Klaviyo.
    pub fn foreign_next_warning(&self) -> Option<KlaviyoWarning> {
        let host: String = self.foreign_next()?.chars().take(100).collect();
        let message = format!(
            "a list goes on at {host}, where nothing was sent: its next page was asked for where the first one was"
        );
        Some(KlaviyoWarning { code: "FOREIGN_NEXT".to_owned(), message })
    }

    async fn look_at_metrics(&self, look: &mut Look) -> Result<(), KlaviyoError> {
        let metrics = match self.metrics().await {
            Ok(metrics) => metrics,
            Err(KlaviyoError::ScopeMissing { .. }) => {
                look.metrics_scope = ScopeState::Missing;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if !metrics.complete {
            look.warn("METRICS_CUT", format!("only the first {} metrics were read", metrics.rows.len()));
        }
        let custom = self.custom_metrics().await.unwrap_or_else(|error| {
            look.warn("CUSTOM_METRICS", format!("custom metrics cannot be read: {error}"));
            Vec::new()
        });
        look.metrics = merge_metrics(metrics.rows, custom);
        look.revenue = self.mapped_revenue().await.unwrap_or_else(|error| {
            look.warn("MAPPED_METRICS", format!("mapped metrics cannot be read: {error}"));
            None
        });
        Ok(())
    }
}

impl Look {
    /// Adds a warning.
    pub fn warn(&mut self, code: &str, message: String) {
        self.warnings.push(KlaviyoWarning { code: code.to_owned(), message });
    }

    /// The metric of an id.
    ///
    /// # Errors
    /// The key may not read metrics, or there is none of that id.
    pub fn metric(&self, id: &str) -> Result<&KlaviyoMetric, KlaviyoError> {
        if self.metrics_scope == ScopeState::Missing {
            return Err(KlaviyoError::ScopeMissing { scope: "metrics:read".to_owned() });
        }
        let shown = || id.chars().take(60).collect();
        self.metrics
            .iter()
            .find(|metric| metric.id == id)
            .ok_or_else(|| KlaviyoError::MetricNotFound { id: shown() })
    }
}
