//! Whether the mirror knows how an order stands now: nobody is mailed by what it knew when the laptop was closed.

use std::collections::HashSet;

use super::execute::{Desk, Halt};
use super::tell::EventTold;
use crate::db::DbResult;
use crate::domain::kind::Kind;
use crate::facts::state::{WATERMARK, find_state, missing_state};
use crate::projections::rebuild;
use crate::stripe::StripeError;

/// So far behind Stripe the mirror may be when somebody is mailed by it, seconds.
const BEHIND_S: i64 = 600;
/// Between tries while it is further behind, seconds.
const AGAIN_S: i64 = 15;
/// Between tries while the key may not read the order, seconds.
const DENIED_S: i64 = 900;

impl Desk {
    /// Why a mail has to wait: Stripe may know of the order what the mirror does not. Where the key may read no events, which say how far
    /// the mirror came, Stripe is asked for the order itself.
    pub(super) async fn is_behind(&self, told: &EventTold) -> DbResult<Option<Halt>> {
        if told.backfill {
            return Ok(None);
        }
        let (watermark, denied, rebuilding) = self
            .db
            .read(|connection| {
                let denied = find_state::<String>(connection, &missing_state("event"))?;
                Ok((find_state::<i64>(connection, WATERMARK)?, denied, rebuild::is_due(connection)?))
            })
            .await?;
        if rebuilding {
            return Ok(Some(behind("orders are being made anew from what is stored", AGAIN_S)));
        }
        if denied.is_some() {
            return self.read_order(told).await;
        }
        if self.stripe.http().server_now().is_none()
            && let Err(error @ StripeError::Http(_)) = self.stripe.list_raw("/v1/events", "limit=1").await
        {
            return Ok(Some(behind(&error.to_string(), AGAIN_S)));
        }
        if watermark.is_some_and(|known| known >= self.server_now() - BEHIND_S) {
            return Ok(None);
        }
        Ok(Some(behind("orders are not known up to now: somebody could be mailed wrongly", AGAIN_S)))
    }

    /// Reads the order from Stripe: its checkouts, intents and charges, and those that they name.
    async fn read_order(&self, told: &EventTold) -> DbResult<Option<Halt>> {
        let known = self.of_order(told, |_, order| {
            let of = |kind: Kind| order.of(kind).map(move |node| (kind, node.id.clone()));
            Ok([Kind::Session, Kind::Intent, Kind::Charge].into_iter().flat_map(of).collect::<Vec<_>>())
        });
        let mut open = known.await?.unwrap_or_default();
        let mut read = HashSet::new();
        while let Some((kind, id)) = open.pop() {
            if !read.insert(id.clone()) {
                continue;
            }
            let object = match self.get(kind.as_str(), &id).await? {
                Ok(object) => object,
                Err(StripeError::NotFound { .. }) => continue,
                Err(error @ StripeError::PermissionMissing { .. }) => {
                    return Ok(Some(behind(&error.to_string(), DENIED_S)));
                }
                Err(error) => return Ok(Some(behind(&error.to_string(), AGAIN_S))),
            };
            let named = [("payment_intent", Kind::Intent), ("latest_charge", Kind::Charge)];
            open.extend(
                named.iter().filter_map(|(name, kind)| Some((*kind, object[*name].as_str()?.to_owned()))),
            );
        }
        Ok(None)
    }
}

fn behind(words: &str, wait: i64) -> Halt {
    Halt::Later("MIRROR_BEHIND".to_owned(), words.to_owned(), wait)
}
