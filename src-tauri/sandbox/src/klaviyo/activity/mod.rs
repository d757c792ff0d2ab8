//! What campaigns, flows, segments and forms came to: a ledger hour by hour, that follows from the seed alone.
//!
//! Each thing is counted at the quarter past of an hour of UTC, so that every instant lies in one hour and one day of any time
//! zone. Orders are attributed to the send, some of them days after it: what a day came to grows for four days.

mod sums;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

pub(crate) use sums::{Sums, statistics};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// Days after a send in which orders are still attributed to it, the day itself included.
const ATTRIBUTED_DAYS: i64 = 5;
/// Days from campaign to campaign, about.
const CAMPAIGN_EVERY: i64 = 5;

/// Something that reports are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// Campaigns, counted where they were sent.
    Campaigns,
    /// Flows, message by message.
    Flows,
    /// Segments.
    Segments,
    /// Forms.
    Forms,
}

/// A day of one thing: `YYYY-MM-DD`, its id, the message's and the channel, both empty where it has none.
pub type ReportDay = (String, String, String, String);
/// What each day came to, statistic by statistic.
pub type ReportDays = BTreeMap<ReportDay, BTreeMap<String, f64>>;

/// One thing that is counted.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub id: String,
    pub name: String,
    /// The message's id; empty for segments and forms.
    pub message: String,
    /// `email` or `sms`; empty for segments and forms.
    pub channel: &'static str,
    pub created: i64,
    pub status: &'static str,
    pub archived: bool,
    /// When a campaign was, or is to be, sent.
    pub sent_at: Option<i64>,
}

/// The ledger.
#[derive(Debug)]
pub(crate) struct Activity {
    seed: u64,
    since: i64,
    pub zone: Tz,
}

/// A name of 26 capitals and digits, or of 6 letters, that follows from a seed and a text.
fn id_of(seed: u64, text: &str, count: usize, letters: &[u8]) -> String {
    let mut state = text.bytes().fold(seed ^ 0x1234_5678_9ABC_DEF1, |hash, byte| mix(hash ^ u64::from(byte)));
    (0..count)
        .map(|_| {
            state = mix(state);
            char::from(letters[(state >> 33) as usize % letters.len()])
        })
        .collect()
}

