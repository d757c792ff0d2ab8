//! Fixes: planned, run, looked at.

use std::time::Duration;

use chrono_tz::Tz;
use foredeck_engine::actions::{ActionPlan, ActionState, ActionView, AllowedAction, FieldChange};
use foredeck_engine::api::actions::{ActionIdArgs, ActionRunArgs, OrderActions};
use foredeck_engine::domain::action::{ActionRequest, Address, FindingWord, RefundReason};
use foredeck_engine::domain::money::parse_decimal;
use foredeck_engine::error::Problem;
use foredeck_engine::queries::findings;
use foredeck_engine::queries::sheet::{PaymentView, PreorderSheet, SheetArgs};

use crate::bulk_runs;
use crate::deck::Deck;
use crate::fix_lines::{DetailsLine, FixCommand, NewLine, PlanLine, ReasonWord, RunLine, WordWord};
use crate::plain::{cell, instant, money, plain};
use crate::print::{self, Format, Outcome};

/// Seconds an action without an answer is waited for.
const PATIENCE_S: u32 = 30;

/// Runs a command on fixes.
pub async fn run(deck: &Deck, command: &FixCommand) -> Outcome {
    match command {
        FixCommand::Plan(line) => {
            let plan: ActionPlan = deck.ask("action_plan", &request(deck, line).await?).await?;
            show_plan(deck, &plan)
        }
        FixCommand::Run(line) => confirm(deck, line).await,
        FixCommand::Show { id } => {
            let view: ActionView = deck.ask("action_get", &ActionIdArgs { id: id.clone() }).await?;
            let zone = deck.store().await?.zone();
            deck.format.reply(&view, |view| describe(view, zone))
        }
        FixCommand::Options { order } => options(deck, order).await,
        FixCommand::Bulk(command) => bulk_runs::run(deck, command).await,
    }
}

async fn options(deck: &Deck, order: &str) -> Outcome {
    let found: OrderActions = deck.ask("order_actions", &ActionIdArgs { id: order.to_owned() }).await?;
    deck.format.reply(&found, |found| {
        let rows = found.allowed.iter().map(|one| {
            let of = one.request.as_ref().map_or_else(String::new, target);
            let now =
                one.disabled.as_ref().map_or("yes".to_owned(), |reason| format!("no: {}", reason.message));
            vec![one.action.as_str().to_owned(), cell(&of), plain(&now)]
        });
        print::table(&["action", "of", "now"], &[], rows)
    })
}

fn target(request: &ActionRequest) -> String {
    let json = serde_json::to_value(request).unwrap_or_default();
    let named = ["payment", "intent", "session", "order"].iter().find_map(|name| json[*name].as_str());
    named.unwrap_or_default().to_owned()
}

async fn request(deck: &Deck, line: &PlanLine) -> Outcome<ActionRequest> {
    Ok(match line {
        PlanLine::For { finding } => first_fix(deck, finding).await?,
        PlanLine::Refetch { order } => ActionRequest::Refetch { order: order.clone() },
        PlanLine::LinkPayment { payment, order } => {
            ActionRequest::LinkPayment { payment: payment.clone(), order: order.clone() }
        }
        PlanLine::ChangeDetails(line) => details(line),
        PlanLine::NewLink { order } => ActionRequest::NewLink { order: order.clone() },
        PlanLine::ExpireSession { session } => ActionRequest::ExpireSession { session: session.clone() },
        PlanLine::Capture { intent } => ActionRequest::Capture { intent: intent.clone() },
        PlanLine::CancelAuthorisation { intent } => {
            ActionRequest::CancelAuthorisation { intent: intent.clone() }
        }
        PlanLine::Refund(line) => ActionRequest::Refund {
            payment: line.payment.clone(),
            amount_minor: match &line.amount {
                Some(text) => Some(minor(text, &currency_of(deck, &line.payment).await?)?),
                None => None,
            },
            reason: reason(line.reason),
        },
        PlanLine::ResendEvent { event, endpoint } => {
            ActionRequest::ResendEvent { event: event.clone(), endpoint: endpoint.clone() }
        }
        PlanLine::ReverseGrant { owner, payment, credits } => {
            ActionRequest::ReverseGrant { owner: owner.clone(), payment: payment.clone(), credits: *credits }
        }
        PlanLine::SetFinding(line) => ActionRequest::SetFinding {
            finding: line.finding.clone(),
            state: word(line.state),
            until: until(deck, line.hours).await?,
            note: line.note.clone(),
        },
        PlanLine::Annotate { order, note } => {
            ActionRequest::Annotate { order: order.clone(), note: note.clone() }
        }
    })
}

