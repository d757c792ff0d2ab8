//! Looks whether a write happened: at the object's state, or for an object that carries the action's mark.

use serde_json::Value;

use super::execute::Desk;
use super::program::{Look, Write};
use super::rows::ActionRow;
use super::step::Sent;
use crate::db::DbResult;
use crate::domain::kind::Kind;
use crate::facts::snapshots::Origin;
use crate::stripe::{MARK, Post, StripeError};

/// How far before the request was committed Stripe's clock is looked back, seconds.
const SLACK_S: i64 = 120;
/// Pages of a list that are looked through.
const MOST_PAGES: usize = 50;

impl Desk {
    /// The object that shows the effect of a write; None where there was no effect.
    pub(super) async fn find_effect(
        &self,
        row: &ActionRow,
        write: &Write,
        sent: &Sent,
    ) -> DbResult<Result<Option<String>, StripeError>> {
        match &write.look {
            Look::Never => Ok(Ok(None)),
            Look::State => self.find_state(write).await,
            Look::Made { path, filter, by_created } => {
                let since = by_created.then_some(sent.at - SLACK_S);
                self.find_made(row, (path, filter.as_deref()), Kind::parse(&write.kind), since).await
            }
        }
    }

    async fn find_state(&self, write: &Write) -> DbResult<Result<Option<String>, StripeError>> {
        for check in &write.expect {
            let Some(id) = check.id.as_ref().or(write.object.as_ref()) else { return Ok(Ok(None)) };
            match self.get(&check.kind, id).await? {
                Ok(object) if check.differences(&object).is_empty() => {}
                Ok(_) => return Ok(Ok(None)),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(write.object.clone()))
    }

    async fn find_made(
        &self,
        row: &ActionRow,
        (path, filter): (&str, Option<&str>),
        kind: Kind,
        since: Option<i64>,
    ) -> DbResult<Result<Option<String>, StripeError>> {
        let mut query: Vec<String> = vec!["limit=100".to_owned()];
        query.extend(filter.map(str::to_owned));
        query.extend(since.map(|since| format!("created[gte]={since}")));
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut asked = Post { path: String::new(), body: query.join("&") };
            if let Some(after) = &after {
                asked = asked.with("starting_after", after);
            }
            let page = match self.stripe.list_raw(path, &asked.body).await {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            for raw in page.raw() {
                let object: Value = serde_json::from_str(raw).unwrap_or_default();
                if object["metadata"][MARK].as_str() == Some(&row.id) {
                    self.keep(kind, raw, (Origin::List, page.as_of())).await?;
                    return Ok(Ok(object["id"].as_str().map(str::to_owned)));
                }
            }
            after = page.last().map(|(id, _)| id);
            if !page.has_more() || after.is_none() {
                return Ok(Ok(None));
            }
        }
        // A list without end says nothing; to do it again could do it twice.
        Ok(Err(StripeError::Unexpected))
    }
}