fn mix(value: u64) -> u64 {
    let mut x = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

const ULID: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SHORT: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789";

impl Activity {
    pub(crate) fn new(seed: u64, since: i64, zone: &str) -> Activity {
        Activity { seed, since, zone: zone.parse().unwrap_or(Tz::UTC) }
    }

    /// Everything of a kind that is there by now.
    pub(crate) fn things(&self, reported: Reported, now: i64) -> Vec<Counted> {
        match reported {
            Reported::Campaigns => self.campaigns(now),
            Reported::Flows => self.flows(now),
            Reported::Segments => Vec::new(),
            Reported::Forms => {
                [("Newsletter popup", 0, "live"), ("Launch embed", 90, "live"), ("Draft", 10, "draft")]
                    .iter()
                    .map(|(name, later, status)| self.short("form", name, later * DAY, status))
                    .filter(|form| form.created <= now)
                    .collect()
            }
        }
    }

    fn short(&self, kind: &str, name: &str, later_s: i64, status: &'static str) -> Counted {
        Counted {
            id: id_of(self.seed, &format!("{kind}:{name}"), 6, SHORT),
            name: name.to_owned(),
            message: String::new(),
            channel: "",
            created: self.since + later_s,
            status,
            archived: false,
            sent_at: None,
        }
    }

    fn campaigns(&self, now: i64) -> Vec<Counted> {
        let first = self.since + 2 * DAY;
        let mut all = Vec::new();
        for number in 0_i64.. {
            let draw = mix(self.seed ^ (number as u64).wrapping_mul(0xA5A5_1234_9E37));
            let hour = (first + number * CAMPAIGN_EVERY * DAY).div_euclid(HOUR) + (draw % 40) as i64;
            let (sent_at, created) = (quarter_past(hour), quarter_past(hour) - 2 * DAY);
            if created > now {
                break;
            }
            let id = id_of(self.seed, &format!("campaign:{number}"), 26, ULID);
            all.push(Counted {
                message: id_of(self.seed, &format!("message:{number}"), 26, ULID),
                id,
                name: format!("News {}", number + 1),
                channel: if number % 6 == 5 { "sms" } else { "email" },
                created,
                status: if sent_at <= now { "Sent" } else { "Scheduled" },
                archived: number % 7 == 6,
                sent_at: Some(sent_at),
            });
        }
        all
    }

    fn flows(&self, now: i64) -> Vec<Counted> {
        let mut all = Vec::new();
        for (name, messages, later, status) in [
            ("Preorder reminders", 2, 0, "live"),
            ("Preorder thanks", 1, 30, "live"),
            ("Preorder survey", 1, 5, "draft"),
        ] {
            for number in 0..messages {
                let flow = self.short("flow", name, later * DAY, status);
                let message = id_of(self.seed, &format!("flow message:{name}:{number}"), 6, SHORT);
                let channel = if number == 1 { "sms" } else { "email" };
                all.push(Counted { message, channel, ..flow });
            }
        }
        all.retain(|flow: &Counted| flow.created <= now);
        all
    }

    /// The instants at which something can be counted, with the account's own time, between two of its own times.
    pub(crate) fn instants(
        &self,
        from: NaiveDateTime,
        to: NaiveDateTime,
        now: i64,
    ) -> Vec<(i64, NaiveDateTime)> {
        let first = (from.and_utc().timestamp() - 15 * HOUR).div_euclid(HOUR);
        let last = (to.and_utc().timestamp() + 15 * HOUR).div_euclid(HOUR);
        (first..=last)
            .map(quarter_past)
            .filter(|at| *at <= now && *at >= self.since)
            .filter_map(|at| Some((at, self.local(at)?)))
            .filter(|(_, local)| *local >= from && *local <= to)
            .collect()
    }

    /// An instant by the account's own clock.
    pub(crate) fn local(&self, at: i64) -> Option<NaiveDateTime> {
        Some(DateTime::<Utc>::from_timestamp(at, 0)?.with_timezone(&self.zone).naive_local())
    }

    /// What one thing came to at one instant, as it is known by now; whether there was anything.
    pub(crate) fn add(
        &self,
        (reported, thing): (Reported, &Counted),
        at: i64,
        (metric, now): (&str, i64),
        sums: &mut Sums,
    ) -> bool {
        if at < thing.created {
            return false;
        }
        let draw = |purpose: u64| {
            let key = thing
                .id
                .bytes()
                .chain(thing.message.bytes())
                .fold(purpose, |hash, b| mix(hash ^ u64::from(b)));
            mix(self.seed ^ key ^ mix(at as u64)) >> 11
        };
        match reported {
            Reported::Campaigns if thing.sent_at == Some(at) => {
                self.sent(400 + (draw(1) % 1_600) as i64, draw, at, (metric, now), sums);
                true
            }
            Reported::Flows if thing.status == "live" && draw(2).is_multiple_of(3) => {
                self.sent(1 + (draw(1) % 4) as i64, draw, at, (metric, now), sums);
                true
            }
            Reported::Segments => {
                sums.added += (draw(1) % 3) as i64;
                sums.removed += (draw(2) % 2) as i64;
                true
            }
            Reported::Forms if thing.status == "live" && !draw(3).is_multiple_of(4) => {
                let viewed = 1 + (draw(1) % 9) as i64;
                sums.viewed += viewed;
                sums.submitted += viewed * (draw(2) % 30) as i64 / 100;
                sums.closed += viewed / 2;
                sums.qualified += viewed;
                true
            }
            _ => false,
        }
    }

    fn sent(
        &self,
        recipients: i64,
        draw: impl Fn(u64) -> u64,
        at: i64,
        (metric, now): (&str, i64),
        sums: &mut Sums,
    ) {
        let share = |of: i64, purpose: u64, most: u64| of * (draw(purpose) % most) as i64 / 100;
        sums.recipients += recipients;
        sums.bounced += share(recipients, 10, 4);
        sums.failed += share(recipients, 11, 2);
        let unique = share(recipients, 12, 60);
        sums.opens_unique += unique;
        sums.opens += unique + share(unique, 13, 80);
        let clicked = share(unique, 14, 30);
        sums.clicks_unique += clicked;
        sums.clicks += clicked + share(clicked, 15, 60);
        sums.spam += share(recipients, 16, 2) / 8;
        sums.unsubscribes += share(recipients, 17, 2);
        let salt = metric.bytes().fold(7, |hash, byte| mix(hash ^ u64::from(byte)));
        for day in 0..ATTRIBUTED_DAYS {
            if at + day * DAY > now {
                break;
            }
            let orders = recipients * (draw(salt ^ (20 + day as u64)) % 3) as i64 / 100;
            let orders = orders + i64::from(draw(salt ^ (30 + day as u64)).is_multiple_of(9));
            sums.conversions += orders;
            sums.conversion_uniques += orders;
            sums.value_minor += orders * (500 + (draw(salt ^ (40 + day as u64)) % 20_000) as i64);
        }
    }

    /// Members of a segment at the end of an instant.
    pub(crate) fn members_at(&self, thing: &Counted, until: i64) -> i64 {
        let mut sums = Sums::default();
        for hour in thing.created.div_euclid(HOUR)..=until.div_euclid(HOUR) {
            let at = quarter_past(hour);
            if at <= until {
                self.add((Reported::Segments, thing), at, ("", until), &mut sums);
            }
        }
        1_000 + sums.added - sums.removed
    }

    /// Everything of a kind, day by day, as it is now.
    pub(crate) fn days(
        &self,
        (reported, things): (Reported, &[Counted]),
        metric: &str,
        currency: &str,
        now: i64,
    ) -> ReportDays {
        let day = |at: NaiveDateTime| format!("{:04}-{:02}-{:02}", at.year(), at.month(), at.day());
        let from = NaiveDate::MIN.and_hms_opt(0, 0, 0).unwrap_or_default();
        let (from, to) = (self.local(self.since - DAY).unwrap_or(from), self.local(now).unwrap_or(from));
        let instants = self.instants(from, to, now);
        let mut all: BTreeMap<ReportDay, Sums> = BTreeMap::new();
        for thing in things {
            let mut members = 1_000;
            for (at, local) in &instants {
                let mut one = Sums::default();
                if self.add((reported, thing), *at, (metric, now), &mut one) {
                    let key =
                        (day(*local), thing.id.clone(), thing.message.clone(), thing.channel.to_owned());
                    let sums = all.entry(key).or_default();
                    sums.plus(&one);
                    members += one.net();
                    sums.set_total(members);
                }
            }
        }
        all.into_iter().map(|(key, sums)| (key, sums.all(reported, currency))).collect()
    }
}

fn quarter_past(hour: i64) -> i64 {
    hour * HOUR + 15 * 60
}
