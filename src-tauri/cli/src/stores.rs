//! Stores and their keys.

use foredeck_engine::api::types::{
    AppInfo, KeyCheck, NoArgs, StoreAddArgs, StoreKeyArgs, StoreList, StoreRemoveArgs,
};
use foredeck_engine::domain::store::{KeySource, Mode, StoreView};

use crate::deck::Deck;
use crate::line::{KeyLine, ModeWord, StoreCommand};
use crate::plain::{cell, maybe};
use crate::print::{self, Outcome};
use crate::typed;

/// Runs a command on stores.
pub async fn run(deck: &Deck, command: &StoreCommand) -> Outcome {
    match command {
        StoreCommand::Add { name, key_stdin, mode, time_zone } => {
            let args = StoreAddArgs {
                name: name.clone(),
                mode: mode.map(|mode| if mode == ModeWord::Live { Mode::Live } else { Mode::Test }),
                key: if *key_stdin { Some(typed::key()?) } else { None },
                stripe_url: std::env::var("FOREDECK_STRIPE_URL").ok().filter(|url| !url.is_empty()),
                time_zone: time_zone.clone(),
            };
            let view: StoreView = deck.ask_of(None, "store_add", &args).await?;
            if *key_stdin {
                say_where_the_key_is(deck, &view).await?;
            }
            deck.format.reply(&view, show)
        }
        StoreCommand::List => {
            let list: StoreList = deck.ask_of(None, "store_list", &NoArgs {}).await?;
            deck.format.reply(&list, |list| show_list(&list.stores))
        }
        StoreCommand::Remove { name, .. } => {
            let record = deck.engine.registry().get(name)?;
            let args = StoreRemoveArgs { confirm_name: record.name };
            let list: StoreList = deck.ask_of(Some(record.public_id), "store_remove", &args).await?;
            deck.format.reply(&list, |list| show_list(&list.stores))
        }
        StoreCommand::Key(line) => key(deck, line).await,
    }
}

async fn key(deck: &Deck, line: &KeyLine) -> Outcome {
    if line.check {
        let check: KeyCheck = deck.ask("store_check_key", &NoArgs {}).await?;
        return deck.format.reply(&check, show_check);
    }
    let view: StoreView = if line.forget {
        deck.ask("store_forget_key", &NoArgs {}).await?
    } else {
        deck.ask("store_set_key", &StoreKeyArgs { key: typed::key()? }).await?
    };
    if line.key_stdin {
        say_where_the_key_is(deck, &view).await?;
    } else if view.key_source == KeySource::Environment {
        print::note("FOREDECK_STRIPE_KEY still gives a key to every command that sees it");
    }
    deck.format.reply(&view, show)
}

/// A key that no keychain took is gone when this command ends; that must not come as a surprise.
async fn say_where_the_key_is(deck: &Deck, view: &StoreView) -> Outcome {
    if view.key_source == KeySource::Keychain {
        print::note("the key is in the keychain");
        return Ok(());
    }
    let info: AppInfo = deck.ask_of(None, "app_info", &NoArgs {}).await?;
    match info.keychain_problem {
        None => print::note("the key is in the keychain; FOREDECK_STRIPE_KEY goes before it while it is set"),
        Some(problem) => print::note(&format!(
            "{problem}: the key was held for this run only; give it to the next ones in FOREDECK_STRIPE_KEY"
        )),
    }
    Ok(())
}

fn show_list(stores: &[StoreView]) -> String {
    if stores.is_empty() {
        return "no stores yet: `foredeckctl store add NAME` makes one".to_owned();
    }
    let row = |store: &StoreView| {
        vec![
            cell(&store.public_id),
            cell(&store.name),
            mode(store),
            key_words(store),
            maybe(store.account_id.as_deref()),
            maybe(store.stripe_url.as_deref()),
            cell(&store.time_zone),
        ]
    };
    print::table(&["ID", "NAME", "MODE", "KEY", "ACCOUNT", "URL", "TIME ZONE"], &[], stores.iter().map(row))
}

fn show(store: &StoreView) -> String {
    let rows = [
        ("id", cell(&store.public_id)),
        ("name", cell(&store.name)),
        ("mode", mode(store)),
        ("key", key_words(store)),
        ("account", maybe(store.account_id.as_deref())),
        ("url", maybe(store.stripe_url.as_deref())),
        ("time zone", cell(&store.time_zone)),
        ("mirror", crate::plain::plain(&store.mirror_path)),
    ];
    rows.iter().map(|(name, value)| format!("{name:<10} {value}\n")).collect()
}

fn mode(store: &StoreView) -> String {
    store.mode.map_or("-", Mode::as_str).to_owned()
}

fn key_words(store: &StoreView) -> String {
    let place = match store.key_source {
        KeySource::None => return "none".to_owned(),
        KeySource::Keychain => "keychain",
        KeySource::Environment => "environment",
        KeySource::Session => "this run only",
    };
    format!("{}… ({place})", maybe(store.key_prefix.as_deref()))
}

fn show_check(check: &KeyCheck) -> String {
    let rows = check.permissions.iter().map(|one| {
        let lacks = one.missing_permission.as_deref().map(cell).unwrap_or_default();
        vec![cell(&one.kind), if one.readable { "yes" } else { "no" }.to_owned(), lacks]
    });
    format!(
        "account {}\n\n{}",
        maybe(check.account_id.as_deref()),
        print::table(&["KIND", "READABLE", "LACKS"], &[], rows)
    )
}
