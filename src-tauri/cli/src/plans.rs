//! The plan table.

use std::io::Read;

use foredeck_engine::api::types::{NoArgs, PlanSetArgs};
use foredeck_engine::domain::plan::PlanRule;
use foredeck_engine::queries::credits::catalogue::Catalogue;
use foredeck_engine::queries::credits::plans::{
    BoughtView, PaymentKind, PlanList, PlanPreview, PlanPreviewArgs,
};

use crate::credit_lines::{ChangeLine, PlanLine, PlansCommand};
use crate::deck::Deck;
use crate::plain::{cell, maybe};
use crate::print::{self, Format, Outcome, Stop};

/// Runs a command on the plan table.
pub async fn run(deck: &Deck, command: &PlansCommand) -> Outcome {
    let table: PlanList = deck.ask("plan_list", &NoArgs {}).await?;
    let mut rules: Vec<PlanRule> = table.rules.iter().map(|one| one.rule.clone()).collect();
    match command {
        PlansCommand::List => list(deck, &table),
        PlansCommand::Set(line) => {
            put(&mut rules, rule_of(line));
            change(deck, rules, &line.change).await
        }
        PlansCommand::Remove { by, value, change: line } => {
            let before = rules.len();
            rules.retain(|rule| rule.by != *by || rule.value != *value);
            if rules.len() == before {
                return Err(Stop::Usage(format!("there is no rule by {} {}", by.as_str(), cell(value))));
            }
            change(deck, rules, line).await
        }
        PlansCommand::Import { file: Some(file), change: line } => {
            change(deck, read_rules(file)?, line).await
        }
        PlansCommand::Import { file: None, change: line } => {
            let catalogue: Catalogue = deck.ask("plan_catalogue", &NoArgs {}).await?;
            let found = catalogue.prices.len();
            let new: Vec<PlanRule> = catalogue
                .prices
                .into_iter()
                .filter(|price| !price.covered)
                .filter_map(|price| price.suggestion)
                .collect();
            print::note(&format!(
                "{found} prices, {} of them suggest a new rule by their metadata",
                new.len()
            ));
            new.into_iter().for_each(|rule| put(&mut rules, rule));
            change(deck, rules, line).await
        }
    }
}

fn rule_of(line: &PlanLine) -> PlanRule {
    PlanRule {
        by: line.by,
        value: line.value.clone(),
        plan: if line.no_credits { None } else { line.plan.clone() },
        credits: line.credits,
    }
}

fn put(rules: &mut Vec<PlanRule>, rule: PlanRule) {
    match rules.iter_mut().find(|other| other.by == rule.by && other.value == rule.value) {
        Some(other) => *other = rule,
        None => rules.push(rule),
    }
}

fn read_rules(file: &str) -> Result<Vec<PlanRule>, Stop> {
    /// More than five hundred rules can hold.
    const MOST: u64 = 1 << 20;
    let mut text = String::new();
    let read = if file == "-" {
        std::io::stdin().take(MOST).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MOST).read_to_string(&mut text))
    };
    read.map_err(|error| Stop::Usage(format!("{} cannot be read: {error}", cell(file))))?;
    serde_json::from_str(&text)
        .map_err(|error| Stop::Usage(format!("{} is no JSON list of rules: {error}", cell(file))))
}

async fn change(deck: &Deck, rules: Vec<PlanRule>, line: &ChangeLine) -> Outcome {
    let preview: PlanPreview = deck.ask("plan_preview", &PlanPreviewArgs { rules: rules.clone() }).await?;
    let shown = if line.dry_run {
        preview
    } else {
        deck.ask("plan_set", &PlanSetArgs { rules, revision: preview.revision }).await?
    };
    deck.format.reply(&shown, difference)?;
    if deck.format == Format::Text && line.dry_run {
        print::note("nothing was changed");
    }
    Ok(())
}

fn difference(preview: &PlanPreview) -> String {
    let rows = preview.changes.iter().map(|change| {
        let mut cells = vec![change.of.payments.to_string(), kind(&change.of)];
        cells.extend([bought(&change.before), bought(&change.after)]);
        cells
    });
    let mut text = print::table(&["PAYMENTS", "OF", "BOUGHT", "BUY NOW"], &[0], rows);
    text.push_str(&format!(
        "\n\n{} payments buy something else; credits {} -> {}; not covered {} -> {}",
        preview.payments_changed,
        preview.credits_before,
        preview.credits_after,
        preview.unmapped_before,
        preview.unmapped_after
    ));
    text
}

fn bought(bought: &BoughtView) -> String {
    match &bought.plan {
        Some(plan) => format!("{}, {} credits", cell(plan), bought.credits),
        None => bought.coverage.clone(),
    }
}

fn kind(of: &PaymentKind) -> String {
    let mut parts: Vec<String> = Vec::new();
    for item in &of.items {
        let named = item.lookup_key.as_deref().or(item.price.as_deref());
        parts.push(format!("{} x {}", item.quantity, maybe(named)));
    }
    if let (Some(minor), Some(currency)) = (of.amount_minor, &of.currency) {
        let amount = foredeck_engine::domain::money::decimal(minor, currency);
        parts.push(format!("{amount} {}", cell(currency)));
    }
    parts.extend(of.plan.iter().map(|plan| format!("plan {}", cell(plan))));
    parts.extend(of.credits.map(|credits| format!("credits {credits}")));
    parts.join(", ")
}

fn list(deck: &Deck, table: &PlanList) -> Outcome {
    deck.format.reply(table, |table| {
        let rows = table.rules.iter().map(|one| {
            vec![
                one.rule.by.as_str().to_owned(),
                cell(&one.rule.value),
                one.rule.plan.as_deref().map_or_else(|| "buys no credits".to_owned(), cell),
                match (&one.rule.plan, one.rule.credits) {
                    (_, Some(credits)) => credits.to_string(),
                    (Some(_), None) => "as the metadata says".to_owned(),
                    (None, None) => "-".to_owned(),
                },
                one.payments.to_string(),
            ]
        });
        let mut text = print::table(&["BY", "VALUE", "PLAN", "CREDITS", "PAYMENTS"], &[3, 4], rows);
        if !table.unmapped.is_empty() {
            text.push_str("\n\nNOT COVERED\n");
            let rows = table.unmapped.iter().map(|of| vec![of.payments.to_string(), kind(of)]);
            text.push_str(&print::table(&["PAYMENTS", "OF"], &[0], rows));
        }
        text
    })?;
    if deck.format == Format::Text && table.rules.is_empty() {
        print::note("there is no rule yet: see foredeckctl plans import");
    }
    Ok(())
}
