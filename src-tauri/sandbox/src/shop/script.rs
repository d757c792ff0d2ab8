//! What becomes of a customer who arrives: drawn whole, healthy or broken.

use super::credits::CreditDesk;
use super::deeds::{Deed, act_later, start};
use super::people::{COLORS, FIRST_NAMES, LAST_NAMES, MARKETS, SOURCES};
use super::{DAY_S, Traffic};
use crate::ledger::Fault;
use crate::world::{CheckoutSpec, World};
use rand::Rng;

/// Texts that a careless page or spreadsheet would choke on.
const ODD_NOTES: [&str; 6] = [
    "🎁 gift for my sister 🧜‍♀️🐟",
    "מתנה לאבא, בבקשה בלי קבלה",
    "<b>leave at the door</b><script>alert(1)</script>",
    "=HYPERLINK(\"https://example.com/?x=\"&A1,\"click\")",
    "+1-555-0100; DROP TABLE preorders;--",
    "ﷺ\u{202e}gnp.exe\u{202c} \"quoted\", comma; tab\tnew\nline",
];

const DECLINES: [&str; 6] =
    ["insufficient_funds", "generic_decline", "expired_card", "incorrect_cvc", "do_not_honor", "lost_card"];

/// Nothing happens in the last seconds of a healthy history, so that every event of it is delivered.
pub(super) const QUIET_S: i64 = 10;

/// A customer arrives, and their story is drawn.
pub(super) fn arrive(world: &mut World, traffic: &mut Traffic) {
    if traffic.credits.as_mut().is_some_and(CreditDesk::next_one) {
        return super::credits::arrive(world, traffic);
    }
    let spec = visitor(traffic);
    let broken = traffic.faults > 0.0 && traffic.rng.random_bool(traffic.faults.clamp(0.0, 1.0));
    if broken {
        let fault = Fault::ALL[traffic.rng.random_range(0..Fault::ALL.len())];
        go_wrong(world, traffic, spec, fault);
    } else {
        go_well(world, traffic, spec);
    }
}

/// Somebody opens the preorder page.
fn visitor(traffic: &mut Traffic) -> CheckoutSpec {
    traffic.serial += 1;
    let rng = &mut traffic.rng;
    let first = FIRST_NAMES[rng.random_range(0..FIRST_NAMES.len())];
    let last = LAST_NAMES[rng.random_range(0..LAST_NAMES.len())];
    let host = if rng.random_bool(0.7) { "example.com" } else { "example.org" };
    let email =
        format!("{}.{}{}@{host}", first.to_ascii_lowercase(), last.to_ascii_lowercase(), traffic.serial);
    let mut drawn = rng.random_range(0..MARKETS.iter().map(|m| m.3).sum());
    let market = MARKETS.iter().find(|m| {
        let here = drawn < m.3;
        drawn = drawn.saturating_sub(m.3);
        here
    });
    let (locale, currency, country, _) = *market.unwrap_or(&MARKETS[0]);
    let mut spec = CheckoutSpec {
        email: Some(email),
        name: Some(format!("{first} {last}")),
        color: Some(COLORS[rng.random_range(0..COLORS.len())].to_owned()),
        locale: Some(locale.to_owned()),
        source: Some(SOURCES[rng.random_range(0..SOURCES.len())].to_owned()),
        currency: currency.to_owned(),
        country: country.to_owned(),
        recovery: rng.random_bool(0.5),
        ..CheckoutSpec::default()
    };
    if rng.random_bool(0.04) {
        let note = match rng.random_range(0..=ODD_NOTES.len()) {
            n if n < ODD_NOTES.len() => ODD_NOTES[n].to_owned(),
            _ => "long ".repeat(100),
        };
        spec.metadata.insert("note".to_owned(), note);
    }
    spec.preorder_id = Some(traffic.id("po_", 12));
    spec.user_id = Some(traffic.id("u_", 20));
    spec
}

