//! Who plays in the tales, and at which instants.

use super::Thresholds;
use crate::shop::{COLORS, FIRST_NAMES, LAST_NAMES, MARKETS, SOURCES};
use crate::world::{CheckoutSpec, DirectSpec};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

pub(super) const MINUTE_S: i64 = 60;
pub(super) const HOUR_S: i64 = 3_600;
pub(super) const DAY_S: i64 = 86_400;
/// The shortest life Stripe gives a session.
pub(super) const SHORT_LIFE_S: i64 = 1_800;
/// Events need a moment to be delivered, and charges to be booked; before the shop's now there is that much peace.
pub(super) const PEACE_S: i64 = 6;

const DECLINES: [&str; 5] =
    ["insufficient_funds", "generic_decline", "expired_card", "do_not_honor", "lost_card"];

/// People who were not here before, and draws.
pub(super) struct Stage {
    pub rng: ChaCha8Rng,
    /// Where the shop will stand.
    pub now: i64,
    pub thresholds: Thresholds,
    serial: u32,
}

impl Stage {
    pub(super) fn new(seed: u64, now: i64, thresholds: Thresholds) -> Stage {
        Stage { rng: crate::world::stream(seed, 9), now, thresholds, serial: 0 }
    }

    /// The checkout of somebody new, with all that belongs to an order.
    pub(super) fn spec(&mut self) -> CheckoutSpec {
        self.serial += 1;
        let rng = &mut self.rng;
        let first = FIRST_NAMES[rng.random_range(0..FIRST_NAMES.len())];
        let last = LAST_NAMES[rng.random_range(0..LAST_NAMES.len())];
        let (locale, currency, country, _) = MARKETS[rng.random_range(0..MARKETS.len())];
        let email = format!(
            "{}.{}.s{}@example.net",
            first.to_ascii_lowercase(),
            last.to_ascii_lowercase(),
            self.serial
        );
        CheckoutSpec {
            preorder_id: Some(crate::ids::tail(rng, "po_", 12)),
            user_id: Some(crate::ids::tail(rng, "u_", 20)),
            email: Some(email),
            name: Some(format!("{first} {last}")),
            color: Some(COLORS[rng.random_range(0..COLORS.len())].to_owned()),
            locale: Some(locale.to_owned()),
            source: Some(SOURCES[rng.random_range(0..SOURCES.len())].to_owned()),
            currency: currency.to_owned(),
            country: country.to_owned(),
            recovery: rng.random_bool(0.5),
            ..CheckoutSpec::default()
        }
    }

    /// Another checkout of the same person: a new preorder, everything else the same.
    pub(super) fn again(&mut self, spec: &CheckoutSpec) -> CheckoutSpec {
        CheckoutSpec { preorder_id: Some(crate::ids::tail(&mut self.rng, "po_", 12)), ..spec.clone() }
    }

    /// A payment without checkout of somebody new, with all that belongs to an order.
    pub(super) fn direct(&mut self) -> DirectSpec {
        let spec = self.spec();
        direct_of(&spec)
    }

    pub(super) fn code(&mut self) -> &'static str {
        DECLINES[self.rng.random_range(0..DECLINES.len())]
    }

    /// Seconds between `low` and `high`, `high` left out.
    pub(super) fn secs(&mut self, low: i64, high: i64) -> i64 {
        self.rng.random_range(low..high.max(low + 1))
    }

    /// The few minutes that somebody thinks before they pay.
    pub(super) fn think(&mut self) -> i64 {
        self.secs(30, 15 * MINUTE_S)
    }

    /// Some day of the last weeks, long enough ago that everything of that day is over.
    pub(super) fn some_day(&mut self) -> i64 {
        self.now - self.secs(27 * HOUR_S, 20 * DAY_S)
    }

    /// The same e-mail as somebody else would type it.
    pub(super) fn retyped(&mut self, email: &str) -> String {
        match self.rng.random_range(0..3) {
            0 => email.to_uppercase(),
            1 => format!(" {email} "),
            _ => {
                let mut letters = email.chars();
                letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect()
            }
        }
    }
}

/// A payment without checkout for what a checkout would have sold.
pub(super) fn direct_of(spec: &CheckoutSpec) -> DirectSpec {
    let fields = [
        ("preorderId", &spec.preorder_id),
        ("email", &spec.email),
        ("color", &spec.color),
        ("locale", &spec.locale),
    ];
    let listed = crate::world::PRICE_LIST.iter().find(|(currency, _)| *currency == spec.currency);
    DirectSpec {
        amount: listed.map_or(14_900, |(_, amount)| *amount),
        currency: spec.currency.clone(),
        email: spec.email.clone(),
        country: spec.country.clone(),
        metadata: fields
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)))
            .collect(),
        ..DirectSpec::default()
    }
}
