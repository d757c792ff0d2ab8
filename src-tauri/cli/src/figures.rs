//! Figures: completeness, the overview, the funnel.

use chrono_tz::Tz;
use foredeck_engine::api::types::NoArgs;
use foredeck_engine::queries::funnel::{Funnel, FunnelArgs, FunnelBy, FunnelCounts};
use foredeck_engine::queries::health::{Freshness, Health};
use foredeck_engine::queries::overview::{Overview, OverviewSpan};

use crate::deck::Deck;
use crate::line::{ByWord, FunnelLine};
use crate::orders;
use crate::plain::{cell, instant, maybe, maybe_instant, money, plain, share};
use crate::print::{self, Outcome};

/// Says how complete the mirror is.
pub async fn status(deck: &Deck) -> Outcome {
    let health: Health = deck.ask("health", &NoArgs {}).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&health, |health| show_health(health, zone))
}

fn show_health(health: &Health, zone: Tz) -> String {
    let mut text = show_freshness(&health.freshness, zone);
    text += &format!("watermark          {}\n\n", maybe_instant(health.watermark, zone));
    let rows = health.kinds.iter().map(|kind| {
        let gaps = kind.gaps.iter().map(|gap| {
            let from = if gap.from == 0 { "the beginning".to_owned() } else { instant(gap.from, zone) };
            format!("{from} to {} ({})", instant(gap.to, zone), plain(&gap.reason))
        });
        let mut missing: Vec<String> = gaps.take(3).collect();
        if kind.gaps.len() > 3 {
            missing.push(format!("and {} more", kind.gaps.len() - 3));
        }
        missing
            .extend(kind.missing_permission.as_deref().map(|name| format!("the key lacks {}", cell(name))));
        let missing = if missing.is_empty() { "-".to_owned() } else { missing.join("; ") };
        vec![cell(&kind.kind), kind.count.to_string(), maybe_instant(kind.complete_up_to, zone), missing]
    });
    text += &print::table(&["KIND", "COUNT", "COMPLETE UP TO", "MISSING"], &[1], rows);
    let counters = [
        ("stored, not folded yet", health.unfolded),
        ("fetched again soon", health.unsettled),
        ("undelivered events", health.undelivered_total),
        ("event ids with other bytes", health.event_conflicts),
        ("unreadable", health.unreadable.iter().map(|one| one.count).sum()),
    ];
    let said = counters.iter().filter(|(_, count)| *count > 0);
    let said: String = said.map(|(name, count)| format!("{name}: {count}\n")).collect();
    if !said.is_empty() {
        text += &format!("\n{said}");
    }
    for error in health.errors.iter().take(5) {
        text += &format!("{}  {}: {}\n", instant(error.at, zone), cell(&error.code), plain(&error.message));
    }
    text
}

/// How fresh the mirror is, in lines.
pub fn show_freshness(freshness: &Freshness, zone: Tz) -> String {
    let mut text = format!(
        "state              {}\ncomplete up to     {}\nlast success       {}\n",
        state_word(freshness),
        maybe_instant(freshness.complete_up_to, zone),
        maybe_instant(freshness.last_success_at, zone)
    );
    if let Some(message) = &freshness.error_message {
        text +=
            &format!("error              {} ({})\n", plain(message), maybe(freshness.error_code.as_deref()));
    }
    text
}

/// The state's word as it stands in JSON.
pub fn state_word(freshness: &Freshness) -> String {
    let word = serde_json::to_value(freshness.state).ok();
    word.as_ref().and_then(|word| word.as_str()).unwrap_or_default().to_owned()
}

/// Shows the overview.
pub async fn overview(deck: &Deck) -> Outcome {
    let overview: Overview = deck.ask("overview", &NoArgs {}).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&overview, |overview| show_overview(overview, zone))
}

fn show_overview(overview: &Overview, zone: Tz) -> String {
    let spans = [
        ("today", &overview.today),
        ("yesterday", &overview.yesterday),
        ("7 days", &overview.last_7_days),
        ("7 days before", &overview.previous_7_days),
    ];
    let header = ["", "STARTED", "OPENED", "ATTEMPTED", "PAID", "KEPT", "CONVERSION", "REVENUE"];
    let rows = spans.iter().map(|(name, span)| {
        let mut row = vec![(*name).to_owned()];
        row.extend(counts(span.funnel));
        row.push(share(span.funnel.paid, span.funnel.started));
        row.push(revenue(span));
        row
    });
    let mut text = format!("{} ({})\n\n", instant(overview.as_of, zone), cell(&overview.time_zone));
    text += &print::table(&header, &[1, 2, 3, 4, 5, 6], rows);
    text += "\n";
    let statuses =
        overview.by_status.iter().map(|one| vec![one.status.as_str().to_owned(), one.count.to_string()]);
    text += &print::table(&["STATUS", "PREORDERS"], &[1], statuses);
    if !overview.attention.is_empty() {
        text += "\n";
        let rows = overview.attention.iter().map(|one| vec![cell(&one.kind), one.count.to_string()]);
        text += &print::table(&["ATTENTION", "COUNT"], &[1], rows);
    }
    text += "\n";
    text += &orders::show_rows(&overview.latest, zone);
    text += "\n";
    text + &show_freshness(&overview.freshness, zone)
}

fn revenue(span: &OverviewSpan) -> String {
    let each = span.revenue.iter().map(|one| money(Some(one.paid_minor), Some(&one.currency)));
    let all: Vec<String> = each.collect();
    if all.is_empty() { "-".to_owned() } else { all.join(", ") }
}

fn counts(counts: FunnelCounts) -> [String; 5] {
    [counts.started, counts.checkout_opened, counts.payment_attempted, counts.paid, counts.kept]
        .map(|n| n.to_string())
}

/// Shows the funnel.
pub async fn funnel(deck: &Deck, line: &FunnelLine) -> Outcome {
    let by = match line.by {
        ByWord::Day => FunnelBy::Day,
        ByWord::Color => FunnelBy::Color,
        ByWord::Locale => FunnelBy::Locale,
        ByWord::Source => FunnelBy::Source,
    };
    let args = FunnelArgs { from: line.from.clone(), to: line.to.clone(), by };
    let funnel: Funnel = deck.ask("funnel", &args).await?;
    deck.format.reply(&funnel, show_funnel)
}

fn show_funnel(funnel: &Funnel) -> String {
    let first = match funnel.by {
        FunnelBy::Day => "DAY",
        FunnelBy::Color => "COLOR",
        FunnelBy::Locale => "LOCALE",
        FunnelBy::Source => "SOURCE",
    };
    let header = [first, "STARTED", "OPENED", "ATTEMPTED", "PAID", "KEPT", "CONVERSION"];
    let row = |name: String, of: FunnelCounts| {
        let mut row = vec![name];
        row.extend(counts(of));
        row.push(share(of.paid, of.started));
        row
    };
    let mut rows: Vec<Vec<String>> = funnel
        .rows
        .iter()
        .map(|one| row(one.key.as_deref().map_or("(unknown)".to_owned(), cell), one.counts))
        .collect();
    rows.push(row("total".to_owned(), funnel.total));
    print::table(&header, &[1, 2, 3, 4, 5, 6], rows)
}