fn go_well(world: &mut World, traffic: &mut Traffic, spec: CheckoutSpec) {
    let mut spec = spec;
    let now = world.now();
    let drawn = traffic.rng.random_range(0..1000);
    if (300..360).contains(&drawn) {
        spec.recovery = true;
    }
    let Some(play) = start(world, traffic, spec) else { return };
    let think_s = traffic.seconds(40, 3 * 3600);
    let mut deeds: Vec<(i64, Deed)> = Vec::new();
    let mut then = |after_s: i64, deed: Deed| deeds.push((after_s, deed));
    match drawn {
        0..=299 => {}
        300..=359 => {
            let back_s = DAY_S + traffic.seconds(600, DAY_S);
            then(back_s, Deed::Recover);
            then(back_s + traffic.seconds(30, 900), Deed::Pay);
        }
        360..=459 => {
            then(think_s, Deed::Decline(DECLINES[traffic.rng.random_range(0..DECLINES.len())]));
            then(think_s + traffic.seconds(20, 900), Deed::Pay);
        }
        460..=499 => {
            then(think_s, Deed::PayAsync);
            then(think_s + traffic.seconds(DAY_S / 2, 3 * DAY_S), Deed::SettleAsync);
        }
        500..=519 => {
            then(think_s, Deed::RequireAction);
            then(think_s + traffic.seconds(10, 240), Deed::Pay);
        }
        520..=539 => {
            then(think_s, Deed::Pay);
            then(think_s + traffic.seconds(3600, 10 * DAY_S), Deed::RefundAll);
        }
        540..=546 => {
            let (open_s, answer_s) =
                (traffic.seconds(2 * DAY_S, 8 * DAY_S), traffic.seconds(3600, 3 * DAY_S));
            let close_s = think_s + open_s + answer_s + traffic.seconds(DAY_S, 9 * DAY_S);
            then(think_s, Deed::Pay);
            // A healthy shop has no dispute open at the end of its history.
            if traffic.faults > 0.0 || now + close_s < traffic.quiet_from - QUIET_S {
                then(think_s + open_s, Deed::Dispute);
                then(think_s + open_s + answer_s, Deed::AnswerDispute);
                then(close_s, Deed::CloseDispute { won: true });
            }
        }
        _ => then(think_s, Deed::Pay),
    }
    for (after_s, deed) in nothing_half_done(traffic, now, deeds) {
        act_later(world, play, after_s, deed);
    }
}

/// At the end of a healthy history nobody stands between two tries, no debit is under way, and no event is a second old:
/// who would still be trying then never tries, and what falls into its last seconds happens a little later.
fn nothing_half_done(traffic: &Traffic, now: i64, deeds: Vec<(i64, Deed)>) -> Vec<(i64, Deed)> {
    if traffic.faults > 0.0 || now >= traffic.quiet_from {
        return deeds;
    }
    let quiet_s = traffic.quiet_from - QUIET_S - now;
    let begun = |deed: &Deed| matches!(deed, Deed::Decline(_) | Deed::RequireAction | Deed::PayAsync);
    if deeds.iter().any(|(_, deed)| begun(deed)) && deeds.iter().any(|(after_s, _)| *after_s >= quiet_s) {
        return Vec::new();
    }
    let late = |after_s: i64| if (quiet_s..=quiet_s + QUIET_S).contains(&after_s) { 2 * QUIET_S } else { 0 };
    deeds.into_iter().map(|(after_s, deed)| (after_s + late(after_s), deed)).collect()
}

