//! Audiences: people by their preorders. Pure rules over the orders of one person, without a database.
//!
//! A person is a normalised e-mail. Orders that buy credits are no preorders and are not looked at.
//!
//! - **Successful**: the person has an order that is completed: paid, not refunded at all, no dispute open or lost. Orders
//!   refunded in part, refunded or disputed count where they are asked for.
//! - **Abandoned**: the person has an order that was started, is not paid and is older than an age (one hour unless asked
//!   otherwise), and none that was paid and kept since it was started, wholly or in part. Who has an order that is
//!   refunded or disputed is left out unless asked for: money went back, and nobody is to be courted over that.
//!
//! In both the newest order that makes somebody a member stands for them: its colour, locale, value and start are what is
//! filtered by and shown. Who said no to mail is left out unless asked for; of whom nothing is known stays in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::status::PreorderStatus;

/// How old an unpaid order is at least before it counts as abandoned, seconds.
pub const ABANDONED_AFTER_S: u32 = 3_600;

/// Names an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Audience {
    /// Started and did not pay.
    Abandoned,
    /// Has a preorder.
    Successful,
}

impl Audience {
    /// Both, in the order they are shown in.
    pub const ALL: [Self; 2] = [Self::Abandoned, Self::Successful];

    /// The word in JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Successful => "successful",
        }
    }

    /// Reads the word; None for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.as_str() == text)
    }

    /// Why somebody may be left out of it, the first that holds first.
    pub const fn reasons(self) -> &'static [LeftOut] {
        match self {
            Self::Abandoned => &[
                LeftOut::NoEmail,
                LeftOut::TooRecent,
                LeftOut::BoughtSince,
                LeftOut::Disputed,
                LeftOut::Refunded,
                LeftOut::Unsubscribed,
            ],
            Self::Successful => &[
                LeftOut::NoEmail,
                LeftOut::Disputed,
                LeftOut::Refunded,
                LeftOut::PartiallyRefunded,
                LeftOut::Unsubscribed,
            ],
        }
    }
}

/// Why somebody is left out of an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum LeftOut {
    /// The order has no e-mail, or none that can be one. Counted by orders: nobody knows whose they are.
    NoEmail,
    /// Unpaid, and not old enough to be abandoned.
    TooRecent,
    /// They paid another order since.
    BoughtSince,
    /// An order of theirs is disputed.
    Disputed,
    /// An order of theirs was refunded in whole.
    Refunded,
    /// Their newest paid order was refunded in part.
    PartiallyRefunded,
    /// They unsubscribed, or Klaviyo suppresses them.
    Unsubscribed,
}

impl LeftOut {
    /// The word in JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoEmail => "no_email",
            Self::TooRecent => "too_recent",
            Self::BoughtSince => "bought_since",
            Self::Disputed => "disputed",
            Self::Refunded => "refunded",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Unsubscribed => "unsubscribed",
        }
    }
}

/// Whether somebody wants mail, as Klaviyo last said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Consent {
    /// They subscribed, and are not suppressed.
    Yes,
    /// They unsubscribed, or are suppressed.
    No,
    /// They were never asked, or nobody looked lately.
    Unknown,
}

impl Consent {
    /// What Klaviyo's words mean: `subscription` such as `subscribed`, and whether the profile is suppressed.
    pub fn of(subscription: Option<&str>, suppressed: bool) -> Self {
        let is = |word: &str| subscription.is_some_and(|said| said.eq_ignore_ascii_case(word));
        if suppressed || is("unsubscribed") {
            Self::No
        } else if is("subscribed") {
            Self::Yes
        } else {
            Self::Unknown
        }
    }

    /// The word in JSON and in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// Narrows an audience. What is left out asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct AudienceFilter {
    /// Only this colour; `""` means unknown.
    #[ts(optional)]
    pub color: Option<String>,
    /// Only this locale; `""` means unknown.
    #[ts(optional)]
    pub locale: Option<String>,
    /// Started on or after this day, `YYYY-MM-DD` in the store's time zone.
    #[ts(optional)]
    pub from: Option<String>,
    /// Started on or before this day.
    #[ts(optional)]
    pub to: Option<String>,
    /// Started at least so many days (of 24 hours) ago.
    #[ts(optional)]
    pub least_days: Option<u32>,
    /// Started at most so many days (of 24 hours) ago.
    #[ts(optional)]
    pub most_days: Option<u32>,
    /// Worth at least so much, minor units; with a currency.
    #[ts(optional)]
    pub least_minor: Option<i64>,
    /// Worth at most so much, minor units; with a currency.
    #[ts(optional)]
    pub most_minor: Option<i64>,
    /// Only orders in this currency.
    #[ts(optional)]
    pub currency: Option<String>,
    /// How old an unpaid order is at least, seconds; default 3600.
    #[ts(optional)]
    pub abandoned_after_s: Option<u32>,
    /// Counts orders refunded in part as successful.
    #[ts(optional, as = "Option<bool>")]
    pub with_partially_refunded: bool,
    /// Keeps those whose orders were refunded in whole.
    #[ts(optional, as = "Option<bool>")]
    pub with_refunded: bool,
    /// Keeps those whose orders are disputed.
    #[ts(optional, as = "Option<bool>")]
    pub with_disputed: bool,
    /// Keeps those who unsubscribed or are suppressed.
    #[ts(optional, as = "Option<bool>")]
    pub with_unsubscribed: bool,
}

