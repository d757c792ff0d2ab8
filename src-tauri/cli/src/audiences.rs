//! Audiences: counted, listed, exported, and held against Klaviyo's count.

use foredeck_engine::api::audiences::{
    AudienceExportArgs, AudienceExportReply, AudienceSegment, AudienceSegmentArgs,
};
use foredeck_engine::domain::audience::{Audience, AudienceFilter};
use foredeck_engine::domain::customer_list::AudienceFormat;
use foredeck_engine::queries::audiences::{AudienceCount, AudienceList, AudiencePage, AudiencePageArgs};

use crate::audience_lines::{AudienceCommand, AudienceExportLine, CompareLine, FilterLine, ShowLine};
use crate::deck::Deck;
use crate::plain::{cell, instant, maybe, money, plain};
use crate::print::{self, Format, Outcome, Stop};

/// Runs a command on audiences.
pub async fn run(deck: &Deck, command: &AudienceCommand) -> Outcome {
    match command {
        AudienceCommand::List(line) => {
            let list: AudienceList = deck.ask("audience_list", &filter(line)).await?;
            deck.format.reply(&list, |list| list.audiences.iter().map(counted).collect())?;
            if !list.consent_known && deck.format == Format::Text {
                print::note(
                    "nobody asked Klaviyo about people yet: of nobody it is known whether they want mail",
                );
            }
            Ok(())
        }
        AudienceCommand::Show(line) => show(deck, line).await,
        AudienceCommand::Export(line) => export(deck, line).await,
        AudienceCommand::Compare(line) => compare(deck, line).await,
    }
}

fn named(word: &str) -> Outcome<Audience> {
    Audience::parse(word).ok_or_else(|| Stop::Usage(format!("there is no audience {word:?}")))
}

fn filter(line: &FilterLine) -> AudienceFilter {
    AudienceFilter {
        color: line.color.clone(),
        locale: line.locale.clone(),
        from: line.from.clone(),
        to: line.to.clone(),
        least_days: line.least_days,
        most_days: line.most_days,
        least_minor: line.least,
        most_minor: line.most,
        currency: line.currency.clone(),
        abandoned_after_s: line.abandoned_after,
        with_partially_refunded: line.with_partially_refunded,
        with_refunded: line.with_refunded,
        with_disputed: line.with_disputed,
        with_unsubscribed: line.with_unsubscribed,
    }
}

fn counted(count: &AudienceCount) -> String {
    let people = if count.count == 1 { "person" } else { "people" };
    let mut text = format!("{:<12} {} {people}\n", count.audience.as_str(), count.count);
    text += &format!(
        "  want mail: {} yes, {} no, {} unknown\n",
        count.consent_yes, count.consent_no, count.consent_unknown
    );
    let out: Vec<String> = count
        .left_out
        .iter()
        .filter(|reason| reason.count > 0)
        .map(|reason| format!("{} {}", reason.count, reason.why.as_str().replace('_', " ")))
        .collect();
    if !out.is_empty() {
        text += &format!("  left out: {}\n", out.join(", "));
    }
    text
}

async fn show(deck: &Deck, line: &ShowLine) -> Outcome {
    let args = AudiencePageArgs {
        audience: named(&line.audience)?,
        filter: filter(&line.filter),
        limit: line.limit,
        after: line.after.clone(),
    };
    let page: AudiencePage = deck.ask("audience_page", &args).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&page, |page| {
        if page.rows.is_empty() {
            return "nobody\n".to_owned();
        }
        let rows = page.rows.iter().map(|row| {
            vec![
                instant(row.started_at, zone),
                cell(&row.email),
                maybe(row.name.as_deref()),
                row.status.as_str().to_owned(),
                maybe(row.color.as_deref()),
                maybe(row.locale.as_deref()),
                money(row.amount_minor, row.currency.as_deref()),
                row.consent.as_str().to_owned(),
                cell(&row.order_id),
            ]
        });
        let columns = ["STARTED", "EMAIL", "NAME", "STATUS", "COLOR", "LOCALE", "AMOUNT", "CONSENT", "ORDER"];
        print::table(&columns, &[6], rows)
    })?;
    if let (Format::Text, Some(next)) = (deck.format, &page.next) {
        print::note(&format!("more with --after {next}"));
    }
    Ok(())
}

async fn export(deck: &Deck, line: &AudienceExportLine) -> Outcome {
    let format = AudienceFormat::parse(&line.format)
        .ok_or_else(|| Stop::Usage(format!("there is no format {:?}", line.format)))?;
    let args = AudienceExportArgs {
        audience: named(&line.audience)?,
        filter: filter(&line.filter),
        format,
        plain: line.plain,
        consent_column: line.consent_column,
        path: line.out.clone(),
    };
    let reply: AudienceExportReply = deck.ask("audience_export", &args).await?;
    deck.format.reply(&reply, |reply| format!("{}written to {}\n", counted(&reply.count), plain(&reply.path)))
}

async fn compare(deck: &Deck, line: &CompareLine) -> Outcome {
    let args = AudienceSegmentArgs {
        audience: named(&line.audience)?,
        filter: filter(&line.filter),
        segment_id: line.segment.clone(),
    };
    let both: AudienceSegment = deck.ask("audience_segment", &args).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&both, |both| {
        let theirs = both.theirs.map_or_else(|| "not said".to_owned(), |count| count.to_string());
        let still = if both.is_processing { ", still being worked out" } else { "" };
        format!(
            "{:<10} {} ({}, {})\n{:<10} {theirs} ({} {}, {}{still})\n",
            "here",
            both.ours,
            both.audience.as_str(),
            instant(both.ours_at, zone),
            "Klaviyo",
            cell(&both.segment_name),
            cell(&both.segment_id),
            instant(both.theirs_at, zone),
        )
    })
}