fn go_wrong(world: &mut World, traffic: &mut Traffic, spec: CheckoutSpec, fault: Fault) {
    let mut spec = spec;
    bend(traffic, &mut spec, fault);
    let think_s = traffic.seconds(40, 3600);
    let again = spec.clone();
    let Some(play) = start(world, traffic, spec) else { return };
    let session = traffic.plays[play].session.clone();
    if fault != Fault::OrphanPayment {
        world.plant(&session, fault);
    }
    let code = DECLINES[traffic.rng.random_range(0..DECLINES.len())];
    let days = |traffic: &mut Traffic, low: i64, high: i64| traffic.seconds(low * DAY_S, high * DAY_S);
    let mut then = |after_s: i64, deed: Deed| act_later(world, play, after_s, deed);
    match fault {
        Fault::MissingEmail => {}
        Fault::PaidNotCompleted => then(think_s, Deed::PayWithoutCompleting),
        Fault::ProcessingTooLong => then(think_s, Deed::Attempt),
        Fault::ExpiresAfterAttempt => then(think_s, Deed::Decline(code)),
        Fault::PaymentFailed => {
            then(60, Deed::Decline(code));
            then(200, Deed::Decline("generic_decline"));
        }
        Fault::RequiresActionStale => then(think_s, Deed::RequireAction),
        Fault::AsyncPendingTooLong => then(think_s, Deed::PayAsync),
        Fault::AsyncFailed => {
            then(think_s, Deed::PayAsync);
            then(think_s + days(traffic, 1, 5), Deed::FailAsync);
        }
        Fault::AuthorisationLapsing => then(think_s, Deed::Authorize),
        Fault::OrphanPayment => then(think_s, Deed::PayOutsideCheckout),
        Fault::PaidTwice => {
            let other = CheckoutSpec { preorder_id: Some(traffic.id("po_", 12)), ..again };
            then(think_s, Deed::Pay);
            then(
                think_s + traffic.seconds(60, 7200),
                Deed::OpenAgain { spec: Box::new(other), fault: Some(fault) },
            );
            then(think_s + 7300, Deed::Pay);
        }
        Fault::SeveralSessionsNoneCompleted => {
            then(2 * DAY_S, Deed::OpenAgain { spec: Box::new(again.clone()), fault: None });
            then(4 * DAY_S, Deed::OpenAgain { spec: Box::new(again), fault: None });
        }
        Fault::SharedPreorderId => {
            for n in 1..=3 {
                let friend = visitor(traffic);
                let spec = CheckoutSpec { preorder_id: again.preorder_id.clone(), ..friend };
                then(n * 400, Deed::OpenAgain { spec: Box::new(spec), fault: Some(fault) });
            }
        }
        Fault::PartialRefund => {
            then(think_s, Deed::Pay);
            then(think_s + days(traffic, 1, 6), Deed::RefundPart);
        }
        Fault::RefundFailed => {
            then(think_s, Deed::Pay);
            then(think_s + DAY_S, Deed::RefundPending);
            then(think_s + DAY_S + days(traffic, 1, 4), Deed::FailRefund);
        }
        Fault::DisputeOpen | Fault::DisputeLost => {
            then(think_s, Deed::Pay);
            let open_s = think_s + days(traffic, 1, 8);
            then(open_s, Deed::Dispute);
            if fault == Fault::DisputeLost {
                then(open_s + days(traffic, 2, 9), Deed::CloseDispute { won: false });
            }
        }
        Fault::UndeliveredEvent => {
            then(think_s, Deed::Pay);
            then(think_s, Deed::RefuseDelivery);
        }
        Fault::StepsOutOfOrder => {
            then(think_s, Deed::Pay);
            then(
                think_s + traffic.seconds(60, DAY_S),
                Deed::OpenAgain { spec: Box::new(again), fault: None },
            );
        }
        Fault::CustomerDeleted => {
            then(think_s, Deed::Pay);
            then(think_s + days(traffic, 1, 9), Deed::DeleteCustomer);
        }
        Fault::MissingColor
        | Fault::MissingAddress
        | Fault::WrongAmount
        | Fault::WrongCurrency
        | Fault::MissingPreorderId
        | Fault::MissingUserId
        | Fault::PlaceholderPreorderId
        | Fault::SessionIntentMismatch => then(think_s, Deed::Pay),
    }
}

/// What is wrong with a checkout from the moment it is opened.
fn bend(traffic: &mut Traffic, spec: &mut CheckoutSpec, fault: Fault) {
    match fault {
        Fault::MissingEmail => spec.email = None,
        Fault::MissingColor => spec.color = None,
        Fault::MissingPreorderId => spec.preorder_id = None,
        Fault::MissingUserId => spec.user_id = None,
        Fault::MissingAddress => {
            spec.collects_shipping = false;
            spec.country = String::new();
        }
        Fault::WrongAmount => spec.amount = Some(9_900),
        Fault::WrongCurrency => {
            spec.currency = "gbp".to_owned();
            spec.amount = Some(12_900);
        }
        Fault::PlaceholderPreorderId => {
            spec.preorder_id =
                Some(if traffic.rng.random_bool(0.5) { "undefined" } else { "null" }.to_owned());
        }
        Fault::SessionIntentMismatch => {
            let other = traffic.id("po_", 12);
            spec.intent_metadata.insert("preorderId".to_owned(), other);
        }
        Fault::PaymentFailed => spec.expires_in_s = 1800,
        Fault::SeveralSessionsNoneCompleted | Fault::ExpiresAfterAttempt => spec.recovery = true,
        _ => {}
    }
}