/// An order as audiences look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceOrder {
    /// Its number in the mirror.
    pub key: i64,
    /// Status.
    pub status: PreorderStatus,
    /// Started at, unix seconds.
    pub started_at: i64,
    /// Paid at, unix seconds.
    pub paid_at: Option<i64>,
    /// Colour.
    pub color: Option<Arc<str>>,
    /// Locale.
    pub locale: Option<Arc<str>>,
    /// Minor units.
    pub amount: Option<i64>,
    /// Lower-case currency.
    pub currency: Option<String>,
}

impl AudienceOrder {
    fn place(&self) -> (i64, i64) {
        (self.started_at, self.key)
    }

    /// Nothing was paid.
    pub fn is_unpaid(&self) -> bool {
        use PreorderStatus::{Canceled, Expired, Failed, Initiated, Processing};
        matches!(self.status, Processing | Initiated | Failed | Canceled | Expired)
    }

    /// It was paid and kept, wholly or in part.
    pub fn is_kept(&self) -> bool {
        matches!(self.status, PreorderStatus::Completed | PreorderStatus::PartiallyRefunded)
    }

    fn was_bought_since(&self, at: i64) -> bool {
        self.is_kept() && self.paid_at.unwrap_or(self.started_at) >= at
    }
}

/// What is said of one person and one audience, consent aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// The order that stands for them.
    pub order: &'a AudienceOrder,
    /// Why they are left out; None for a member.
    pub out: Option<LeftOut>,
}

/// Judges one person by all their orders; None where the audience has nothing to do with them.
pub fn judge<'a>(
    audience: Audience,
    orders: &'a [AudienceOrder],
    filter: &AudienceFilter,
    now: i64,
) -> Option<Verdict<'a>> {
    match audience {
        Audience::Abandoned => abandoned(orders, filter, now),
        Audience::Successful => successful(orders, filter),
    }
}

fn newest(orders: &[AudienceOrder], is: impl Fn(&AudienceOrder) -> bool) -> Option<&AudienceOrder> {
    orders.iter().filter(|order| is(order)).max_by_key(|order| order.place())
}

fn abandoned<'a>(orders: &'a [AudienceOrder], filter: &AudienceFilter, now: i64) -> Option<Verdict<'a>> {
    let unpaid = newest(orders, AudienceOrder::is_unpaid)?;
    let age = i64::from(filter.abandoned_after_s.unwrap_or(ABANDONED_AFTER_S));
    let is_left = |order: &AudienceOrder| order.is_unpaid() && order.started_at.saturating_add(age) <= now;
    let Some(order) = newest(orders, is_left) else {
        return Some(Verdict { order: unpaid, out: Some(LeftOut::TooRecent) });
    };
    let has = |status: PreorderStatus| orders.iter().any(|order| order.status == status);
    let out = if orders.iter().any(|other| other.was_bought_since(order.started_at)) {
        Some(LeftOut::BoughtSince)
    } else if has(PreorderStatus::Disputed) && !filter.with_disputed {
        Some(LeftOut::Disputed)
    } else if has(PreorderStatus::Refunded) && !filter.with_refunded {
        Some(LeftOut::Refunded)
    } else {
        None
    };
    Some(Verdict { order, out })
}

