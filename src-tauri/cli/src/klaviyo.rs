//! The connection to Klaviyo.

use foredeck_engine::api::klaviyo::{
    KlaviyoConnectArgs, KlaviyoMetricArgs, KlaviyoMetricReply, KlaviyoRotateArgs, KlaviyoTestArgs,
};
use foredeck_engine::api::types::{AppInfo, NoArgs};
use foredeck_engine::domain::klaviyo::{
    KlaviyoCheck, KlaviyoLimit, KlaviyoMetric, KlaviyoScope, KlaviyoTest, KlaviyoWarning, ReportKind,
    ScopePurpose, ScopeState, SuggestReason,
};
use foredeck_engine::domain::store::KeySource;
use foredeck_engine::queries::klaviyo::{DisconnectPreview, KlaviyoCleared, KlaviyoView};

use crate::deck::Deck;
use crate::klaviyo_events;
use crate::klaviyo_lines::{DisconnectLine, KlaviyoCommand};
use crate::plain::{cell, instant, maybe, maybe_instant, plain};
use crate::print::{self, Format, Outcome};
use crate::typed;

/// Runs a command on Klaviyo.
pub async fn run(deck: &Deck, command: &KlaviyoCommand) -> Outcome {
    match command {
        KlaviyoCommand::Test { key_stdin } => {
            let args = KlaviyoTestArgs { key: key(*key_stdin)?, klaviyo_url: None };
            let test: KlaviyoTest = deck.ask("klaviyo_test", &args).await?;
            warn(&test.warnings);
            deck.format.reply(&test, show_test)
        }
        KlaviyoCommand::Connect { metric, key_stdin } => connect(deck, metric, *key_stdin).await,
        KlaviyoCommand::Status => {
            let view: KlaviyoView = deck.ask("klaviyo_status", &NoArgs {}).await?;
            show_view(deck, &view).await
        }
        KlaviyoCommand::Rotate { .. } => {
            let args = KlaviyoRotateArgs { key: typed::key()? };
            let view: KlaviyoView = deck.ask("klaviyo_rotate", &args).await?;
            say_where_the_key_is(deck, &view).await?;
            show_view(deck, &view).await
        }
        KlaviyoCommand::Metric { id } => {
            let args = KlaviyoMetricArgs { metric_id: id.clone() };
            let reply: KlaviyoMetricReply = deck.ask("klaviyo_set_metric", &args).await?;
            print::note(&resyncs(&reply.resyncs));
            match deck.format {
                Format::Json => deck.format.reply(&reply, |_| String::new()),
                Format::Text => show_view(deck, &reply.view).await,
            }
        }
        KlaviyoCommand::Disconnect(line) => disconnect(deck, line).await,
        KlaviyoCommand::Check => {
            let check: KlaviyoCheck = deck.ask("klaviyo_check", &NoArgs {}).await?;
            // The report stands over several lines, each of which is made harmless by itself.
            let text = |check: &KlaviyoCheck| check.report.lines().map(|line| plain(line) + "\n").collect();
            deck.format.reply(&check, text)
        }
        KlaviyoCommand::Events(command) => klaviyo_events::run(deck, command).await,
    }
}

fn key(from_stdin: bool) -> Outcome<Option<String>> {
    if from_stdin { typed::key().map(Some) } else { Ok(None) }
}

async fn connect(deck: &Deck, metric: &str, key_stdin: bool) -> Outcome {
    let args = KlaviyoConnectArgs { key: key(key_stdin)?, metric_id: metric.to_owned(), klaviyo_url: None };
    let view: KlaviyoView = deck.ask("klaviyo_connect", &args).await?;
    if key_stdin {
        say_where_the_key_is(deck, &view).await?;
    }
    show_view(deck, &view).await
}

