//! The desk tells Klaviyo of a person's properties, as an order says them when they are told.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::execute::{Desk, Halt};
use super::ground::Ground;
use super::guard::stops;
use super::plans::{NotPlanned, profile_properties};
use super::rows::ActionRow;
use super::step::{self, Sent, Step, StepState};
use super::tell::There;
use crate::audit::Entry;
use crate::db::DbResult;
use crate::domain::action::{ActionId, ActionRequest};
use crate::klaviyo::ProfileChange;
use crate::stripe::Post;

/// Told so long after what was changed at Stripe, other actions may have said otherwise since, seconds.
const LATE_S: i64 = 60;

/// A person's properties to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileTold {
    /// The account's public id.
    pub account: String,
    /// Whose they are.
    pub email: String,
    /// What they will be.
    pub properties: Map<String, Value>,
    /// The document that is sent.
    pub document: Value,
}

impl Eq for ProfileTold {}

impl Desk {
    pub(super) async fn profile_step(
        &self,
        row: &ActionRow,
        told: &ProfileTold,
        steps: &[Step],
        index: usize,
    ) -> DbResult<Result<(), Halt>> {
        let opened = match self.opened(&told.account).await {
            Ok(opened) => opened,
            Err(halt) => return Ok(Err(halt)),
        };
        let changed_at =
            steps[..index].iter().filter_map(|step| step.sent.as_ref()).map(|sent| sent.at).max();
        let is_late = steps[index].state == StepState::Intended
            || changed_at.is_some_and(|at| self.server_now() - at > LATE_S);
        let document = if is_late {
            let properties = self.properties_now(row, told).await?;
            if properties.is_empty() {
                self.end_step(row, index, None, None).await?;
                return Ok(Ok(()));
            }
            ProfileChange { email: told.email.clone(), properties }.document()
        } else {
            told.document.clone()
        };
        let sent = Sent {
            post: Post { path: "/api/profile-import".to_owned(), body: document.to_string() },
            key: row.id.clone(),
            at: self.clock.now(),
        };
        let (audit, live, now, at) = (self.audit.clone(), self.live, self.clock.now(), (row.seq, index));
        let (id, operator) = (row.id.clone(), row.operator.clone());
        let stopped = self
            .db
            .write_durable(move |transaction| {
                if let Some(problem) = stops(transaction, live, true)? {
                    return Ok(Some(problem));
                }
                step::intend(transaction, at, 1, &sent)?;
                let body = json!({"step": at.1, "path": sent.post.path, "body": sent.post.body});
                let entry =
                    Entry { at: now, operator: &operator, action: Some(&id), event: "intended", body: &body };
                audit.append(transaction, &entry)?;
                Ok(None)
            })
            .await?;
        if let Some(problem) = stopped {
            return Ok(Err(Halt::Later(problem.code.to_owned(), problem.message, 15)));
        }
        match opened.client.import_profile(&ActionId::new(&row.id), &document).await {
            Ok(imported) => {
                self.end_step(row, index, Some(imported.id), None).await?;
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(self.klaviyo_halt(&opened, &error).await)),
        }
    }

    /// Of what was to be told of a person, what their order says now; nothing where a newer order of theirs speaks.
    async fn properties_now(&self, row: &ActionRow, told: &ProfileTold) -> DbResult<Map<String, Value>> {
        let ActionRequest::ChangeDetails { order, .. } = row.request.clone() else {
            return Ok(told.properties.clone());
        };
        let (settings, live, now) = (self.settings(), self.live, self.clock.now());
        let (email, planned) = (told.email.clone(), told.properties.clone());
        self.db
            .read(move |connection| {
                let ground = Ground { connection, settings: &settings, live, now, tail: "" };
                let said = ground.order(&order).and_then(|order| profile_properties(&ground, &order, &email));
                match said {
                    Ok(mut said) => {
                        said.retain(|name, _| planned.contains_key(name));
                        Ok(said)
                    }
                    Err(NotPlanned::Refused(_)) => Ok(planned),
                    Err(NotPlanned::Db(error)) => Err(error),
                }
            })
            .await
    }

    /// Whether the properties of a person are what they were made, or what their order says by now.
    pub(super) async fn are_so(&self, row: &ActionRow, told: &ProfileTold) -> DbResult<There> {
        let opened = match self.opened(&told.account).await {
            Ok(opened) => opened,
            Err(halt) => return Ok(There::after(halt, self.clock.now())),
        };
        let found = match opened.client.find_profile(&told.email).await {
            Ok(found) => found,
            Err(error) => {
                let halt = self.klaviyo_halt(&opened, &error).await;
                return Ok(There::after(halt, self.clock.now()));
            }
        };
        let said = found.map(|found| found.properties).unwrap_or_default();
        let by_now = self.properties_now(row, told).await?;
        let other = |(name, wanted): &(&String, &Value)| {
            let there = &said[name.as_str()];
            there != *wanted && by_now.get(*name).is_some_and(|wanted| there != wanted)
        };
        Ok(match told.properties.iter().find(other) {
            None => There::Yes,
            Some((name, _)) => There::No(format!("{}: {name} is {}", told.email, said[name.as_str()])),
        })
    }
}
