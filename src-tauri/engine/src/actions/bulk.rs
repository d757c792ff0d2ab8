//! Bulk: many orders, one plan, one confirmation; each of them an action of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use ts_rs::TS;

use super::ground::Ground;
use super::plan::ActionPlan;
use super::plans::{Drawn, NotPlanned, draw};
use super::rows::ActionState;
use super::step::hex;
use crate::db::{Connection, DbError, DbResult};
use crate::domain::action::{ActionKind, ActionRequest, FindingWord, RefundReason};
use crate::domain::kind::Kind;
use crate::domain::klaviyo::OrderEvent;
use crate::domain::settings::Settings;

/// Orders of one bulk run.
const MOST: usize = 10_000;
/// Plans of it that are shown whole.
const SHOWN: usize = 20;

/// Asks for one action on many orders, or findings.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct BulkArgs {
    /// `refetch`, `new_link`, `expire_session`, `capture`, `cancel_authorisation`, `refund` (whole), `send_event`, `annotate` or `set_finding`.
    pub action: ActionKind,
    /// Orders by any id; of `set_finding`, findings.
    pub targets: Vec<String>,
    /// A note, for `annotate` and `set_finding`.
    #[serde(default)]
    pub note: Option<String>,
    /// What is said of findings.
    #[serde(default)]
    pub state: Option<FindingWord>,
    /// Until when a snooze holds, unix seconds.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub until: Option<i64>,
    /// Why money is paid back.
    #[serde(default)]
    pub reason: RefundReason,
    /// Of `send_event`: this event alone; left out, whatever is missing.
    #[serde(default)]
    #[ts(optional)]
    pub event: Option<OrderEvent>,
    /// Of `send_event`: flows may mail people; else it is backfill.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub mail: bool,
    /// Of `send_event`: only what happened from then on, unix seconds.
    #[serde(default)]
    #[ts(optional, type = "number")]
    pub happened_from: Option<i64>,
    /// Of `send_event`: only what happened before then, unix seconds.
    #[serde(default)]
    #[ts(optional, type = "number")]
    pub happened_until: Option<i64>,
}

/// One order of a bulk run that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BulkRow {
    /// The order, or what was given for it.
    pub order_id: Option<String>,
    /// The action, once there is one.
    pub id: String,
    /// Why not: a code.
    pub code: Option<String>,
    /// In words.
    pub message: Option<String>,
}

/// One plan for many orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BulkPlan {
    /// Its id, by which it is confirmed.
    pub id: String,
    /// A digest of all its plans.
    pub hash: String,
    /// Made at, unix seconds.
    #[ts(type = "number")]
    pub made_at: i64,
    /// What is done.
    pub action: ActionKind,
    /// Actions it will be.
    pub count: u32,
    /// Orders that are left out, and why.
    pub refused: Vec<BulkRow>,
    /// Money that moves, minor units by currency.
    #[ts(type = "Record<string, number>")]
    pub money: BTreeMap<String, i64>,
    /// Mails that go out.
    pub mails: u32,
    /// The first of its plans.
    pub sample: Vec<ActionPlan>,
    /// The total must be typed to confirm.
    pub confirm_amount: bool,
    /// What is asked for, one by one.
    pub requests: Vec<ActionRequest>,
}

impl BulkPlan {
    /// The total, where all of it is one currency.
    pub(super) fn only_total(&self) -> Option<i64> {
        let mut totals = self.money.values();
        let first = totals.next().copied();
        if totals.next().is_none() { first } else { None }
    }