async fn disconnect(deck: &Deck, line: &DisconnectLine) -> Outcome {
    if line.dry_run {
        let preview: DisconnectPreview = deck.ask("klaviyo_disconnect_preview", &NoArgs {}).await?;
        return deck.format.reply(&preview, show_preview);
    }
    let view: KlaviyoView = deck.ask("klaviyo_disconnect", &NoArgs {}).await?;
    if view.key_source == KeySource::Environment {
        print::note("FOREDECK_KLAVIYO_KEY still gives a key to every command that sees it");
    }
    show_view(deck, &view).await
}

/// A key that no keychain took is gone when this command ends; that must not come as a surprise.
async fn say_where_the_key_is(deck: &Deck, view: &KlaviyoView) -> Outcome {
    if view.key_source == KeySource::Keychain {
        print::note("the key is in the keychain");
        return Ok(());
    }
    let info: AppInfo = deck.ask_of(None, "app_info", &NoArgs {}).await?;
    match info.keychain_problem {
        None => {
            print::note("the key is in the keychain; FOREDECK_KLAVIYO_KEY goes before it while it is set")
        }
        Some(problem) => print::note(&format!(
            "{problem}: the key was held for this run only; give it to the next ones in FOREDECK_KLAVIYO_KEY"
        )),
    }
    Ok(())
}

fn warn(warnings: &[KlaviyoWarning]) {
    for warning in warnings {
        print::note(&format!("{} ({})", warning.message, warning.code));
    }
}

fn show_test(test: &KlaviyoTest) -> String {
    let account = &test.account;
    let rows = [
        ("account", format!("{} ({})", cell(&account.name), cell(&account.public_id))),
        ("kind", if account.test_account { "TEST" } else { "live" }.to_owned()),
        ("time zone", maybe(account.time_zone.as_deref())),
        ("currency", maybe(account.currency.as_deref())),
        ("key", format!("{}…", cell(&test.key_prefix))),
        (
            "revision",
            format!("{}, answered {}", test.revision.asked, maybe(test.revision.answered.as_deref())),
        ),
    ];
    let mut text: String = rows.iter().map(|(name, value)| format!("{name:<10} {value}\n")).collect();
    let scopes = test.scopes.iter().map(scope_row);
    text += &format!("\n{}", print::table(&["SCOPE", "STATE", "FOR"], &[], scopes));
    let suggested = test.suggested.as_ref();
    let metrics = test.metrics.iter().map(|metric| {
        let reason = suggested.filter(|suggested| suggested.metric_id == metric.id);
        metric_row(metric, reason.map(|suggested| suggested.reason))
    });
    text += &format!("\n{}", print::table(&["METRIC", "NAME", "FROM", ""], &[], metrics));
    let limits = test.limits.iter().map(limit_row);
    text + &format!("\n{}", print::table(&["LIMIT", "A SECOND", "A MINUTE", "LEFT"], &[1, 2, 3], limits))
}

fn scope_row(scope: &KlaviyoScope) -> Vec<String> {
    let state = match scope.state {
        ScopeState::Granted => "granted",
        ScopeState::Missing => "MISSING",
        ScopeState::NotProbed => "not probed",
        ScopeState::Unknown => "unknown",
    };
    let purpose = match scope.purpose {
        ScopePurpose::Connect => "connecting",
        ScopePurpose::Reports => "report syncs",
        ScopePurpose::CrossCheck => "holding events against orders",
        ScopePurpose::Send => "sending events and profiles",
        ScopePurpose::Audiences => "audiences",
    };
    vec![cell(&scope.scope), state.to_owned(), purpose.to_owned()]
}

fn metric_row(metric: &KlaviyoMetric, suggested: Option<SuggestReason>) -> Vec<String> {
    let from = match &metric.integration {
        _ if metric.custom => "custom metric".to_owned(),
        Some(from) => maybe(from.name.as_deref().or(from.key.as_deref())),
        None => "-".to_owned(),
    };
    let why = suggested.map_or("", |reason| match reason {
        SuggestReason::Current => "chosen now",
        SuggestReason::MappedRevenue => "suggested: the account counts revenue by it",
        SuggestReason::ShopifyPlacedOrder => "suggested: Shopify's orders",
        SuggestReason::PlacedOrder => "suggested by its name",
    });
    vec![cell(&metric.id), cell(&metric.name), from, why.to_owned()]
}

