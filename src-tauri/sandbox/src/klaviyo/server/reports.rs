//! Reports: what things came to in a window, as one value or as a series, refused where Klaviyo would refuse them.
//!
//! A window includes both its ends, the end is rounded up to the last second of its hour, and offsets are ignored: it is the account's
//! own time. What had no activity is not in the answer.

use super::answer::{Asked, Denial};
use super::ask::Ask;
use crate::klaviyo::account::Account;
use crate::klaviyo::activity::{Counted, Reported, Sums, statistics};
use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, Timelike};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Nothing is known of segments before this day.
const SEGMENTS_SINCE: (i32, u32, u32) = (2023, 6, 1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interval {
    /// One value over all.
    Whole,
    Hourly,
    Daily,
    Weekly,
    Monthly,
}

struct Wanted {
    reported: Reported,
    statistics: Vec<String>,
    from: NaiveDateTime,
    to: NaiveDateTime,
    interval: Interval,
    metric: String,
}

/// Answers a report.
pub(super) fn report(account: &Account, ask: &Ask<'_>) -> Asked<Value> {
    let kind = ask.segments.first().copied().unwrap_or_default().trim_end_matches('s').to_owned();
    let wanted = read(account, ask, &kind)?;
    let buckets = buckets(&wanted);
    let mut results = Vec::new();
    let instants = account.activity.instants(wanted.from, wanted.to, account.now);
    for thing in account.counted(wanted.reported) {
        let mut sums: BTreeMap<NaiveDateTime, Sums> = BTreeMap::new();
        let mut members = match (wanted.reported, instants.first()) {
            (Reported::Segments, Some((at, _))) => account.activity.members_at(&thing, at - 1),
            _ => 0,
        };
        for (at, local) in &instants {
            let mut one = Sums::default();
            if account.activity.add((wanted.reported, &thing), *at, (&wanted.metric, account.now), &mut one) {
                let bucket = bucket_of(*local, &wanted);
                members += one.net();
                let sum = sums.entry(bucket).or_default();
                sum.plus(&one);
                sum.set_total(members);
            }
        }
        if !sums.is_empty() {
            results.push(result(account, &wanted, &thing, &buckets, &sums));
        }
    }
    page(account, ask, &kind, &wanted, &buckets, results)
}

fn result(
    account: &Account,
    wanted: &Wanted,
    thing: &Counted,
    buckets: &[NaiveDateTime],
    sums: &BTreeMap<NaiveDateTime, Sums>,
) -> Value {
    let groupings = match wanted.reported {
        Reported::Campaigns => {
            json!({ "campaign_id": thing.id, "campaign_message_id": thing.message, "send_channel": thing.channel })
        }
        Reported::Flows => {
            json!({ "flow_id": thing.id, "flow_message_id": thing.message, "send_channel": thing.channel })
        }
        Reported::Segments => json!({ "segment_id": thing.id }),
        Reported::Forms => json!({ "form_id": thing.id }),
    };
    let none = Sums::default();
    let mut told = Map::new();
    for name in &wanted.statistics {
        let of = |bucket: &NaiveDateTime| {
            let value = sums.get(bucket).unwrap_or(&none).statistic(name, &account.config.currency);
            json!(value.unwrap_or_default())
        };
        let value = match wanted.interval {
            Interval::Whole => of(&wanted.from),
            _ => buckets.iter().map(of).collect(),
        };
        told.insert(name.clone(), value);
    }
    json!({ "groupings": groupings, "statistics": told })
}

fn page(
    account: &Account,
    ask: &Ask<'_>,
    kind: &str,
    wanted: &Wanted,
    buckets: &[NaiveDateTime],
    results: Vec<Value>,
) -> Asked<Value> {
    let size = account.config.report_page.max(1);
    let wrong = || Denial::invalid("Invalid cursor parameter.").parameter("page_cursor");
    let start: usize = match ask.param("page_cursor") {
        None => 0,
        Some(cursor) => cursor.strip_prefix("after").and_then(|n| n.parse().ok()).ok_or_else(wrong)?,
    };
    if start > results.len() {
        return Err(wrong());
    }
    let end = (start + size).min(results.len());
    let itself = format!("{}/api/{}/", ask.base, ask.segments.join("/"));
    let next = (end < results.len()).then(|| format!("{itself}?page_cursor=after{end}"));
    let mut attributes = json!({ "results": results[start..end] });
    if wanted.interval != Interval::Whole {
        let written = buckets.iter().map(|at| at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string());
        attributes["date_times"] = written.collect();
    }
    Ok(json!({
        "data": { "type": kind, "id": format!("{:016x}", account.now), "attributes": attributes },
        "links": { "self": itself, "next": next, "prev": null },
    }))
}

fn read(account: &Account, ask: &Ask<'_>, kind: &str) -> Asked<Wanted> {
    let data = ask.data(kind)?;
    let empty = Map::new();
    let attributes = data.get("attributes").and_then(Value::as_object).unwrap_or(&empty);
    let reported = match kind.split('-').next() {
        Some("campaign") => Reported::Campaigns,
        Some("flow") => Reported::Flows,
        Some("segment") => Reported::Segments,
        _ => Reported::Forms,
    };
    for field in attributes.keys() {
        let known = ["statistics", "timeframe", "conversion_metric_id", "interval"].contains(&field.as_str());
        if !known {
            let detail = format!("'{field}' is not supported here.");
            return Err(Denial::invalid(detail).at(&format!("/data/attributes/{field}")));
        }
    }
    let statistics = statistics_of(attributes, reported)?;
    let interval = match (kind.contains("series"), attributes.get("interval").and_then(Value::as_str)) {
        (false, None) => Interval::Whole,
        (true, Some("hourly")) => Interval::Hourly,
        (true, Some("daily")) => Interval::Daily,
        (true, Some("weekly")) => Interval::Weekly,
        (true, Some("monthly")) => Interval::Monthly,
        _ => {
            return Err(Denial::invalid("'interval' has to be one of hourly, daily, weekly, monthly.")
                .at("/data/attributes/interval"));
        }
    };
    let metric = metric_of(account, attributes, reported)?;
    let (from, to) = timeframe(account, attributes)?;
    check_span(reported, interval, from, to)?;
    let to = to.with_minute(59).and_then(|to| to.with_second(59)).unwrap_or(to);
    Ok(Wanted { reported, statistics, from, to, interval, metric })
}

fn statistics_of(attributes: &Map<String, Value>, reported: Reported) -> Asked<Vec<String>> {
    let wrong = |detail: String| Denial::invalid(detail).at("/data/attributes/statistics");
    let given = attributes.get("statistics").and_then(Value::as_array).filter(|all| !all.is_empty());
    let given = given.ok_or_else(|| wrong("'statistics' is a required field.".to_owned()))?;
    given
        .iter()
        .map(|name| {
            let name = name.as_str().unwrap_or_default();
            let known = statistics(reported).contains(&name);
            known.then(|| name.to_owned()).ok_or_else(|| wrong(format!("'{name}' is not a valid statistic.")))
        })
        .collect()
}

fn metric_of(account: &Account, attributes: &Map<String, Value>, reported: Reported) -> Asked<String> {
    let place = "/data/attributes/conversion_metric_id";
    let given = attributes.get("conversion_metric_id").and_then(Value::as_str).unwrap_or_default();
    if matches!(reported, Reported::Segments | Reported::Forms) {
        let denial = Denial::invalid("'conversion_metric_id' is not an allowed field.").at(place);
        return if given.is_empty() { Ok(String::new()) } else { Err(denial) };
    }
    if given.is_empty() {
        return Err(Denial::invalid("'conversion_metric_id' is a required field.").at(place));
    }
    let known =
        account.metrics.iter().any(|m| m.id == given) || account.custom_metrics.iter().any(|m| m.id == given);
    if !known {
        return Err(Denial::invalid(format!("Metric IDs ['{given}'] do not exist.")).at(place));
    }
    if account.unreportable.contains(given) {
        let detail = "Passed in conversion metric does not support querying for values data";
        return Err(Denial::invalid(detail).at(place));
    }
    Ok(given.to_owned())
}

fn timeframe(account: &Account, attributes: &Map<String, Value>) -> Asked<(NaiveDateTime, NaiveDateTime)> {
    let wrong = |detail: &str| Denial::invalid(detail.to_owned()).at("/data/attributes/timeframe");
    let given = attributes.get("timeframe").ok_or_else(|| wrong("'timeframe' is a required field."))?;
    let now = account.activity.local(account.now).ok_or_else(|| wrong("there is no now"))?;
    let today = now.date();
    let morning = |day: NaiveDate| day.and_hms_opt(0, 0, 0).unwrap_or(now);
    if let Some(key) = given["key"].as_str() {
        let back = |days: i64| Ok((morning(today - Duration::days(days)), now));
        return match key {
            "today" => back(0),
            "yesterday" => Ok((morning(today - Duration::days(1)), morning(today) - Duration::seconds(1))),
            "last_7_days" => back(7),
            "last_30_days" => back(30),
            "last_90_days" => back(90),
            "last_365_days" => back(364),
            _ => Err(wrong("this timeframe is not supported here")),
        };
    }
    let instant = |name: &str| {
        let text = given[name].as_str().unwrap_or_default();
        let local = text.get(..19).unwrap_or(text);
        NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S")
            .map_err(|_| wrong("'start' and 'end' have to be ISO 8601 datetimes."))
    };
    let (from, to) = (instant("start")?, instant("end")?);
    if from > to {
        return Err(wrong("'start' has to be before 'end'."));
    }
    if to > now {
        return Err(wrong("'end' is in the future."));
    }
    Ok((from, to))
}

fn check_span(reported: Reported, interval: Interval, from: NaiveDateTime, to: NaiveDateTime) -> Asked<()> {
    let wrong = |detail: &str| Err(Denial::invalid(detail.to_owned()).at("/data/attributes/timeframe"));
    let days = (to.date() - from.date()).num_days() + 1;
    let (year, month, day) = SEGMENTS_SINCE;
    let since = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    if reported == Reported::Segments && from.date() < since {
        return wrong("Segment data is not there before June 1st 2023.");
    }
    match interval {
        Interval::Hourly if days > 7 => wrong("An hourly timeframe can be 7 days at most."),
        Interval::Daily if days > 60 => wrong("A daily timeframe can be 60 days at most."),
        Interval::Monthly if days > 364 => wrong("A monthly timeframe can be 52 weeks at most."),
        _ if days > 366 => wrong("A timeframe can be 1 year at most."),
        _ => Ok(()),
    }
}

/// The start of the bucket that an instant is counted in.
fn bucket_of(at: NaiveDateTime, wanted: &Wanted) -> NaiveDateTime {
    let day = at.date();
    let morning = |day: NaiveDate| day.and_hms_opt(0, 0, 0).unwrap_or(at);
    match wanted.interval {
        Interval::Whole => wanted.from,
        Interval::Hourly => day.and_hms_opt(at.hour(), 0, 0).unwrap_or(at),
        Interval::Daily => morning(day),
        Interval::Weekly => {
            let since = (day - wanted.from.date()).num_days();
            morning(wanted.from.date() + Duration::days(since - since % 7))
        }
        Interval::Monthly => morning(day.with_day(1).unwrap_or(day)),
    }
}

fn buckets(wanted: &Wanted) -> Vec<NaiveDateTime> {
    let mut all = Vec::new();
    let mut at = wanted.from;
    while at <= wanted.to {
        let bucket = bucket_of(at, wanted);
        if all.last() != Some(&bucket) {
            all.push(bucket);
        }
        at += Duration::hours(1);
    }
    all
}