    /// Draws each of its plans as it stands now.
    ///
    /// # Errors
    /// The read failed; [`DbError::Invalid`] where one is refused now.
    pub fn draw(
        &self,
        connection: &Connection,
        settings: &Settings,
        live: bool,
        now: i64,
    ) -> DbResult<Vec<Drawn>> {
        let tail = self.id.trim_start_matches("blk_");
        let mut drawn = Vec::new();
        for (index, request) in self.requests.iter().enumerate() {
            let own = tail_of(tail, index);
            let ground = Ground { connection, settings, live, now, tail: &own };
            match draw(&ground, request) {
                Ok(one) => drawn.push(one),
                Err(NotPlanned::Refused(problem)) => return Err(DbError::Invalid(problem.message)),
                Err(NotPlanned::Db(error)) => return Err(error),
            }
        }
        Ok(drawn)
    }

    /// Whether these are the plans that were shown.
    pub fn is_of(&self, drawn: &[Drawn]) -> bool {
        digest(drawn.iter().map(|one| &one.plan)) == self.hash
    }
}

/// A bulk run as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BulkView {
    /// Its id.
    pub id: String,
    /// What is done.
    pub action: ActionKind,
    /// Who confirmed it.
    pub operator: String,
    /// When, unix seconds.
    #[ts(type = "number")]
    pub confirmed_at: i64,
    /// It was told to pause.
    pub paused: bool,
    /// Actions in all.
    #[ts(type = "number")]
    pub total: i64,
    /// Those that wait.
    #[ts(type = "number")]
    pub waiting: i64,
    /// Those that are done.
    #[ts(type = "number")]
    pub succeeded: i64,
    /// Of these, those whose objects do not read as they should, or were not read again yet.
    #[ts(type = "number")]
    pub unverified: i64,
    /// Those that failed.
    #[ts(type = "number")]
    pub failed: i64,
    /// Those in doubt.
    #[ts(type = "number")]
    pub unknown: i64,
    /// Those that failed or are in doubt, 1000 at most.
    pub failures: Vec<BulkRow>,
}

impl BulkView {
    pub(super) fn empty(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            action: ActionKind::Refetch,
            operator: String::new(),
            confirmed_at: 0,
            paused: false,
            total: 0,
            waiting: 0,
            succeeded: 0,
            unverified: 0,
            failed: 0,
            unknown: 0,
            failures: Vec::new(),
        }
    }

    pub(super) fn count(&mut self, state: ActionState, unverified: bool, by: i64) {
        self.total += by;
        match state {
            ActionState::Queued | ActionState::Running => self.waiting += by,
            ActionState::Succeeded => {
                self.succeeded += by;
                self.unverified += if unverified { by } else { 0 };
            }
            ActionState::Failed => self.failed += by,
            ActionState::Unknown => self.unknown += by,
        }
    }
}

fn tail_of(tail: &str, index: usize) -> String {
    format!("{tail}n{index:05}")
}

fn digest<'a>(plans: impl Iterator<Item = &'a ActionPlan>) -> String {
    let hashes: Vec<&str> = plans.map(|plan| plan.hash.as_str()).collect();
    hex(&Sha256::digest(json!(hashes).to_string().as_bytes()))
}