fn limit_row(limit: &KlaviyoLimit) -> Vec<String> {
    let left = limit.remaining.map_or_else(|| "-".to_owned(), |left| left.to_string());
    vec![cell(&limit.endpoint), limit.per_s.to_string(), limit.per_min.to_string(), left]
}

async fn show_view(deck: &Deck, view: &KlaviyoView) -> Outcome {
    let zone = deck.store().await?.zone();
    deck.format.reply(view, |view| {
        let account = view.account.as_ref();
        let named = account.map(|account| format!("{} ({})", cell(&account.name), cell(&account.public_id)));
        let kind = account.map(|account| if account.test_account { "TEST" } else { "live" });
        let metric = view.metric.as_ref();
        let counted = metric.map(|metric| metric_row(metric, None)[..3].join("  "));
        let mut rows = vec![
            ("status", view.status.as_str().to_owned()),
            ("since", maybe_instant(view.since, zone)),
            ("why", view.message.as_deref().map_or_else(|| "-".to_owned(), plain)),
            ("account", named.unwrap_or_else(|| "-".to_owned())),
            ("kind", kind.unwrap_or("-").to_owned()),
            ("metric", counted.unwrap_or_else(|| "-".to_owned())),
            ("orders", orders(view.do_not_order_sync).to_owned()),
            ("connected", maybe_instant(view.connected_at, zone)),
            ("last sync", maybe_instant(view.last_sync, zone)),
            ("sync", view.sync_status.map_or("-", |state| state.as_str()).to_owned()),
            ("key", key_words(view)),
        ];
        for wait in &view.waits {
            rows.push(("wait", format!("{} until {}", cell(&wait.endpoint), instant(wait.until, zone))));
        }
        rows.iter().map(|(name, value)| format!("{name:<10} {value}\n")).collect()
    })
}

/// What `do_not_order_sync` means, in plain words.
fn orders(do_not_order_sync: Option<bool>) -> &'static str {
    match do_not_order_sync {
        None => "-",
        Some(true) => "not synced",
        Some(false) => "synced",
    }
}

fn key_words(view: &KlaviyoView) -> String {
    let place = match view.key_source {
        KeySource::None => return "none".to_owned(),
        KeySource::Keychain => "keychain",
        KeySource::Environment => "environment",
        KeySource::Session => "this run only",
    };
    format!("{}… ({place})", maybe(view.key_prefix.as_deref()))
}

fn resyncs(kinds: &[ReportKind]) -> String {
    if kinds.is_empty() {
        return "it is the metric it was: nothing changes".to_owned();
    }
    let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    format!("queued to be synced anew: {}", words.join(", "))
}

fn show_preview(preview: &DisconnectPreview) -> String {
    let Some(account) = &preview.account else {
        return "not connected: there is nothing to clear".to_owned();
    };
    let rows = preview.clears.iter().map(|cleared| {
        let what = match cleared.what {
            KlaviyoCleared::Connection => "connection",
            KlaviyoCleared::Key => "key",
            KlaviyoCleared::ReportSyncs => "report syncs",
            KlaviyoCleared::Waits => "waits",
            KlaviyoCleared::Reports => "report rows",
        };
        vec![what.to_owned(), cleared.count.to_string()]
    });
    let mut text = format!("account {} ({})\n\n", cell(&account.name), cell(&account.public_id));
    text += &print::table(&["CLEARED", "COUNT"], &[1], rows);
    text += &format!(
        "\nkept: {} preorders, everything of Stripe and the shop, the audit",
        preview.preorders_kept
    );
    if preview.environment_key_stays {
        text += "\nFOREDECK_KLAVIYO_KEY stays where it is";
    }
    text
}
