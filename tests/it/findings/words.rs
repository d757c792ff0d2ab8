//! What operators say of findings: the newest word holds, a snooze ends by itself, and what is found later is another matter.

use foredeck_engine::domain::action::FindingWord;
use foredeck_engine::domain::finding::FindingState;
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::projections::findings::words::append_finding_state;
use foredeck_engine::projections::fold::fold_dirty;
use foredeck_engine::projections::rebuild;
use foredeck_engine::queries::sheet::{SheetArgs, sheet};
use serde_json::json;

use super::{all, open, whole};
use crate::it::shop::{DAY, NOON, Shop, charge, intent, session, terms, with};

const FAILED: &str = "payment_failed:pre_1";

fn declined(shop: &Shop, at: i64) {
    let rest =
        with(whole("pre_1", "ann@example.com"), json!({"payment_intent": "pi_1", "status": "expired"}));
    shop.list(Kind::Session, at, &[session("cs_1", NOON - 60, rest)]);
    let error = json!({"last_payment_error": {"code": "card_declined"}});
    shop.list(Kind::Intent, at, &[intent("pi_1", NOON, error)]);
    let failed = json!({"status": "failed", "payment_intent": "pi_1", "failure_code": "card_declined"});
    shop.list(Kind::Charge, at, &[charge(&format!("ch_{at}"), at, failed)]);
}

fn say(shop: &Shop, id: &'static str, word: FindingWord, until: Option<i64>) -> Option<i64> {
    shop.write(move |transaction| {
        let seq = append_finding_state(transaction, NOON + 1, "ann", id, word, until, Some("spoke to them"))?;
        fold_dirty(transaction, 1_000)?;
        Ok(seq)
    })
}

fn rebuilt(shop: &Shop) {
    shop.write(|transaction| rebuild::begin(transaction, 0));
    while !shop.write(|transaction| rebuild::step(transaction, &terms(), 100)).finished {}
}

#[test]
fn a_dismissed_finding_opens_anew_only_when_it_counts_from_later() {
    let shop = Shop::open();
    declined(&shop, NOON);
    assert_eq!(open(&shop, NOON + DAY), [FAILED]);
    assert!(say(&shop, "payment_failed:pre_9", FindingWord::Dismissed, None).is_none(), "there is none");
    say(&shop, FAILED, FindingWord::Dismissed, None).unwrap();
    assert!(open(&shop, NOON + DAY).is_empty());
    let row = all(&shop, FindingState::Dismissed, NOON + DAY).remove(0);
    assert_eq!(
        (row.by.as_deref(), row.note.as_deref(), row.at),
        (Some("ann"), Some("spoke to them"), Some(NOON + 1))
    );
    rebuilt(&shop);
    assert!(open(&shop, NOON + DAY).is_empty(), "a rebuild loses nothing anyone said");
    declined(&shop, NOON + 500);
    assert_eq!(open(&shop, NOON + DAY), [FAILED], "they tried again and failed again");
    say(&shop, FAILED, FindingWord::Resolved, None).unwrap();
    assert!(open(&shop, NOON + DAY).is_empty());
    say(&shop, FAILED, FindingWord::Open, None).unwrap();
    assert_eq!(open(&shop, NOON + DAY), [FAILED], "the newest word holds");
}

#[test]
fn a_snooze_ends_by_itself() {
    let shop = Shop::open();
    declined(&shop, NOON);
    let until = NOON + 2 * DAY;
    say(&shop, FAILED, FindingWord::Snoozed, Some(until)).unwrap();
    assert!(open(&shop, until - 1).is_empty());
    let snoozed = all(&shop, FindingState::Snoozed, until - 1);
    assert_eq!((snoozed.len(), snoozed[0].snoozed_until), (1, Some(until)));
    assert_eq!(open(&shop, until), [FAILED]);
    assert!(all(&shop, FindingState::Snoozed, until).is_empty());
    assert!(open(&shop, NOON + 30 * DAY).is_empty(), "it closes as if nobody had put it off");
}

#[test]
fn what_was_said_stays_with_an_order_that_gets_its_name_later() {
    let shop = Shop::open();
    let bare = json!({"status": "complete", "payment_status": "paid", "customer_email": "ann@example.com",
        "collected_information": {"shipping_details": {"address": {"line1": "1 Quay"}}}});
    shop.list(Kind::Session, NOON, &[session("cs_1", NOON - 60, bare.clone())]);
    say(&shop, "missing_color:cs_1", FindingWord::Dismissed, None).unwrap();
    let named = with(bare, json!({"metadata": {"preorderId": "pre_1"}}));
    shop.list(Kind::Session, NOON + 9, &[session("cs_1", NOON - 60, named)]);
    assert!(open(&shop, NOON + DAY).is_empty(), "{:?}", open(&shop, NOON + DAY));
    let dismissed = all(&shop, FindingState::Dismissed, NOON + DAY);
    assert_eq!(dismissed[0].id, "missing_color:pre_1");
    rebuilt(&shop);
    assert_eq!(all(&shop, FindingState::Dismissed, NOON + DAY), dismissed);
}

#[test]
fn the_sheet_shows_an_order_s_findings_and_its_timeline_what_was_said() {
    let shop = Shop::open();
    declined(&shop, NOON);
    say(&shop, FAILED, FindingWord::Dismissed, None).unwrap();
    let args = SheetArgs { id: "pi_1".to_owned() };
    let sheet = shop.read(|connection| sheet(connection, &args, None, NOON + DAY)).unwrap();
    let found: Vec<(&str, FindingState)> =
        sheet.findings.iter().map(|row| (row.id.as_str(), row.state)).collect();
    assert_eq!(found, [(FAILED, FindingState::Dismissed)]);
    let told = sheet.timeline.iter().find(|entry| entry.kind == "local_finding").unwrap();
    assert_eq!(
        (told.object_id.as_str(), told.status.as_deref(), told.detail.as_deref(), told.operator.as_deref()),
        (FAILED, Some("dismissed"), Some("spoke to them"), Some("ann"))
    );
}