/// What cures a finding first, of what its order allows now.
async fn first_fix(deck: &Deck, finding: &str) -> Outcome<ActionRequest> {
    let store = deck.store().await?;
    let (named, now) = (finding.to_owned(), store.clock().now());
    let found = store.db().read(move |connection| findings::find(connection, &named, now)).await?;
    let row = found.ok_or_else(|| {
        let hint = "See `foredeckctl findings` for those there are.";
        Problem::new("NO_FINDING", format!("there is no finding {:?}", plain(finding)), hint)
    })?;
    let order = row.order_id.clone().unwrap_or_else(|| row.subject.clone());
    let can: OrderActions = deck.ask("order_actions", &ActionIdArgs { id: order }).await?;
    let ready = |one: &&AllowedAction| one.disabled.is_none() && one.request.is_some();
    let first =
        row.fixes.iter().find_map(|kind| can.allowed.iter().filter(ready).find(|one| one.action == *kind));
    let request = first.and_then(|one| one.request.clone()).ok_or_else(|| {
        let fixes: Vec<&str> = row.fixes.iter().map(|kind| kind.as_str()).collect();
        Problem::new(
            "NEEDS_WORDS",
            format!("none of its fixes ({}) can be planned without saying more", fixes.join(", ")),
            "Plan one by name: `foredeckctl fix plan --help`; `fix options ORDER` says what can be done now.",
        )
    })?;
    Ok(request)
}

fn details(line: &DetailsLine) -> ActionRequest {
    let address = line.name.as_ref().map(|name| Address {
        name: name.clone(),
        line1: line.line1.clone().unwrap_or_default(),
        line2: line.line2.clone(),
        city: line.city.clone(),
        state: line.state.clone(),
        postal_code: line.postal_code.clone(),
        country: line.country.clone().unwrap_or_default(),
    });
    ActionRequest::ChangeDetails {
        order: line.order.clone(),
        color: line.color.clone(),
        email: line.email.clone(),
        locale: line.locale.clone(),
        address,
    }
}

/// Stripe's reason.
pub fn reason(word: ReasonWord) -> RefundReason {
    match word {
        ReasonWord::RequestedByCustomer => RefundReason::RequestedByCustomer,
        ReasonWord::Duplicate => RefundReason::Duplicate,
    }
}

/// What is said of a finding.
pub fn word(word: WordWord) -> FindingWord {
    match word {
        WordWord::Open => FindingWord::Open,
        WordWord::Snoozed => FindingWord::Snoozed,
        WordWord::Dismissed => FindingWord::Dismissed,
        WordWord::Resolved => FindingWord::Resolved,
    }
}

/// The instant so many hours from now.
pub async fn until(deck: &Deck, hours: Option<u32>) -> Outcome<Option<i64>> {
    let Some(hours) = hours else { return Ok(None) };
    Ok(Some(deck.store().await?.clock().now() + i64::from(hours) * 3_600))
}

async fn currency_of(deck: &Deck, payment: &str) -> Outcome<String> {
    let args = SheetArgs { id: payment.to_owned() };
    let sheet: PreorderSheet = deck.ask("preorder_sheet", &args).await?;
    let is_of = |one: &&PaymentView| {
        one.payment_intent_id.as_deref() == Some(payment)
            || one.charges.iter().any(|charge| charge.id == payment)
    };
    let named = sheet.payments.iter().find(is_of).and_then(|one| one.currency.clone());
    Ok(named.or(sheet.row.currency).unwrap_or_default())
}

/// An amount as people write it, in minor units.
pub fn minor(text: &str, currency: &str) -> Outcome<i64> {
    let bad = || {
        Problem::new(
            "BAD_AMOUNT",
            format!("{:?} is no amount of {}", plain(text), currency.to_uppercase()),
            "Write it as the plan shows it, such as 12.50.",
        )
    };
    Ok(parse_decimal(text, currency).ok_or_else(bad)?)
}

async fn confirm(deck: &Deck, line: &RunLine) -> Outcome {
    if line.plan.starts_with("blk_") {
        return bulk_runs::confirm(deck, line).await;
    }
    let store = deck.store().await?;
    let typed = match &line.confirm_amount {
        Some(text) => {
            let currency = store.plan_currency(&line.plan).await?.unwrap_or_default();
            Some(minor(text, &currency)?)
        }
        None => None,
    };
    let args = ActionRunArgs { plan: line.plan.clone(), confirm_amount: typed };
    let mut view: ActionView = deck.ask("action_run", &args).await?;
    // Stripe did not answer: a script wants to know, so it is waited for a while.
    for _ in 0..PATIENCE_S {
        if view.state.is_over() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        store.see_through(&view.id).await?;
        view = deck.ask("action_get", &ActionIdArgs { id: view.id.clone() }).await?;
    }
    show_outcome(deck, &view, store.zone())
}

