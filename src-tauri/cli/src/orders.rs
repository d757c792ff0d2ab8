//! Preorders: the page, one whole, and search.

use chrono_tz::Tz;
use foredeck_engine::domain::status::PreorderStatus;
use foredeck_engine::queries::preorders::{
    FunnelStep, PreorderPage, PreorderPageArgs, PreorderRow, PreorderSort,
};
use foredeck_engine::queries::search::{SearchArgs, SearchHit, SearchReply};
use foredeck_engine::queries::sheet::{PaymentView, PreorderSheet, SheetArgs, TimelineEntry};

use crate::deck::Deck;
use crate::line::{PreordersLine, SortWord, StepWord};
use crate::plain::{cell, instant, maybe, maybe_instant, money, plain};
use crate::print::{self, Format, Outcome};

/// Lists one page.
pub async fn page(deck: &Deck, line: &PreordersLine) -> Outcome {
    let page: PreorderPage = deck.ask("preorder_page", &args(line)).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&page, |page| show_rows(&page.rows, zone))?;
    if deck.format == Format::Text {
        if let Some(total) = page.total {
            print::note(&format!("{} of {total}", page.rows.len()));
        }
        if let Some(next) = &page.next {
            print::note(&format!("more with --after {next}"));
        }
    }
    Ok(())
}

fn args(line: &PreordersLine) -> PreorderPageArgs {
    PreorderPageArgs {
        status: line.status.iter().filter_map(|word| PreorderStatus::parse(word)).collect(),
        color: line.color.clone(),
        locale: line.locale.clone(),
        source: line.source.clone(),
        from: line.from.clone(),
        to: line.to.clone(),
        step: line.step.map(|step| match step {
            StepWord::Started => FunnelStep::Started,
            StepWord::CheckoutOpened => FunnelStep::CheckoutOpened,
            StepWord::PaymentAttempted => FunnelStep::PaymentAttempted,
            StepWord::Paid => FunnelStep::Paid,
            StepWord::Kept => FunnelStep::Kept,
        }),
        conflict: line.conflict,
        search: line.search.clone(),
        sort: match line.sort {
            None | Some(SortWord::Started) => PreorderSort::Started,
            Some(SortWord::Paid) => PreorderSort::Paid,
            Some(SortWord::Amount) => PreorderSort::Amount,
            Some(SortWord::Email) => PreorderSort::Email,
        },
        ascending: line.ascending,
        limit: line.limit,
        after: line.after.clone(),
    }
}

const HEADER: [&str; 9] = ["STARTED", "STATUS", "AMOUNT", "EMAIL", "COLOR", "LOCALE", "SOURCE", "PAID", "ID"];

/// A table of preorders.
pub fn show_rows(rows: &[PreorderRow], zone: Tz) -> String {
    if rows.is_empty() {
        return "no preorders\n".to_owned();
    }
    print::table(&HEADER, &[2], rows.iter().map(|row| cells(row, zone)))
}

fn cells(row: &PreorderRow, zone: Tz) -> Vec<String> {
    let mark = if row.conflict { "!" } else { "" };
    let settling = if row.unsettled { "~" } else { "" };
    vec![
        instant(row.started_at, zone),
        format!("{}{settling}{mark}", row.status.as_str()),
        money(row.amount_minor, row.currency.as_deref()),
        maybe(row.email.as_deref()),
        maybe(row.color.as_deref()),
        maybe(row.locale.as_deref()),
        maybe(row.source.as_deref()),
        maybe_instant(row.paid_at, zone),
        plain(&row.id),
    ]
}

/// Finds preorders.
pub async fn search(deck: &Deck, text: &str, limit: Option<u32>) -> Outcome {
    let reply: SearchReply = deck.ask("search", &SearchArgs { text: text.to_owned(), limit }).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&reply, |reply| {
        if reply.hits.is_empty() {
            return "nothing found".to_owned();
        }
        let header: Vec<&str> = ["FOUND BY"].into_iter().chain(HEADER).collect();
        let row = |hit: &SearchHit| [vec![cell(&hit.matched)], cells(&hit.row, zone)].concat();
        print::table(&header, &[3], reply.hits.iter().map(row))
    })
}

/// Shows one preorder whole.
pub async fn sheet(deck: &Deck, id: &str) -> Outcome {
    let sheet: PreorderSheet = deck.ask("preorder_sheet", &SheetArgs { id: id.to_owned() }).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&sheet, |sheet| show_sheet(sheet, zone))
}

