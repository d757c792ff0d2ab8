//! A segment's own count, to hold an audience against.

use std::sync::Arc;

use super::OpenStore;
use crate::error::Problem;
use crate::klaviyo::{KlaviyoError, SeenSegment};

impl OpenStore {
    /// Asks Klaviyo how many are in a segment. That there is none, or that the key may not look, says nothing of the connection.
    ///
    /// # Errors
    /// The store is not connected, Klaviyo has no such segment, refused, or cannot be asked.
    pub async fn klaviyo_segment(self: &Arc<Self>, id: &str) -> Result<SeenSegment, Problem> {
        let connection = self.get_klaviyo().await?;
        let reached = self.reach_klaviyo(None, None).await?;
        let seen = reached.client.segment(id).await;
        match &seen {
            Ok(_) => self.note_klaviyo(&reached, Ok(&connection.account)).await?,
            Err(error) if error.is_about_the_key() || error.is_a_wait() => {
                self.note_klaviyo(&reached, Err(error)).await?;
            }
            Err(_) => {}
        }
        seen.map_err(|error| match error {
            KlaviyoError::NotFound { .. } => Problem::new(
                "KLAVIYO_NOT_FOUND",
                format!("the Klaviyo account has no segment {:?}", id.chars().take(40).collect::<String>()),
                "Copy the id from the segment's address in Klaviyo.",
            ),
            other => other.into(),
        })
    }
}