/// Takes an order for a customer: the plan, and with `--yes` the link.
pub async fn new_preorder(deck: &Deck, line: &NewLine) -> Outcome {
    let request = ActionRequest::NewPreorder {
        email: line.email.clone(),
        name: line.name.clone(),
        color: line.color.clone(),
        locale: line.locale.clone(),
        price: line.price.clone(),
        quantity: line.quantity,
    };
    let plan: ActionPlan = deck.ask("action_plan", &request).await?;
    if !line.yes {
        return show_plan(deck, &plan);
    }
    let args = ActionRunArgs { plan: plan.id, confirm_amount: None };
    let view: ActionView = deck.ask("action_run", &args).await?;
    let zone = deck.store().await?.zone();
    show_outcome(deck, &view, zone)
}

fn show_plan(deck: &Deck, plan: &ActionPlan) -> Outcome {
    deck.format.reply(plan, |plan| {
        let mut lines =
            vec![format!("{} {}", plan.action.as_str(), cell(plan.order_id.as_deref().unwrap_or("")))];
        lines.push(changes(&plan.changes));
        if let Some(moved) = &plan.money {
            lines.push(format!(
                "money {}: {}",
                moved.direction,
                money(Some(moved.amount_minor), Some(&moved.currency))
            ));
        }
        for call in &plan.calls {
            lines.push(format!("will ask {}: {} {}", call.service, call.method, plain(&call.path)));
        }
        if !plan.notices.is_empty() {
            lines.push(format!("note: {}", plan.notices.join(", ")));
        }
        lines.push(format!("undo: {}", plan.undo));
        lines.push(plan.id.clone());
        lines.join("\n")
    })?;
    if deck.format == Format::Text {
        let typed = if plan.confirm_amount { " --confirm-amount AMOUNT" } else { "" };
        print::note(&format!(
            "nothing was done yet; run it with: foredeckctl fix run {} --yes{typed}",
            plan.id
        ));
    }
    Ok(())
}

/// Changes as a table.
pub fn changes(changes: &[FieldChange]) -> String {
    let rows = changes.iter().map(|change| {
        let value = |text: &Option<String>| match (&change.currency, text.as_deref().map(str::parse)) {
            (Some(currency), Some(Ok(minor))) => money(Some(minor), Some(currency)),
            _ => cell(text.as_deref().unwrap_or("-")),
        };
        vec![
            cell(change.object.as_deref().unwrap_or("(new)")),
            cell(&change.field),
            value(&change.before),
            value(&change.after),
        ]
    });
    print::table(&["object", "field", "before", "after"], &[], rows)
}

/// Prints what an action came to; one that did not succeed is an error.
fn show_outcome(deck: &Deck, view: &ActionView, zone: Tz) -> Outcome {
    deck.format.reply(view, |view| describe(view, zone))?;
    let words = view.error.clone().unwrap_or_default();
    match view.state {
        ActionState::Succeeded => Ok(()),
        ActionState::Failed => {
            Err(Problem::new("NOT_DONE", words, "See the action's steps; make a new plan.").into())
        }
        ActionState::Unknown => {
            Err(Problem::new("UNKNOWN", words, "Look at it in Stripe's dashboard before doing it again.")
                .into())
        }
        ActionState::Queued | ActionState::Running => Err(Problem::new(
            "STILL_RUNNING",
            format!("{} is not over yet: {words}", view.id),
            "It goes on by itself with the next sync; see `foredeckctl fix show`.",
        )
        .into()),
    }
}

fn describe(view: &ActionView, zone: Tz) -> String {
    let verified = match view.verified {
        Some(true) => ", verified",
        Some(false) => ", NOT as it should be",
        None => "",
    };
    let mut lines = vec![format!(
        "{} {} by {} at {}: {}{verified}",
        view.id,
        view.plan.action.as_str(),
        plain(&view.operator),
        instant(view.confirmed_at, zone),
        view.state.as_str()
    )];
    for step in view.steps.iter().filter(|step| step.path.is_some()) {
        lines.push(format!(
            "  {} {} {} {}",
            step.state,
            plain(step.path.as_deref().unwrap_or("")),
            cell(step.object.as_deref().unwrap_or("-")),
            plain(step.request_id.as_deref().unwrap_or("")),
        ));
    }
    lines.extend(view.error.as_ref().map(|error| format!("  {}", plain(error))));
    lines.extend(view.link.as_ref().map(|link| plain(link)));
    lines.join("\n")
}
