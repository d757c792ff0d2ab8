//! How many each audience has, and how many were left out and why.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::consent::Consents;
use super::{Wanted, people};
use crate::db::{Connection, DbResult};
use crate::domain::audience::{Audience, AudienceFilter, Consent, LeftOut, judge};
use crate::projections::rebuild::require_whole;

/// How many were left out for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LeftOutCount {
    /// Why.
    pub why: LeftOut,
    /// People; of `no_email` orders.
    pub count: i64,
}

/// One audience as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AudienceCount {
    /// Which.
    pub audience: Audience,
    /// People in it.
    pub count: i64,
    /// Of these, who subscribed, as far as that was read within three days.
    pub consent_yes: i64,
    /// Of these, who said no; none unless they were asked for.
    pub consent_no: i64,
    /// Of these, of whom nothing is known, or only that they had subscribed longer ago.
    pub consent_unknown: i64,
    /// Who was left out: each reason there can be, everybody once by the first that holds.
    pub left_out: Vec<LeftOutCount>,
}

impl AudienceCount {
    pub(super) fn none(audience: Audience) -> Self {
        let left_out = audience.reasons().iter().map(|why| LeftOutCount { why: *why, count: 0 }).collect();
        Self { audience, count: 0, consent_yes: 0, consent_no: 0, consent_unknown: 0, left_out }
    }

    /// Counts a member.
    pub(super) fn take_in(&mut self, consent: Consent) {
        self.count += 1;
        match consent {
            Consent::Yes => self.consent_yes += 1,
            Consent::No => self.consent_no += 1,
            Consent::Unknown => self.consent_unknown += 1,
        }
    }

    /// Counts somebody who is left out.
    pub(super) fn leave_out(&mut self, why: LeftOut) {
        if let Some(reason) = self.left_out.iter_mut().find(|reason| reason.why == why) {
            reason.count += 1;
        }
    }

    /// Counts the orders that nobody can be named for.
    pub(super) fn leave_out_nameless(&mut self, connection: &Connection, wanted: &Wanted) -> DbResult<()> {
        people::each_nameless(connection, |order| {
            let orders = [order];
            let verdict = judge(self.audience, &orders, &wanted.filter, wanted.now);
            if verdict.is_some_and(|verdict| wanted.holds(verdict.order)) {
                self.leave_out(LeftOut::NoEmail);
            }
            Ok(())
        })
    }
}

/// Both audiences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AudienceList {
    /// When this was so, unix seconds.
    pub at: i64,
    /// Klaviyo was asked about people; without that consent is unknown of everybody.
    pub consent_known: bool,
    /// Abandoned, then successful.
    pub audiences: Vec<AudienceCount>,
}

/// Counts both audiences as they are at an instant.
///
/// # Errors
/// [`crate::db::DbError::Invalid`] for a bad filter; stale or half-made projections; a failed read.
pub fn list(connection: &Connection, filter: &AudienceFilter, zone: Tz, now: i64) -> DbResult<AudienceList> {
    require_whole(connection)?;
    let wanted = Wanted::read(filter, zone, now)?;
    let consents = Consents::read(connection, now)?;
    let mut audiences = Audience::ALL.map(AudienceCount::none);
    consents.by_email(connection, |mut consents| {
        people::each(connection, wanted.depth(), |email, orders| {
            for count in &mut audiences {
                let judged = wanted.judge(count.audience, orders, || consents.find(email))?;
                match judged.map(|judged| (judged.out, judged.consent)) {
                    None => {}
                    Some((Some(why), _)) => count.leave_out(why),
                    Some((None, consent)) => count.take_in(consent),
                }
            }
            Ok(())
        })
    })?;
    for count in &mut audiences {
        count.leave_out_nameless(connection, &wanted)?;
    }
    Ok(AudienceList { at: now, consent_known: consents.any(), audiences: audiences.into() })
}
