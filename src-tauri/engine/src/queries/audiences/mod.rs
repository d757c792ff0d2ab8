//! Audiences for screens and files: how many, who, and why not the others.
//!
//! What an audience is stands in `domain::audience`; here people are read with all their orders and judged by it. Nothing
//! is kept up in advance: a count walks the index of e-mails once, beside what Klaviyo said of consent, a page only as far
//! as it must.

mod consent;
mod contact;
pub mod counts;
pub mod export;
pub mod page;
mod people;

pub use counts::{AudienceCount, AudienceList};
pub use page::{AudiencePage, AudiencePageArgs, AudienceRow};

use chrono_tz::Tz;

use super::rows::{check_span, day_of_text};
use crate::db::{DbError, DbResult};
use crate::domain::audience::{Audience, AudienceFilter, AudienceOrder, Consent, LeftOut, judge};
use crate::domain::day::start_of;
use people::Depth;

/// Seconds of a day of "days ago".
const DAY: i64 = 86_400;

/// A filter with its days as instants.
struct Wanted {
    filter: AudienceFilter,
    from: i64,
    until: i64,
    now: i64,
}

/// A person of an audience, or who is left out of it.
struct Judged<'a> {
    order: &'a AudienceOrder,
    consent: Consent,
    out: Option<LeftOut>,
}

impl Wanted {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`DbError::Invalid`] for a bad day, a span that is none, or a value without its currency.
    fn read(filter: &AudienceFilter, zone: Tz, now: i64) -> DbResult<Self> {
        let day = |name: &str, text: &Option<String>| {
            text.as_deref().map(|text| day_of_text(name, text)).transpose()
        };
        let (first, last) = (day("from", &filter.from)?, day("to", &filter.to)?);
        if let (Some(first), Some(last), Some(from), Some(to)) = (first, last, &filter.from, &filter.to) {
            check_span(from, to, first <= last)?;
        }
        let invalid = |words: &str| Err(DbError::Invalid(words.to_owned()));
        if (filter.least_minor.is_some() || filter.most_minor.is_some()) && filter.currency.is_none() {
            return invalid("a value needs its `currency`: amounts of several currencies do not compare");
        }
        if filter.least_minor.zip(filter.most_minor).is_some_and(|(least, most)| least > most) {
            return invalid("`least_minor` is above `most_minor`; swap them");
        }
        if filter.least_days.zip(filter.most_days).is_some_and(|(least, most)| least > most) {
            return invalid("`least_days` is above `most_days`; swap them");
        }
        let ago = |days: u32| now.saturating_sub(i64::from(days).saturating_mul(DAY));
        let from = first.map_or(i64::MIN, |day| start_of(day, zone));
        let until = last.map_or(i64::MAX, |day| start_of(day + 1, zone));
        let mut filter = filter.clone();
        filter.currency = filter.currency.map(|currency| currency.trim().to_lowercase());
        Ok(Self {
            from: filter.most_days.map_or(from, |days| from.max(ago(days))),
            until: filter.least_days.map_or(until, |days| until.min(ago(days).saturating_add(1))),
            filter,
            now,
        })
    }

    /// Whether the order that stands for a person is one that was asked for.
    fn holds(&self, order: &AudienceOrder) -> bool {
        let is = |wanted: &Option<String>, own: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| own.unwrap_or_default() == wanted)
        };
        let amount = order.amount.unwrap_or_default();
        (self.from..self.until).contains(&order.started_at)
            && is(&self.filter.color, order.color.as_deref())
            && is(&self.filter.locale, order.locale.as_deref())
            && is(&self.filter.currency, order.currency.as_deref())
            && self.filter.least_minor.is_none_or(|least| amount >= least)
            && self.filter.most_minor.is_none_or(|most| amount <= most)
    }

    /// What of an order this filter, or who is handed the orders, goes by.
    fn depth(&self) -> Depth {
        let worth = self.filter.least_minor.is_some() || self.filter.most_minor.is_some();
        if worth || self.filter.currency.is_some() { Depth::Whole } else { Depth::Judged }
    }

    /// Judges a person by all their orders; None where they have nothing to do with the audience or the filter.
    fn judge<'a>(
        &self,
        audience: Audience,
        orders: &'a [AudienceOrder],
        consent: impl FnOnce() -> DbResult<Consent>,
    ) -> DbResult<Option<Judged<'a>>> {
        let verdict = judge(audience, orders, &self.filter, self.now);
        let Some(verdict) = verdict.filter(|verdict| self.holds(verdict.order)) else { return Ok(None) };
        if verdict.out.is_some() {
            return Ok(Some(Judged { order: verdict.order, consent: Consent::Unknown, out: verdict.out }));
        }
        let consent = consent()?;
        let refused = consent == Consent::No && !self.filter.with_unsubscribed;
        Ok(Some(Judged { order: verdict.order, consent, out: refused.then_some(LeftOut::Unsubscribed) }))
    }
}
