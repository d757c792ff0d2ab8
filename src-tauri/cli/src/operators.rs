//! Operators: listed, added, changed.

use foredeck_engine::api::operators::{
    OperatorArgs, OperatorDisabledArgs, OperatorIdleArgs, OperatorList, OperatorMe, OperatorRenameArgs,
    OperatorRoleArgs, OperatorView,
};
use foredeck_engine::api::types::NoArgs;
use serde::Serialize;
use serde_json::json;

use crate::deck::Deck;
use crate::operator_lines::OperatorsCommand;
use crate::plain::{cell, maybe_instant};
use crate::print::{self, Format, Outcome};
use crate::typed;

/// Runs a command on operators.
pub async fn run(deck: &Deck, command: &OperatorsCommand) -> Outcome {
    let list = match command {
        OperatorsCommand::List => return list(deck).await,
        OperatorsCommand::Add { name, role } => {
            let passphrase = typed::line("the new operator's passphrase")?;
            let args = json!({"name": name, "role": role, "passphrase": passphrase});
            change(deck, "operator_add", &args).await?
        }
        OperatorsCommand::Remove { name } => {
            change(deck, "operator_remove", &OperatorArgs { name: name.clone() }).await?
        }
        OperatorsCommand::Rename { name, new_name } => {
            let args = OperatorRenameArgs { name: name.clone(), new_name: new_name.clone() };
            change(deck, "operator_rename", &args).await?
        }
        OperatorsCommand::Role { name, role } => {
            let args = OperatorRoleArgs { name: name.clone(), role: *role };
            change(deck, "operator_set_role", &args).await?
        }
        OperatorsCommand::Passphrase { name } => {
            let passphrase = typed::line("the new passphrase")?;
            let args = json!({"name": name, "passphrase": passphrase});
            change(deck, "operator_set_passphrase", &args).await?
        }
        OperatorsCommand::Disable { name } => set_disabled(deck, name, true).await?,
        OperatorsCommand::Enable { name } => set_disabled(deck, name, false).await?,
        OperatorsCommand::Idle { minutes } => {
            change(deck, "operator_set_idle", &OperatorIdleArgs { minutes: *minutes }).await?
        }
    };
    deck.format.reply(&list, show)
}

async fn change(deck: &Deck, name: &str, args: &impl Serialize) -> Outcome<OperatorList> {
    deck.ask_of(None, name, args).await
}

async fn set_disabled(deck: &Deck, name: &str, disabled: bool) -> Outcome<OperatorList> {
    let args = OperatorDisabledArgs { name: name.to_owned(), disabled };
    change(deck, "operator_set_disabled", &args).await
}

async fn list(deck: &Deck) -> Outcome {
    let list: OperatorList = deck.ask_of(None, "operator_list", &NoArgs {}).await?;
    deck.format.reply(&list, show)?;
    if deck.format == Format::Text {
        let me: OperatorMe = deck.ask_of(None, "operator_me", &NoArgs {}).await?;
        print::note(&match (&me.name, me.role) {
            (Some(name), Some(role)) => format!("you are {}, {}", cell(name), role.as_str()),
            _ => "nobody is signed in: what writes needs --operator NAME --passphrase-stdin".to_owned(),
        });
    }
    Ok(())
}

fn show(list: &OperatorList) -> String {
    let row = |one: &OperatorView| {
        vec![
            cell(&one.name),
            one.role.as_str().to_owned(),
            one.level.to_string(),
            if one.has_passphrase { "set" } else { "none" }.to_owned(),
            if one.disabled { "disabled" } else { "enabled" }.to_owned(),
            maybe_instant(one.added_at, chrono_tz::Tz::UTC),
        ]
    };
    let heads = ["NAME", "ROLE", "LEVEL", "PASSPHRASE", "STATE", "ADDED (UTC)"];
    let mut text = print::table(&heads, &[2], list.operators.iter().map(row));
    text.push_str(&match list.idle_min {
        0 => "\n\nthe window never locks by itself".to_owned(),
        minutes => {
            format!("\n\nwith more than one operator the window locks after {minutes} min without input")
        }
    });
    text
}
