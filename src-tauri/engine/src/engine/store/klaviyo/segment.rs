//! Segments of the account, and the count of one, to hold an audience against.

use std::sync::Arc;

use super::OpenStore;
use super::door::Reached;
use crate::domain::klaviyo::{KlaviyoAccount, ReportKind};
use crate::error::Problem;
use crate::klaviyo::{KlaviyoError, ListedEntity, SeenSegment};

impl OpenStore {
    /// Asks Klaviyo how many are in a segment. That there is none, or that the key may not look, says nothing of the connection.
    ///
    /// # Errors
    /// The store is not connected, Klaviyo has no such segment, refused, or cannot be asked.
    pub async fn klaviyo_segment(self: &Arc<Self>, id: &str) -> Result<SeenSegment, Problem> {
        let connection = self.get_klaviyo().await?;
        let reached = self.reach_klaviyo(None, None).await?;
        let seen = reached.client.segment(id).await;
        self.note_look(&reached, seen.as_ref().map(|_| &connection.account)).await?;
        seen.map_err(|error| match error {
            KlaviyoError::NotFound { .. } => Problem::new(
                "KLAVIYO_NOT_FOUND",
                format!("the Klaviyo account has no segment {:?}", id.chars().take(40).collect::<String>()),
                "Copy the id from the segment's address in Klaviyo.",
            ),
            other => other.into(),
        })
    }

    /// Asks Klaviyo which segments there are. What is wrong with the answer says as little of the connection.
    ///
    /// # Errors
    /// The store is not connected, Klaviyo refused, or cannot be asked.
    pub async fn klaviyo_segments(self: &Arc<Self>) -> Result<Vec<ListedEntity>, Problem> {
        let connection = self.get_klaviyo().await?;
        let reached = self.reach_klaviyo(None, None).await?;
        let listed = reached.client.report_entities(ReportKind::Segments).await;
        self.note_look(&reached, listed.as_ref().map(|_| &connection.account)).await?;
        Ok(listed?)
    }

    /// Notes with the connection that it answered, or what is wrong with the key or its limits.
    async fn note_look(
        &self,
        reached: &Reached,
        outcome: Result<&KlaviyoAccount, &KlaviyoError>,
    ) -> Result<(), Problem> {
        match outcome {
            Err(error) if !error.is_about_the_key() && !error.is_a_wait() => Ok(()),
            told => self.note_klaviyo(reached, told).await,
        }
    }
}
