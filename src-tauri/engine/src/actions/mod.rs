//! Actions: planned, confirmed, audited writes.
//!
//! In: what an operator asks for, and the mirror. Out: a plan (what will change, before anything does), then one effect:
//! the plan's requests are committed before they are sent, sent under keys that make them happen once, their answers stored as
//! facts, and the objects read again. The only room that calls a write endpoint. Deliberately absent: projections are
//! never written here.

mod allowed;
mod bulk;
mod door;
mod execute;
mod fill;
mod fresh;
mod ground;
mod guard;
mod identity;
mod look;
mod outcome;
mod plan;
mod plans;
mod program;
mod rows;
mod seen;
mod send;
mod step;
mod still;
mod tell;
mod tell_person;
mod views;

pub use allowed::{AllowedAction, DisabledReason, allowed};
pub use bulk::{BulkArgs, BulkPlan, BulkRow, BulkView, plan_bulk};
pub use door::{Later, Opened, OpensKlaviyo};
pub use execute::{Desk, Ran};
pub use fill::{Gaps, list_fresh, list_gaps};
pub use ground::Ground;
pub use guard::{Doer, Guard, GuardView, read_guard, set_guard, view_guard};
pub use outcome::run_local;
pub use plan::{ActionPlan, FieldChange, PlanMoney, PlannedCall};
pub use plans::{Drawn, NotPlanned, draw};
pub use program::{Check, Expect, Look, Move, Program, Write};
pub use rows::{
    ActionState, confirm, confirm_bulk, find_bulk_plan, find_plan, forget_plan, is_settled, keep_bulk_plan,
    keep_plan, pause_bulk,
};
pub use seen::{people_of, seen_of};
pub use still::POLICY;
pub use tell::EventTold;
pub use tell_person::ProfileTold;
pub use views::{ActionStepView, ActionView, find_bulk, list_bulk, list_of_order, view};
