//! What Klaviyo is told of orders.

use chrono_tz::Tz;
use foredeck_engine::actions::{BulkPlan, BulkView};
use foredeck_engine::api::actions::ActionRunArgs;
use foredeck_engine::api::klaviyo_events::KlaviyoFillArgs;
use foredeck_engine::api::types::{NoArgs, SettingsDocument};
use foredeck_engine::queries::klaviyo_events::{EventStandPage, EventStandPageArgs, EventsView};

use crate::bulk_runs::{see_through, show_plan};
use crate::deck::Deck;
use crate::klaviyo_lines::{EventsCommand, FillLine};
use crate::plain::{cell, instant, maybe_instant, plain};
use crate::print::{self, Format, Outcome};

const DAY: i64 = 86_400;

/// Runs a command on what Klaviyo is told.
pub async fn run(deck: &Deck, command: &EventsCommand) -> Outcome {
    match command {
        EventsCommand::Status => {
            let view: EventsView = deck.ask("klaviyo_events", &NoArgs {}).await?;
            show(deck, &view).await
        }
        EventsCommand::Check => {
            let view: EventsView = deck.ask("klaviyo_events_check", &NoArgs {}).await?;
            show(deck, &view).await
        }
        EventsCommand::List { verdict, event, limit } => {
            let args = EventStandPageArgs {
                verdict: *verdict,
                kind: *event,
                limit: Some(*limit),
                ..EventStandPageArgs::default()
            };
            let page: EventStandPage = deck.ask("klaviyo_event_page", &args).await?;
            let zone = deck.store().await?.zone();
            deck.format.reply(&page, |page| list(page, zone))
        }
        EventsCommand::Fill(line) => fill(deck, line).await,
        EventsCommand::Policy { policy } => {
            let mut document: SettingsDocument = deck.ask("settings_get", &NoArgs {}).await?;
            document.settings.klaviyo.policy = *policy;
            let _set: SettingsDocument = deck.ask("settings_set", &document).await?;
            let view: EventsView = deck.ask("klaviyo_events", &NoArgs {}).await?;
            show(deck, &view).await
        }
    }
}

async fn fill(deck: &Deck, line: &FillLine) -> Outcome {
    if line.mail {
        // Who paid an hour ago gets no reminder: nobody is mailed by what was known of orders then.
        sync_first(deck).await?;
    }
    // What is not known of Klaviyo now cannot be missing there.
    let seen: EventsView = deck.ask("klaviyo_events_check", &NoArgs {}).await?;
    let since = line.days.zip(seen.looked_at).map(|(days, now)| now - i64::from(days) * DAY);
    let args = KlaviyoFillArgs { event: line.event, mail: line.mail, since, until: None };
    let plan: BulkPlan = deck.ask("klaviyo_events_fill", &args).await?;
    if line.dry_run {
        return show_plan(deck, &plan);
    }
    if deck.format == Format::Text {
        print::note(&format!("{} events, {} mails", plan.count, plan.mails));
    }
    let args = ActionRunArgs { plan: plan.id.clone(), confirm_amount: None };
    let view: BulkView = deck.ask("bulk_run", &args).await?;
    see_through(deck, &view.id).await
}

/// Whoever else syncs this store knows as much.
async fn sync_first(deck: &Deck) -> Outcome {
    match deck.store().await?.sync_once(false, |_| {}).await {
        Err(problem) if problem.code != "STORE_BUSY" => Err(problem.into()),
        _ => Ok(()),
    }
}

async fn show(deck: &Deck, view: &EventsView) -> Outcome {
    let zone = deck.store().await?.zone();
    deck.format.reply(view, |view| describe(view, zone))
}

fn describe(view: &EventsView, zone: Tz) -> String {
    let since = view.policy_since.map(|at| format!(" since {}", instant(at, zone))).unwrap_or_default();
    let mut lines = vec![format!("policy: {}{since}", view.policy.as_str())];
    if let Some(held) = &view.held {
        lines.push(format!("held: {}", plain(held)));
    }
    lines.push(format!("looked at: {}", maybe_instant(view.looked_at, zone)));
    lines.push(format!("the shop's own site told last: {}", maybe_instant(view.shop_told_at, zone)));
    for one in &view.counts {
        lines.push(format!("{} {}: {}", one.kind.as_str(), one.verdict.as_str(), one.count));
    }
    let gaps = &view.gaps;
    lines.push(format!(
        "missing: {} events of {} orders, {} people ({} of them want no mail)",
        gaps.events, gaps.orders, gaps.people, gaps.unsubscribed
    ));
    let sent = &view.sent;
    lines.push(format!(
        "sent from here: {} waiting, {} confirmed, {} lost",
        sent.sent, sent.confirmed, sent.lost
    ));
    lines.join("\n")
}

fn list(page: &EventStandPage, zone: Tz) -> String {
    let line = |row: &foredeck_engine::queries::klaviyo_events::EventStand| {
        format!(
            "{}  {}  {}  {}  {}{}",
            instant(row.happened_at, zone),
            cell(&row.order.id),
            row.kind.as_str(),
            row.verdict.as_str(),
            cell(row.order.email.as_deref().unwrap_or("-")),
            if row.unsubscribed { "  wants no mail" } else { "" }
        )
    };
    page.rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
