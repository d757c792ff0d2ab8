//! What can be done about an order: every action that fits it, with the reason where it cannot be done now.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Doer;
use super::ground::{Ground, Order};
use super::guard::{not_permitted, stops};
use super::plans::{NotPlanned, draw};
use crate::db::{Connection, DbResult};
use crate::domain::action::{ActionKind, ActionRequest, RefundReason};
use crate::domain::kind::Kind;
use crate::domain::klaviyo::OrderEvent;
use crate::error::Problem;
use crate::facts::klaviyo::find_klaviyo;
use crate::facts::state::find_state;

/// The level that repairs orders.
const SUPPORT: u8 = 50;

/// An action that fits an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AllowedAction {
    /// What is done.
    pub action: ActionKind,
    /// What to ask for; null where an operator has to say more first.
    pub request: Option<ActionRequest>,
    /// Why it cannot be done now; null where it can.
    pub disabled: Option<DisabledReason>,
}

/// Why an action cannot be done now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DisabledReason {
    /// The code its refusal would have.
    pub code: String,
    /// In words.
    pub message: String,
    /// What a person can do.
    pub hint: String,
}

impl From<Problem> for DisabledReason {
    fn from(problem: Problem) -> Self {
        Self { code: problem.code.to_owned(), message: problem.message, hint: problem.hint }
    }
}

/// Lists what can be done about an order; empty where the id names none. `offline` says that Stripe cannot be reached.
///
/// # Errors
/// The read failed.
pub fn allowed(ground: &Ground<'_>, id: &str, doer: &Doer, offline: bool) -> DbResult<Vec<AllowedAction>> {
    let order = match ground.order(id) {
        Ok(order) => order,
        Err(NotPlanned::Refused(_)) => return Ok(Vec::new()),
        Err(NotPlanned::Db(error)) => return Err(error),
    };
    let stopped = stops(ground.connection, ground.live, true)?;
    let mut found = Vec::new();
    let mut all = candidates(&order);
    if find_klaviyo(ground.connection)?.is_some() {
        all.extend(events_of(&order));
    }
    for (action, request) in all {
        let disabled = if doer.level < SUPPORT {
            Some(not_permitted(doer))
        } else if action.is_local() {
            refusal(ground, request.as_ref())?
        } else {
            match (offline, action, &stopped) {
                (true, ..) => Some(needs_network()),
                (false, ActionKind::Refetch, _) | (false, _, None) => refusal(ground, request.as_ref())?,
                (false, _, Some(problem)) => Some(problem.clone()),
            }
        };
        found.push(AllowedAction { action, request, disabled: disabled.map(DisabledReason::from) });
    }
    Ok(found)
}

fn needs_network() -> Problem {
    Problem::new(
        "OFFLINE",
        "this needs Stripe, and Stripe cannot be reached",
        "Wait for the connection; notes and findings can be worked on meanwhile.",
    )
}

/// Why a request would be refused.
fn refusal(ground: &Ground<'_>, request: Option<&ActionRequest>) -> DbResult<Option<Problem>> {
    let Some(request) = request else { return Ok(None) };
    match draw(ground, request) {
        Ok(drawn) => {
            for call in drawn.plan.calls.iter().filter(|call| call.method != "GET") {
                if let Some(permission) = denied(ground.connection, &call.path)? {
                    return Ok(Some(Problem::new(
                        "PERMISSION_MISSING",
                        format!("the Stripe key lacks the permission {permission}"),
                        "Give the restricted key this permission in the Stripe Dashboard.",
                    )));
                }
            }
            Ok(None)
        }
        Err(NotPlanned::Refused(problem)) => Ok(Some(problem)),
        Err(NotPlanned::Db(error)) => Err(error),
    }
}

/// The state document that names the permission a write to a path lacked.
pub(super) fn denied_state(path: &str) -> String {
    let kind: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
    let kind = if kind.first() == Some(&"checkout") { "checkout/sessions" } else { kind[0] };
    format!("denied_write:{kind}")
}

fn denied(connection: &Connection, path: &str) -> DbResult<Option<String>> {
    find_state(connection, &denied_state(path))
}

/// What Klaviyo can be told of an order.
fn events_of(order: &Order) -> Vec<(ActionKind, Option<ActionRequest>)> {
    let kinds = OrderEvent::ALL.into_iter().filter(|kind| *kind == OrderEvent::Started || order.is_paid());
    let request = |kind: OrderEvent| ActionRequest::SendEvent {
        order: order.row.id.clone(),
        event: kind.as_str().to_owned(),
        mail: false,
    };
    kinds.map(|kind| (ActionKind::SendEvent, Some(request(kind)))).collect()
}

fn candidates(order: &Order) -> Vec<(ActionKind, Option<ActionRequest>)> {
    let id = order.row.id.clone();
    let mut found: Vec<ActionRequest> = Vec::new();
    found.push(ActionRequest::Refetch { order: id.clone() });
    let is = |node: &&crate::projections::nodes::Node, word: &str| node.state.status.as_deref() == Some(word);
    for node in order.of(Kind::Intent).filter(|node| is(node, "requires_capture")) {
        found.push(ActionRequest::Capture { intent: node.id.clone() });
        found.push(ActionRequest::CancelAuthorisation { intent: node.id.clone() });
    }
    for node in order
        .of(Kind::Charge)
        .filter(|node| is(node, "succeeded") && node.state.sub_status.as_deref() == Some("captured"))
    {
        found.push(ActionRequest::Refund {
            payment: node.id.clone(),
            amount_minor: None,
            reason: RefundReason::default(),
        });
    }
    found.push(ActionRequest::NewLink { order: id });
    for node in order.of(Kind::Session).filter(|node| is(node, "open")) {
        found.push(ActionRequest::ExpireSession { session: node.id.clone() });
    }
    let mut all: Vec<_> = found.into_iter().map(|request| (request.kind(), Some(request))).collect();
    all.push((ActionKind::ChangeDetails, None));
    all.push((ActionKind::LinkPayment, None));
    all.push((ActionKind::Annotate, None));
    all
}