fn show_sheet(sheet: &PreorderSheet, zone: Tz) -> String {
    let row = &sheet.row;
    let mut text = format!("{}  {}\n", plain(&row.id), row.status.as_str());
    let head = [
        ("amount", money(row.amount_minor, row.currency.as_deref())),
        ("refunded", money(Some(row.refunded_minor), row.currency.as_deref())),
        ("e-mail", maybe(row.email.as_deref())),
        ("name", maybe(row.name.as_deref())),
        ("colour", maybe(row.color.as_deref())),
        ("locale", maybe(row.locale.as_deref())),
        ("source", maybe(row.source.as_deref())),
        ("started", instant(row.started_at, zone)),
        ("paid", maybe_instant(row.paid_at, zone)),
        ("matched by", cell(&row.matched_by)),
        ("at Stripe", maybe(sheet.stripe_url.as_deref())),
    ];
    text.extend(head.iter().map(|(name, value)| format!("  {name:<11} {value}\n")));
    if row.unsettled {
        text += "  two newest states differ: it is being fetched again\n";
    }
    for conflict in &sheet.conflicts {
        text += &format!(
            "  preorderId {} does not join: {}\n",
            cell(&conflict.preorder_id),
            cell(&conflict.reason)
        );
    }
    if !sheet.former_ids.is_empty() {
        text += &format!("  before      {}\n", cell(&sheet.former_ids.join(", ")));
    }
    text += "\nTimeline\n";
    text += &print::table(
        &["AT", "WHAT", "STATUS", "AMOUNT", "DETAIL", "OBJECT"],
        &[3],
        sheet.timeline.iter().map(|entry| timeline_row(entry, zone)),
    );
    if !sheet.sessions.is_empty() {
        text += "\nSessions\n";
        let rows = sheet.sessions.iter().map(|session| {
            vec![
                instant(session.created_at, zone),
                maybe(session.status.as_deref()),
                maybe(session.payment_status.as_deref()),
                money(session.amount_minor, session.currency.as_deref()),
                maybe_instant(session.expires_at, zone),
                plain(&session.id),
            ]
        });
        text += &print::table(&["CREATED", "STATUS", "PAYMENT", "AMOUNT", "EXPIRES", "ID"], &[3], rows);
    }
    if !sheet.payments.is_empty() {
        text += "\nPayments\n";
        let rows = sheet.payments.iter().flat_map(|payment| payment_rows(payment, zone));
        text += &print::table(&["CREATED", "WHAT", "STATUS", "AMOUNT", "REASON", "ID"], &[3], rows);
    }
    text += "\nPeople\n";
    let rows = sheet.people.iter().map(|person| {
        let deleted = if person.deleted { "deleted" } else { "" };
        vec![
            maybe(person.email.as_deref()),
            maybe(person.name.as_deref()),
            maybe(person.customer_id.as_deref()),
            person.other_orders.to_string(),
            deleted.to_owned(),
        ]
    });
    text + &print::table(&["EMAIL", "NAME", "CUSTOMER", "OTHER ORDERS", ""], &[3], rows)
}

fn timeline_row(entry: &TimelineEntry, zone: Tz) -> Vec<String> {
    vec![
        instant(entry.at, zone),
        cell(&entry.kind),
        maybe(entry.status.as_deref()),
        money(entry.amount_minor, entry.currency.as_deref()),
        maybe(entry.detail.as_deref()),
        plain(&entry.object_id),
    ]
}

fn payment_rows(payment: &PaymentView, zone: Tz) -> Vec<Vec<String>> {
    let why = payment.failure_message.as_deref().or(payment.failure_code.as_deref());
    let mut rows = vec![vec![
        instant(payment.created_at, zone),
        "payment".to_owned(),
        maybe(payment.status.as_deref()),
        money(payment.amount_minor, payment.currency.as_deref()),
        maybe(why),
        maybe(payment.payment_intent_id.as_deref()),
    ]];
    let parts = [("charge", &payment.charges), ("refund", &payment.refunds), ("dispute", &payment.disputes)];
    for (name, lines) in parts {
        rows.extend(lines.iter().map(|line| {
            vec![
                instant(line.created_at, zone),
                name.to_owned(),
                maybe(line.status.as_deref()),
                money(line.amount_minor, line.currency.as_deref()),
                maybe(line.reason.as_deref()),
                plain(&line.id),
            ]
        }));
    }
    rows
}
