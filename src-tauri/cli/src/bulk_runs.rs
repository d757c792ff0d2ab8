//! One fix for many orders.

use std::io::Read;

use foredeck_engine::actions::{BulkArgs, BulkPlan, BulkView};
use foredeck_engine::api::actions::{ActionIdArgs, ActionRunArgs, BulkList, BulkPauseArgs};

use crate::deck::Deck;
use crate::fix_lines::{BulkCommand, BulkPlanLine, RunLine};
use crate::fixes::{minor, reason, until, word};
use crate::plain::{cell, instant, money, plain};
use crate::print::{self, Format, Outcome};

/// Most bytes of ids read.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Runs a command on bulk runs.
pub async fn run(deck: &Deck, command: &BulkCommand) -> Outcome {
    match command {
        BulkCommand::Plan(line) => plan(deck, line).await,
        BulkCommand::Run(line) => confirm(deck, line).await,
        BulkCommand::Show { id } => {
            let view: BulkView = deck.ask("bulk_get", &ActionIdArgs { id: id.clone() }).await?;
            deck.format.reply(&view, describe)
        }
        BulkCommand::List => {
            let zone = deck.store().await?.zone();
            let list: BulkList = deck.ask("bulk_list", &serde_json::json!({})).await?;
            deck.format.reply(&list, |list| {
                let rows = list.runs.iter().map(|run| {
                    vec![
                        run.id.clone(),
                        run.action.as_str().to_owned(),
                        cell(&run.operator),
                        instant(run.confirmed_at, zone),
                        run.succeeded.to_string(),
                        (run.failed + run.unknown).to_string(),
                        run.waiting.to_string(),
                    ]
                });
                print::table(&["id", "action", "by", "at", "done", "failed", "waiting"], &[], rows)
            })
        }
        BulkCommand::Pause { id } => {
            let view: BulkView =
                deck.ask("bulk_pause", &BulkPauseArgs { id: id.clone(), paused: true }).await?;
            deck.format.reply(&view, describe)
        }
        BulkCommand::Resume { id } => {
            let _begun: BulkView =
                deck.ask("bulk_pause", &BulkPauseArgs { id: id.clone(), paused: false }).await?;
            see_through(deck, id).await
        }
    }
}

async fn plan(deck: &Deck, line: &BulkPlanLine) -> Outcome {
    let mut text = String::new();
    let _not_text = std::io::stdin().lock().take(LONGEST).read_to_string(&mut text);
    let targets: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let args = BulkArgs {
        action: line.action,
        targets,
        note: line.note.clone(),
        state: line.state.map(word),
        until: until(deck, line.hours).await?,
        reason: reason(line.reason),
        event: None,
        mail: line.mail,
        happened_from: None,
        happened_until: None,
    };
    let plan: BulkPlan = deck.ask("bulk_plan", &args).await?;
    show_plan(deck, &plan)
}

/// Shows a plan for many orders, and how it is run.
pub fn show_plan(deck: &Deck, plan: &BulkPlan) -> Outcome {
    deck.format.reply(plan, |plan| {
        let mut lines = vec![format!("{} for {} orders", plan.action.as_str(), plan.count)];
        for (currency, total) in &plan.money {
            lines.push(format!("money: {}", money(Some(*total), Some(currency))));
        }
        if plan.mails > 0 {
            lines.push(format!("mails: {}", plan.mails));
        }
        for row in &plan.refused {
            let order = cell(row.order_id.as_deref().unwrap_or("-"));
            lines.push(format!("left out: {order}: {}", plain(row.message.as_deref().unwrap_or(""))));
        }
        lines.push(plan.id.clone());
        lines.join("\n")
    })?;
    if deck.format == Format::Text {
        print::note(&format!("nothing was done yet; run it with: foredeckctl fix run {} --yes", plan.id));
    }
    Ok(())
}

/// Confirms a plan for many orders and sees it through.
pub async fn confirm(deck: &Deck, line: &RunLine) -> Outcome {
    let store = deck.store().await?;
    let typed = match &line.confirm_amount {
        Some(text) => Some(minor(text, &store.plan_currency(&line.plan).await?.unwrap_or_default())?),
        None => None,
    };
    let args = ActionRunArgs { plan: line.plan.clone(), confirm_amount: typed };
    let view: BulkView = deck.ask("bulk_run", &args).await?;
    see_through(deck, &view.id).await
}

pub async fn see_through(deck: &Deck, id: &str) -> Outcome {
    let told = std::cell::Cell::new(-1);
    let view = deck
        .store()
        .await?
        .see_bulk_through(id, |view| {
            let done = view.total - view.waiting;
            if deck.format == Format::Text && done / 50 != told.get() {
                told.set(done / 50);
                print::note(&format!("{done} of {}", view.total));
            }
        })
        .await?;
    deck.format.reply(&view, describe)
}

fn describe(view: &BulkView) -> String {
    let mut lines = vec![format!(
        "{} {}: {} done, {} failed, {} in doubt, {} waiting{}",
        view.id,
        view.action.as_str(),
        view.succeeded,
        view.failed,
        view.unknown,
        view.waiting,
        if view.paused { ", paused" } else { "" }
    )];
    for row in &view.failures {
        lines.push(format!(
            "  {} {}: {}",
            cell(row.order_id.as_deref().unwrap_or("-")),
            row.id,
            plain(row.message.as_deref().unwrap_or(""))
        ));
    }
    lines.join("\n")
}
