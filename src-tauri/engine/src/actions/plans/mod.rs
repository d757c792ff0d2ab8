//! Plans: one file for each kind of action. Pure: a snapshot in, a plan and its program out, or the reason why not.

mod annotate;
mod checkout;
mod details;
mod hold;
mod link;
mod profile;
mod refetch;
mod refund;
mod resend;
mod reverse;
mod send_event;

pub(super) use send_event::profile_properties;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::ground::Ground;
use super::plan::{ActionPlan, FieldChange, PlanMoney, PlannedCall};
use super::program::{Move, Program};
use crate::db::DbError;
use crate::domain::action::ActionRequest;
use crate::error::Problem;

/// Why there is no plan.
#[derive(Debug)]
pub enum NotPlanned {
    /// It cannot be done, and this is why.
    Refused(Problem),
    /// The mirror could not be read.
    Db(DbError),
}

impl From<DbError> for NotPlanned {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// A plan and what carries it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// As people see it.
    pub plan: ActionPlan,
    /// As it is run.
    pub program: Program,
    /// Ids it is about, beside the order's.
    pub subjects: Vec<String>,
}

/// What a planner fills in.
#[derive(Default)]
pub(super) struct Draft {
    pub order_id: Option<String>,
    pub email: Option<String>,
    pub changes: Vec<FieldChange>,
    pub moves: Vec<Move>,
    pub money: Option<PlanMoney>,
    pub mails: u32,
    pub notices: Vec<&'static str>,
    pub undo: &'static str,
    pub subjects: Vec<String>,
}

/// Draws the plan of a request.
///
/// # Errors
/// [`NotPlanned`].
pub fn draw(ground: &Ground<'_>, request: &ActionRequest) -> Result<Drawn, NotPlanned> {
    let draft = match request {
        ActionRequest::Refetch { order } => refetch::plan(ground, order),
        ActionRequest::LinkPayment { payment, order } => link::plan(ground, payment, order),
        ActionRequest::ChangeDetails { order, color, email, locale, address } => {
            let wanted = details::Wanted {
                color: color.as_deref(),
                email: email.as_deref(),
                locale: locale.as_deref(),
                address: address.as_ref(),
            };
            details::plan(ground, order, &wanted)
        }
        ActionRequest::NewLink { order } => checkout::new_link(ground, order),
        ActionRequest::ExpireSession { session } => checkout::expire(ground, session),
        ActionRequest::NewPreorder { email, name, color, locale, price, quantity } => {
            let wanted =
                checkout::Wanted { email, name: name.as_deref(), color, locale, price, quantity: *quantity };
            checkout::new_preorder(ground, &wanted)
        }
        ActionRequest::Capture { intent } => hold::capture(ground, intent),
        ActionRequest::CancelAuthorisation { intent } => hold::cancel(ground, intent),
        ActionRequest::Refund { payment, amount_minor, reason } => {
            refund::plan(ground, payment, *amount_minor, *reason)
        }
        ActionRequest::ResendEvent { event, endpoint } => resend::plan(ground, event, endpoint),
        ActionRequest::ReverseGrant { owner, payment, credits } => {
            reverse::plan(ground, owner, payment, *credits)
        }
        ActionRequest::SetFinding { finding, state, until, note } => {
            annotate::finding(ground, finding, *state, *until, note.as_deref())
        }
        ActionRequest::Annotate { order, note } => annotate::note(ground, order, note),
        ActionRequest::SendEvent { order, event, mail } => send_event::plan(ground, order, event, *mail),
    }?;
    Ok(finish(ground, request, draft))
}

fn finish(ground: &Ground<'_>, request: &ActionRequest, draft: Draft) -> Drawn {
    let program = Program { moves: draft.moves };
    let calls = program.moves.iter().filter_map(call_of).collect();
    let moves_money = draft.money.is_some();
    let mut plan = ActionPlan {
        id: format!("pln_{}", ground.tail),
        hash: String::new(),
        made_at: ground.now,
        action: request.kind(),
        request: request.clone(),
        order_id: draft.order_id,
        email: draft.email,
        changes: draft.changes,
        calls,
        money: draft.money,
        mails: draft.mails,
        notices: draft.notices.into_iter().map(str::to_owned).collect(),
        undo: draft.undo.to_owned(),
        confirm_amount: ground.live && moves_money,
    };
    plan.hash = hash(&plan, &program);
    Drawn { plan, program, subjects: draft.subjects }
}

/// A digest of what a plan says and does; not of when it was made.
fn hash(plan: &ActionPlan, program: &Program) -> String {
    let said =
        json!({"plan": ActionPlan { made_at: 0, hash: String::new(), ..plan.clone() }, "program": program});
    crate::actions::step::hex(&Sha256::digest(said.to_string().as_bytes()))
}

fn call_of(one: &Move) -> Option<PlannedCall> {
    let told = |path: &str, scope: &str| PlannedCall {
        service: "klaviyo".to_owned(),
        method: "POST".to_owned(),
        path: path.to_owned(),
        permission: Some(scope.to_owned()),
    };
    let call = |method: &str, path: String, permission: Option<String>| PlannedCall {
        service: "stripe".to_owned(),
        method: method.to_owned(),
        path,
        permission,
    };
    match one {
        Move::Read { kind, id } => {
            let path = format!("{}/{id}", crate::domain::kind::Kind::parse(kind).list_path());
            Some(call("GET", path, None))
        }
        Move::FindCustomer { .. } => Some(call("GET", "/v1/customers".to_owned(), None)),
        Move::Write(write) => {
            Some(call("POST", write.post.path.clone(), permission(&write.kind).map(str::to_owned)))
        }
        Move::Event(_) => Some(told("/api/events", "events:write")),
        Move::Profile(_) => Some(told("/api/profile-import", "profiles:write")),
        Move::Fact { .. } => None,
    }
}

/// Stripe's name of the permission to write objects of a kind, where it is known (facts: messages of refused keys).
fn permission(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "checkout.session" => "rak_checkout_session_write",
        "payment_intent" => "rak_payment_intent_write",
        "charge" | "refund" => "rak_charge_write",
        "customer" => "rak_customer_write",
        _ => return None,
    })
}

/// A refusal.
pub(super) fn refused(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> NotPlanned {
    NotPlanned::Refused(Problem::new(code, message, hint))
}