fn successful<'a>(orders: &'a [AudienceOrder], filter: &AudienceFilter) -> Option<Verdict<'a>> {
    let counts = |order: &AudienceOrder| match order.status {
        PreorderStatus::Completed => true,
        PreorderStatus::PartiallyRefunded => filter.with_partially_refunded,
        PreorderStatus::Refunded => filter.with_refunded,
        PreorderStatus::Disputed => filter.with_disputed,
        _ => false,
    };
    if let Some(order) = newest(orders, counts) {
        return Some(Verdict { order, out: None });
    }
    let order = newest(orders, |order| !order.is_unpaid())?;
    let out = match order.status {
        PreorderStatus::Disputed => LeftOut::Disputed,
        PreorderStatus::Refunded => LeftOut::Refunded,
        _ => LeftOut::PartiallyRefunded,
    };
    Some(Verdict { order, out: Some(out) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;

    fn order(key: i64, status: PreorderStatus, ago: i64) -> AudienceOrder {
        let paid_at = (!matches!(status, PreorderStatus::Expired | PreorderStatus::Processing))
            .then_some(NOW - ago + 60);
        AudienceOrder {
            key,
            status,
            started_at: NOW - ago,
            paid_at,
            color: None,
            locale: None,
            amount: Some(9_900),
            currency: Some("eur".to_owned()),
        }
    }

    fn told(
        audience: Audience,
        orders: &[AudienceOrder],
        filter: &AudienceFilter,
    ) -> Option<(i64, Option<LeftOut>)> {
        judge(audience, orders, filter, NOW).map(|verdict| (verdict.order.key, verdict.out))
    }

    #[test]
    fn abandoned_is_unpaid_old_enough_and_not_bought_since() {
        use PreorderStatus::{Completed, Expired, PartiallyRefunded, Processing};
        let plain = AudienceFilter::default();
        let abandoned = |orders: &[AudienceOrder]| told(Audience::Abandoned, orders, &plain);
        assert_eq!(abandoned(&[order(1, Expired, 3_600)]), Some((1, None)));
        assert_eq!(abandoned(&[order(1, Processing, 3_599)]), Some((1, Some(LeftOut::TooRecent))));
        assert_eq!(abandoned(&[order(1, Completed, 9_000)]), None);
        let later = [order(1, Expired, 9_000), order(2, Completed, 5_000)];
        assert_eq!(abandoned(&later), Some((1, Some(LeftOut::BoughtSince))));
        let partly = [order(1, Expired, 9_000), order(2, PartiallyRefunded, 5_000)];
        assert_eq!(abandoned(&partly), Some((1, Some(LeftOut::BoughtSince))));
        let before = [order(1, Completed, 9_000), order(2, Expired, 5_000)];
        assert_eq!(abandoned(&before), Some((2, None)), "what was bought before does not count");
        let early = AudienceOrder { paid_at: Some(NOW - 4_000), ..order(1, Completed, 9_000) };
        assert_eq!(
            abandoned(&[early, order(2, Expired, 5_000)]),
            Some((2, Some(LeftOut::BoughtSince))),
            "paid since"
        );
        let twice = [order(1, Expired, 9_000), order(2, Expired, 8_000), order(3, Expired, 10)];
        assert_eq!(abandoned(&twice), Some((2, None)), "the newest that is old enough");
        let patient = AudienceFilter { abandoned_after_s: Some(8_500), ..AudienceFilter::default() };
        assert_eq!(told(Audience::Abandoned, &twice, &patient), Some((1, None)));
    }

    #[test]
    fn money_that_went_back_leaves_people_out_unless_asked_for() {
        use PreorderStatus::{Completed, Disputed, Expired, PartiallyRefunded, Refunded};
        let plain = AudienceFilter::default();
        let all = AudienceFilter {
            with_partially_refunded: true,
            with_refunded: true,
            with_disputed: true,
            ..AudienceFilter::default()
        };
        for (status, why) in [
            (Disputed, LeftOut::Disputed),
            (Refunded, LeftOut::Refunded),
            (PartiallyRefunded, LeftOut::PartiallyRefunded),
        ] {
            let orders = [order(1, status, 9_000)];
            assert_eq!(told(Audience::Successful, &orders, &plain), Some((1, Some(why))));
            assert_eq!(told(Audience::Successful, &orders, &all), Some((1, None)));
            let kept = [order(1, Completed, 9_000), order(2, status, 5_000)];
            assert_eq!(
                told(Audience::Successful, &kept, &plain),
                Some((1, None)),
                "one that was kept is enough"
            );
        }
        for (status, why) in [(Disputed, LeftOut::Disputed), (Refunded, LeftOut::Refunded)] {
            let orders = [order(1, status, 9_000), order(2, Expired, 5_000)];
            assert_eq!(told(Audience::Abandoned, &orders, &plain), Some((2, Some(why))));
            assert_eq!(told(Audience::Abandoned, &orders, &all), Some((2, None)));
        }
        assert_eq!(told(Audience::Successful, &[order(1, Expired, 9_000)], &plain), None);
    }

    #[test]
    fn consent_is_yes_only_where_klaviyo_says_so() {
        assert_eq!(Consent::of(Some("subscribed"), false), Consent::Yes);
        assert_eq!(Consent::of(Some("SUBSCRIBED"), true), Consent::No);
        assert_eq!(Consent::of(Some("unsubscribed"), false), Consent::No);
        assert_eq!(Consent::of(Some("never_subscribed"), false), Consent::Unknown);
        assert_eq!(Consent::of(None, false), Consent::Unknown);
        assert_eq!(Consent::of(None, true), Consent::No);
    }
}
