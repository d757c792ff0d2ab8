//! Whether what waited to be told, or was committed and not seen, may still go out: hours may lie between, in which people paid,
//! were paid back or left, or another policy was chosen.

use serde_json::Value;

use super::execute::{Desk, Halt};
use super::ground::{Ground, Order};
use super::guard::stops;
use super::plans::{NotPlanned, profile_properties};
use super::rows::ActionRow;
use super::tell::EventTold;
use crate::db::DbResult;
use crate::domain::klaviyo::{EventPolicy, OrderEvent};
use crate::domain::status::PreorderStatus;
use crate::klaviyo::with_person;

/// Who confirms what a policy sends. No operator can be called so.
pub const POLICY: &str = "(policy)";

impl Desk {
    /// Whether writes were stopped meanwhile.
    pub(super) async fn may_go_on(&self) -> DbResult<Result<(), Halt>> {
        let live = self.live;
        let stopped = self.db.read(move |connection| stops(connection, live, true)).await?;
        Ok(match stopped {
            Some(problem) => Err(Halt::Later(problem.code.to_owned(), problem.message, 15)),
            None => Ok(()),
        })
    }

    /// Why an event may not go out any more as it was chosen: its policy is no longer in force, or it would mail somebody wrongly.
    pub(super) async fn is_wrong_now(
        &self,
        row: &ActionRow,
        told: &EventTold,
        unsubscribed: bool,
    ) -> DbResult<Option<Halt>> {
        let holds = match self.settings().klaviyo.policy {
            EventPolicy::Observe => false,
            EventPolicy::FillGaps => told.backfill,
            EventPolicy::SendAll => true,
        };
        let halt = |code: &str, words: String| Ok(Some(Halt::Failed(code.to_owned(), words)));
        if row.operator == POLICY && !holds {
            return halt("POLICY_CHANGED", "the policy that asked for this is no longer in force".to_owned());
        }
        if told.backfill {
            return Ok(None);
        }
        if unsubscribed {
            return halt("UNSUBSCRIBED", format!("{} wants no mail", told.email));
        }
        let (kind, email) = (told.kind, told.email.clone());
        let found = self
            .of_order(told, move |_, order| {
                Ok(match kind {
                    OrderEvent::Started if order.is_paid() => {
                        Some("was paid meanwhile: a reminder would be wrong")
                    }
                    OrderEvent::Success if order.row.status != PreorderStatus::Completed => {
                        Some("is not a paid and kept order any more: thanks would be wrong")
                    }
                    _ if order.row.email.as_ref() != Some(&email) => {
                        Some("is of another address now: the mail would go to who did not order")
                    }
                    _ => None,
                })
            })
            .await?;
        match found {
            Some(None) => Ok(None),
            Some(Some(words)) => halt("MAIL_OUTDATED", format!("{} {words}", told.order_id)),
            None => halt("MAIL_OUTDATED", format!("{} is no order any more", told.order_id)),
        }
    }

    /// The document of an event with what is said of the person by now: in the hours since it was chosen, another event or a newer
    /// order may have said otherwise.
    pub(super) async fn document_now(&self, told: &EventTold) -> DbResult<Value> {
        let email = told.email.clone();
        let said =
            self.of_order(told, move |ground, order| profile_properties(ground, order, &email)).await?;
        Ok(with_person(&told.document, &said.unwrap_or_default()))
    }

    /// Asks something of the order that an event is of; None where there is none any more.
    pub(super) async fn of_order<T: Send + 'static>(
        &self,
        told: &EventTold,
        ask: impl Fn(&Ground<'_>, &Order) -> Result<T, NotPlanned> + Send + 'static,
    ) -> DbResult<Option<T>> {
        let (settings, live, now, ids) = (self.settings(), self.live, self.clock.now(), told.ids.clone());
        self.db
            .read(move |connection| {
                let ground = Ground { connection, settings: &settings, live, now, tail: "" };
                // Merged with another meanwhile, it goes by that one's id, and is found by its objects.
                for id in &ids {
                    match ground.order(id).and_then(|order| ask(&ground, &order)) {
                        Ok(answer) => return Ok(Some(answer)),
                        Err(NotPlanned::Refused(_)) => {}
                        Err(NotPlanned::Db(error)) => return Err(error),
                    }
                }
                Ok(None)
            })
            .await
    }
}
