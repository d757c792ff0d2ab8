//! Findings, leads and rules.

use foredeck_engine::api::types::NoArgs;
use foredeck_engine::domain::finding::{Evidence, FindingState, Severity};
use foredeck_engine::domain::money::decimal;
use foredeck_engine::queries::findings::rules::{RuleList, RuleView};
use foredeck_engine::queries::findings::{FindingPage, FindingPageArgs, FindingRow};
use foredeck_engine::queries::leads::{LeadPage, LeadPageArgs};
use serde::Serialize;

use crate::deck::Deck;
use crate::finding_lines::{FindingCommand, FindingsLine, LeadsLine};
use crate::plain::{cell, instant, maybe, maybe_instant, money, plain};
use crate::print::{self, Format, Outcome};

/// What each rule means, in one sentence.
const MEANINGS: [(&str, &str); 28] = [
    ("paid_not_completed", "The money is there, but the checkout or the shop's own row does not know it."),
    ("paid_twice", "One person paid for the same colour twice, or one order was charged twice."),
    ("authorisation_lapsing", "Money is held, nobody has taken it, and the hold is about to end."),
    ("dispute_open", "A buyer disputes a payment, and the bank waits for an answer or decides."),
    ("refund_failed", "Money was to go back to the buyer and did not."),
    ("missing_email", "Somebody paid or tried to, and there is no e-mail to reach them."),
    ("wrong_amount", "The checkout asks for another amount than the price list."),
    ("wrong_currency", "The checkout asks for a currency that the product is not sold in."),
    ("shared_preorder_id", "One preorderId stands for several people."),
    ("funnel_fall", "A step of the funnel is suddenly far below its own recent hours."),
    ("processing_too_long", "Somebody pressed pay, and nothing came of it."),
    ("expires_after_attempt", "A checkout that somebody tried to pay is about to expire."),
    ("payment_failed", "The last attempt to pay was declined, and nothing is under way."),
    ("requires_action_stale", "A payment waits for its buyer to confirm it, and they do not come back."),
    ("async_pending_too_long", "A bank debit or transfer is under way for longer than such things take."),
    ("orphan_payment", "Somebody paid, and no order of the shop belongs to it."),
    ("missing_color", "A paid order does not say which colour."),
    ("missing_address", "A paid order does not say where it is sent to."),
    ("metadata_broken", "A checkout does not carry the ids that the shop finds its order by."),
    ("steps_out_of_order", "A checkout was opened after the order was paid."),
    ("undelivered_event", "An endpoint of the shop did not take an event of Stripe's."),
    ("negative_wallet", "An owner spent more credits than they have."),
    ("fix_without_effect", "A fix was done, and what it should have changed does not show."),
    ("several_sessions", "One person opened three checkouts within a week and completed none."),
    ("success_event_missing", "It was paid, and Klaviyo was never told."),
    ("started_event_missing", "It was started, and Klaviyo was never told."),
    ("event_sent_twice", "Klaviyo was told of one order twice."),
    ("partial_refund_completed", "Part of the money went back, and the shop's own row does not know it."),
];

fn meaning(rule: &str) -> &'static str {
    MEANINGS.iter().find(|(name, _)| *name == rule).map_or("", |(_, meaning)| meaning)
}

/// Runs a command on findings.
pub async fn run(deck: &Deck, command: &FindingCommand) -> Outcome {
    match command {
        FindingCommand::Findings(line) => findings(deck, line).await,
        FindingCommand::Leads(line) => leads(deck, line).await,
        FindingCommand::Rules => rules(deck).await,
    }
}

async fn findings(deck: &Deck, line: &FindingsLine) -> Outcome {
    let args = FindingPageArgs {
        rules: line.rule.clone(),
        state: line.state.as_deref().and_then(FindingState::parse).unwrap_or_default(),
        order: line.order.clone(),
        severity: line.severity.as_deref().and_then(Severity::parse),
        search: line.search.clone(),
        limit: line.limit,
        after: line.after.clone(),
    };
    let page: FindingPage = deck.ask("finding_page", &args).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&page, |page| {
        if page.rows.is_empty() {
            return "nothing was found\n".to_owned();
        }
        let rows = page.rows.iter().map(|row| cells(row, zone));
        print::table(
            &[
                "SEVERITY", "RULE", "OPENED", "DEADLINE", "EMAIL", "AMOUNT", "ORDER", "EVIDENCE", "FIXES",
                "ID",
            ],
            &[5],
            rows,
        )
    })?;
    if deck.format == Format::Text {
        if let Some(total) = page.total {
            print::note(&format!("{} of {total}", page.rows.len()));
        }
        more(page.next.as_deref());
    }
    Ok(())
}