/// Plans one action for many orders. What is refused is left out and named.
///
/// # Errors
/// The read failed; [`DbError::Invalid`] where there are too many, or the action is none for many.
pub fn plan_bulk(
    connection: &Connection,
    settings: &Settings,
    live: bool,
    now: i64,
    tail: &str,
    args: &BulkArgs,
) -> DbResult<BulkPlan> {
    if args.targets.is_empty() || args.targets.len() > MOST {
        return Err(DbError::Invalid(format!("a bulk run takes 1 to {MOST} orders")));
    }
    let mut plan = BulkPlan {
        id: format!("blk_{tail}"),
        hash: String::new(),
        made_at: now,
        action: args.action,
        count: 0,
        refused: Vec::new(),
        money: BTreeMap::new(),
        mails: 0,
        sample: Vec::new(),
        confirm_amount: false,
        requests: Vec::new(),
    };
    let mut plans = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for target in &args.targets {
        let own = tail_of(tail, plan.requests.len());
        let ground = Ground { connection, settings, live, now, tail: &own };
        let requests = match requests_of(&ground, args, target) {
            Ok(requests) => requests,
            Err(refused) => {
                plan.refused.push(row(target, refused)?);
                continue;
            }
        };
        for request in requests {
            if !seen.insert(request.clone()) {
                continue;
            }
            let own = tail_of(tail, plan.requests.len());
            match draw(&Ground { tail: &own, ..ground }, &request) {
                Ok(drawn) => {
                    if let Some(money) = &drawn.plan.money {
                        *plan.money.entry(money.currency.clone()).or_default() += money.amount_minor;
                    }
                    plan.mails += drawn.plan.mails;
                    plan.confirm_amount |= drawn.plan.confirm_amount;
                    plan.requests.push(request);
                    plans.push(drawn.plan);
                }
                Err(refused) => plan.refused.push(row(target, refused)?),
            }
        }
    }
    plan.count = u32::try_from(plans.len()).unwrap_or(u32::MAX);
    plan.hash = digest(plans.iter());
    plans.truncate(SHOWN);
    plan.sample = plans;
    Ok(plan)
}

fn row(target: &str, refused: NotPlanned) -> DbResult<BulkRow> {
    match refused {
        NotPlanned::Refused(problem) => Ok(BulkRow {
            order_id: Some(target.chars().take(200).collect()),
            id: String::new(),
            code: Some(problem.code.to_owned()),
            message: Some(problem.message),
        }),
        NotPlanned::Db(error) => Err(error),
    }
}

/// What is asked for of one order.
fn requests_of(ground: &Ground<'_>, args: &BulkArgs, target: &str) -> Result<Vec<ActionRequest>, NotPlanned> {
    let note = || args.note.clone().unwrap_or_default();
    if args.action == ActionKind::SetFinding {
        return Ok(vec![ActionRequest::SetFinding {
            finding: target.to_owned(),
            state: args.state.unwrap_or(FindingWord::Resolved),
            until: args.until,
            note: args.note.clone(),
        }]);
    }
    let order = ground.order(target)?;
    let id = order.row.id.clone();
    let of = |kind: Kind, word: &str| -> Vec<String> {
        let fits = |node: &&crate::projections::nodes::Node| node.state.status.as_deref() == Some(word);
        order.of(kind).filter(fits).map(|node| node.id.clone()).collect()
    };
    let requests: Vec<ActionRequest> = match args.action {
        ActionKind::Refetch => vec![ActionRequest::Refetch { order: id }],
        ActionKind::NewLink => vec![ActionRequest::NewLink { order: id }],
        ActionKind::Annotate => vec![ActionRequest::Annotate { order: id, note: note() }],
        ActionKind::SendEvent => super::fill::requests(ground, &id, args)?,
        ActionKind::ExpireSession => of(Kind::Session, "open")
            .into_iter()
            .map(|session| ActionRequest::ExpireSession { session })
            .collect(),
        ActionKind::Capture => of(Kind::Intent, "requires_capture")
            .into_iter()
            .map(|intent| ActionRequest::Capture { intent })
            .collect(),
        ActionKind::CancelAuthorisation => of(Kind::Intent, "requires_capture")
            .into_iter()
            .map(|intent| ActionRequest::CancelAuthorisation { intent })
            .collect(),
        ActionKind::Refund => of(Kind::Charge, "succeeded")
            .into_iter()
            .map(|payment| ActionRequest::Refund { payment, amount_minor: None, reason: args.reason })
            .collect(),
        other => {
            return Err(super::plans::refused(
                "NOT_IN_BULK",
                format!("{} is done one order at a time", other.as_str()),
                "Do it on the order's page.",
            ));
        }
    };
    if requests.is_empty() {
        return Err(super::plans::refused(
            "NOTHING_TO_DO",
            format!("{} has nothing that {} fits", order.row.id, args.action.as_str()),
            "Leave it out.",
        ));
    }
    Ok(requests)
}
