//! Whether what waited to be told, or was committed and not seen, may still go out: hours may lie between, in which people paid,
//! were paid back or left, or another policy was chosen.

use super::execute::{Desk, Halt};
use super::ground::Ground;
use super::guard::stops;
use super::plans::NotPlanned;
use super::rows::ActionRow;
use super::tell::EventTold;
use crate::db::DbResult;
use crate::domain::klaviyo::{EventPolicy, OrderEvent};
use crate::domain::status::PreorderStatus;

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
        let (settings, live, now) = (self.settings(), self.live, self.clock.now());
        let policy = settings.klaviyo.policy;
        let holds = match policy {
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
        let (ids, kind) = (told.ids.clone(), told.kind);
        let found = self
            .db
            .read(move |connection| {
                let ground = Ground { connection, settings: &settings, live, now, tail: "" };
                // Merged with another meanwhile, it goes by that one's id, and is found by its objects.
                for id in &ids {
                    match ground.order(id) {
                        Ok(order) => {
                            return Ok(Some(match kind {
                                OrderEvent::Started => !order.is_paid(),
                                OrderEvent::Success => order.row.status == PreorderStatus::Completed,
                            }));
                        }
                        Err(NotPlanned::Refused(_)) => {}
                        Err(NotPlanned::Db(error)) => return Err(error),
                    }
                }
                Ok(None)
            })
            .await?;
        match found {
            Some(true) => Ok(None),
            Some(false) => {
                let words = match kind {
                    OrderEvent::Started => "was paid meanwhile: a reminder would be wrong",
                    OrderEvent::Success => "is not a paid and kept order any more: thanks would be wrong",
                };
                halt("MAIL_OUTDATED", format!("{} {words}", told.order_id))
            }
            None => halt("MAIL_OUTDATED", format!("{} is no order any more", told.order_id)),
        }
    }
}