fn cells(row: &FindingRow, zone: chrono_tz::Tz) -> Vec<String> {
    let evidence: Vec<String> = row.evidence.iter().map(told).collect();
    let fixes: Vec<&str> = row.fixes.iter().map(|fix| fix.as_str()).collect();
    vec![
        row.severity.as_str().to_owned(),
        cell(&row.rule),
        instant(row.opens_at, zone),
        maybe_instant(row.deadline_at.or(row.snoozed_until), zone),
        maybe(row.email.as_deref()),
        money(row.amount_minor, row.currency.as_deref()),
        maybe(row.order_id.as_deref()),
        cell(&evidence.join("; ")),
        cell(&fixes.join(", ")),
        plain(&row.id),
    ]
}

fn told(evidence: &Evidence) -> String {
    let mut said = vec![evidence.name.clone()];
    said.extend(evidence.id.clone());
    said.extend(evidence.text.clone());
    if let (Some(minor), Some(currency)) = (evidence.amount_minor, &evidence.currency) {
        said.push(format!("{} {currency}", decimal(minor, currency)));
    }
    said.extend(evidence.score.map(|score| format!("{score} of 100")));
    said.join(" ")
}

fn more(next: Option<&str>) {
    if let Some(next) = next {
        print::note(&format!("more with --after {next}"));
    }
}

async fn leads(deck: &Deck, line: &LeadsLine) -> Outcome {
    let args = LeadPageArgs {
        color: line.color.clone(),
        locale: line.locale.clone(),
        least_minor: line.least,
        most_minor: line.most,
        from: line.from.clone(),
        to: line.to.clone(),
        limit: line.limit,
        after: line.after.clone(),
    };
    let page: LeadPage = deck.ask("lead_page", &args).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&page, |page| {
        let rows = page.rows.iter().map(|row| {
            vec![
                instant(row.started_at, zone),
                row.status.as_str().to_owned(),
                cell(&row.email),
                money(row.amount_minor, row.currency.as_deref()),
                maybe(row.color.as_deref()),
                maybe(row.locale.as_deref()),
                plain(&row.order_id),
                row.recovery_url.as_deref().or(row.url.as_deref()).map_or("-".to_owned(), plain),
            ]
        });
        print::table(
            &["STARTED", "STATUS", "EMAIL", "AMOUNT", "COLOR", "LOCALE", "ORDER", "LINK"],
            &[3],
            rows,
        )
    })?;
    if deck.format == Format::Text {
        if let Some(total) = page.total {
            print::note(&format!("{} of {total}", page.rows.len()));
        }
        more(page.next.as_deref());
    }
    Ok(())
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    rule: &'a RuleView,
    meaning: &'static str,
}

async fn rules(deck: &Deck) -> Outcome {
    let list: RuleList = deck.ask("finding_rules", &NoArgs {}).await?;
    let shown: Vec<Shown<'_>> =
        list.rules.iter().map(|rule| Shown { rule, meaning: meaning(&rule.name) }).collect();
    deck.format.reply(&shown, |shown| {
        let rows = shown.iter().map(|one| {
            vec![
                one.rule.severity.as_str().to_owned(),
                one.rule.name.clone(),
                if one.rule.on { "on" } else { "off" }.to_owned(),
                one.rule.threshold_s.to_string(),
                one.meaning.to_owned(),
            ]
        });
        print::table(&["SEVERITY", "RULE", "", "SECONDS", "MEANING"], &[3], rows)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_meaning() {
        for rule in foredeck_engine::projections::findings::RULES {
            assert!(meaning(rule.name).ends_with('.'), "{}", rule.name);
        }
    }
}
