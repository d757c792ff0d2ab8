//! Reports: what campaigns came to on one day, and flows, segments and forms day by day; and the names of those.
//!
//! A window includes both its ends, its end is rounded up to the end of the hour, and offsets are ignored: days are the account's own.
//! What had no activity is absent from an answer. Every page is a call of the day's budget, which the caller keeps; nothing
//! is repeated here.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::document::text;
use super::endpoints::{
    CAMPAIGN_VALUES, CAMPAIGNS, Endpoint, FLOW_SERIES, FLOWS, FORM_SERIES, FORMS, SEGMENT_SERIES, SEGMENTS,
};
use super::{Klaviyo, KlaviyoError, Resource};
use crate::domain::day::{Day, format_day, parse_day};
use crate::domain::klaviyo::ReportKind;
use crate::domain::report::plan::Window;
use crate::domain::report::{CONVERSION_VALUE, statistics};
use crate::http::{Call, Method, Priority, encode_segment};

/// Pages of a list that are read at most.
const LIST_PAGES: usize = 1_000;
/// Longest cursor that is followed.
const LONGEST_CURSOR: usize = 2_000;

/// One report to ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportRequest {
    /// The kind.
    pub kind: ReportKind,
    /// Its days, in the account's time zone; of campaigns they are one value.
    pub window: Window,
    /// The hour of the last day up to which something can be known; None for the whole day.
    pub until_hour: Option<u32>,
    /// The metric that conversions are counted by; only for campaigns and flows.
    pub metric: Option<String>,
    /// Whether money is asked for.
    pub with_value: bool,
}

/// What one thing came to on a day, as Klaviyo told it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportRow {
    /// The day.
    pub day: Day,
    /// The campaign, flow, segment or form.
    pub entity: String,
    /// The message; empty where there is none.
    pub message: String,
    /// The channel; empty where there is none.
    pub channel: String,
    /// What was counted, in the order of [`statistics`].
    pub counts: Vec<Option<f64>>,
    /// Money, in major units.
    pub value: Option<f64>,
}

/// One page of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportPage {
    /// What it tells.
    pub rows: Vec<ReportRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// A campaign, flow, segment or form as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedEntity {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Klaviyo's word for its state.
    pub status: Option<String>,
    /// The channel it was listed under.
    pub channel: Option<String>,
    /// It was archived.
    pub archived: bool,
    /// Made at, unix seconds.
    pub created_at: Option<i64>,
    /// A campaign was, or is to be, sent at.
    pub sent_at: Option<i64>,
}

/// The endpoint that a kind is reported by.
pub const fn report_endpoint(kind: ReportKind) -> &'static Endpoint {
    match kind {
        ReportKind::Campaigns => &CAMPAIGN_VALUES,
        ReportKind::Flows => &FLOW_SERIES,
        ReportKind::Segments => &SEGMENT_SERIES,
        ReportKind::Forms => &FORM_SERIES,
    }
}

impl ReportRequest {
    /// The document that is sent.
    pub fn document(&self) -> Value {
        let hour = self.until_hour.unwrap_or(23);
        // The hour is rounded up to its end there; of a day that is over the end is said in full.
        let rest = if self.until_hour.is_some() { "00:00" } else { "59:59" };
        let mut names: Vec<&str> = statistics(self.kind).to_vec();
        if self.with_value && self.metric.is_some() {
            names.push(CONVERSION_VALUE);
        }
        let mut attributes = json!({
            "statistics": names,
            "timeframe": {
                "start": format!("{}T00:00:00+00:00", format_day(self.window.first)),
                "end": format!("{}T{hour:02}:{rest}+00:00", format_day(self.window.last)),
            },
        });
        if let Some(metric) = &self.metric {
            attributes["conversion_metric_id"] = metric.as_str().into();
        }
        if self.kind != ReportKind::Campaigns {
            attributes["interval"] = "daily".into();
        }
        // `campaign-values-reports` answers a `campaign-values-report`.
        let name = report_endpoint(self.kind).name.trim_end_matches('s');
        json!({"data": {"type": name, "attributes": attributes}})
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// It does not read as a report of these days.
    fn read(&self, body: &[u8]) -> Result<ReportPage, KlaviyoError> {
        let body: Value = serde_json::from_slice(body).map_err(|_| KlaviyoError::Unexpected)?;
        let attributes = &body["data"]["attributes"];
        let results = attributes["results"].as_array().ok_or(KlaviyoError::Unexpected)?;
        let days = match self.kind {
            ReportKind::Campaigns => vec![self.window.first],
            _ => self.days_of(&attributes["date_times"])?,
        };
        let mut rows = Vec::new();
        for result in results {
            self.read_result(result, &days, &mut rows);
        }
        Ok(ReportPage { rows, next: next_cursor(&body["links"]["next"]) })
    }

    /// The day of each place of a series: as many as were asked for are those, else each says which it is.
    fn days_of(&self, told: &Value) -> Result<Vec<Day>, KlaviyoError> {
        let told = told.as_array().ok_or(KlaviyoError::Unexpected)?;
        let written = |one: &Value| one.as_str().and_then(|text| text.get(..10)).and_then(parse_day);
        let Window { first, last } = self.window;
        let whole = i64::try_from(told.len()).is_ok_and(|count| count == last - first + 1);
        let begins = told.first().and_then(written);
        // An instant may be written in another zone than the day's own, which moves it by one day at most.
        if whole && begins.is_some_and(|day| (day - first).abs() <= 1) {
            return Ok((first..=last).collect());
        }
        let days: Option<Vec<Day>> = told.iter().map(written).collect();
        let days = days.filter(|days| days.iter().all(|day| (first..=last).contains(day)));
        days.ok_or(KlaviyoError::Unexpected)
    }

    fn read_result(&self, result: &Value, days: &[Day], rows: &mut Vec<ReportRow>) {
        let (entity, message) = match self.kind {
            ReportKind::Campaigns => ("campaign_id", "campaign_message_id"),
            ReportKind::Flows => ("flow_id", "flow_message_id"),
            ReportKind::Segments => ("segment_id", ""),
            ReportKind::Forms => ("form_id", ""),
        };
        let grouping = |name: &str| text(&result["groupings"][name]);
        let Some(entity) = grouping(entity) else { return };
        let told = &result["statistics"];
        // One value, or one for each day.
        let value = |name: &str, place: usize| match &told[name] {
            Value::Array(all) => all.get(place).and_then(Value::as_f64),
            one if place == 0 => one.as_f64(),
            _ => None,
        };
        rows.extend(days.iter().enumerate().map(|(place, day)| ReportRow {
            day: *day,
            entity: entity.clone(),
            message: grouping(message).unwrap_or_default(),
            channel: grouping("send_channel").unwrap_or_default(),
            counts: statistics(self.kind).iter().map(|name| value(name, place)).collect(),
            value: value(CONVERSION_VALUE, place),
        }));
    }
}

/// The cursor in a link, and nothing else of it: wherever it leads, the next page is asked for here.
fn next_cursor(link: &Value) -> Option<String> {
    let (_, query) = link.as_str()?.split_once('?')?;
    let cursor = query.split('&').find_map(|part| {
        part.strip_prefix("page_cursor=").or_else(|| part.strip_prefix("page%5Bcursor%5D="))
    })?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"%-_.~=+/:".contains(&byte);
    let usable = !cursor.is_empty() && cursor.len() <= LONGEST_CURSOR && cursor.bytes().all(plain);
    usable.then(|| cursor.to_owned())
}

impl Klaviyo {
    /// Asks for one page of a report. It is one call of the day's budget, whatever comes of it.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn report(
        &self,
        request: &ReportRequest,
        cursor: Option<&str>,
    ) -> Result<ReportPage, KlaviyoError> {
        let endpoint = report_endpoint(request.kind);
        let call = Call {
            method: Method::Post,
            path: endpoint.path.to_owned(),
            endpoint: endpoint.name,
            query: cursor.map(|cursor| format!("page_cursor={cursor}")),
            body: Some(request.document().to_string()),
            idempotency_key: None,
            // A call that is sent again by itself would be one that the budget knows nothing of.
            repeatable: false,
            priority: Priority::Low,
        };
        request.read(&self.send(endpoint, &call).await?.body)
    }

    /// Lists what reports of a kind are about, archived ones too.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn report_entities(&self, kind: ReportKind) -> Result<Vec<ListedEntity>, KlaviyoError> {
        let mut found = BTreeMap::new();
        for (endpoint, query, channel) in lists_of(kind) {
            for row in self.list(endpoint, query, LIST_PAGES).await?.rows {
                let one = entity(&row, channel);
                found.insert(one.id.clone(), one);
            }
        }
        Ok(found.into_values().collect())
    }
}

/// The lists that a kind takes. Campaigns are listed by channel alone, and without asking archived ones are left out.
fn lists_of(kind: ReportKind) -> Vec<(&'static Endpoint, String, Option<&'static str>)> {
    match kind {
        ReportKind::Campaigns => ["email", "sms", "mobile_push"]
            .into_iter()
            .flat_map(|channel| [false, true].map(|archived| (channel, archived)))
            .map(|(channel, archived)| {
                let filter = format!("equals(messages.channel,'{channel}'),equals(archived,{archived})");
                (&CAMPAIGNS, format!("filter={}", encode_segment(&filter)), Some(channel))
            })
            .collect(),
        ReportKind::Flows => vec![(&FLOWS, String::new(), None)],
        ReportKind::Segments => vec![(&SEGMENTS, String::new(), None)],
        ReportKind::Forms => vec![(&FORMS, String::new(), None)],
    }
}

fn entity(row: &Resource, channel: Option<&str>) -> ListedEntity {
    let instant = |names: &[&str]| {
        let written = names.iter().find_map(|name| row.text(name))?;
        chrono::DateTime::parse_from_rfc3339(&written).ok().map(|at| at.timestamp())
    };
    let active = |is: bool| if is { "active" } else { "inactive" }.to_owned();
    ListedEntity {
        id: row.id().to_owned(),
        name: row.text("name").unwrap_or_else(|| row.id().to_owned()),
        status: row.text("status").or_else(|| row.attribute("is_active").as_bool().map(active)),
        channel: channel.map(str::to_owned),
        archived: row.attribute("archived").as_bool().unwrap_or_default(),
        created_at: instant(&["created_at", "created"]),
        sent_at: instant(&["send_time", "scheduled_at"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(first: &str, last: &str) -> ReportRequest {
        ReportRequest {
            kind: ReportKind::Flows,
            window: Window { first: parse_day(first).unwrap(), last: parse_day(last).unwrap() },
            until_hour: None,
            metric: Some("RESQ6t".to_owned()),
            with_value: true,
        }
    }

    #[test]
    fn a_request_says_whole_days_and_of_today_the_hour_that_has_begun() {
        let attributes = |request: &ReportRequest| request.document()["data"]["attributes"].clone();
        let whole = flows("2026-01-01", "2026-02-27");
        assert_eq!(
            attributes(&whole)["timeframe"],
            json!({"start": "2026-01-01T00:00:00+00:00", "end": "2026-02-27T23:59:59+00:00"})
        );
        assert_eq!(attributes(&whole)["interval"], "daily");
        let today = ReportRequest { until_hour: Some(9), ..whole.clone() };
        assert_eq!(attributes(&today)["timeframe"]["end"], "2026-02-27T09:00:00+00:00");
        let free = ReportRequest { with_value: false, ..whole.clone() };
        let names = attributes(&free)["statistics"].as_array().unwrap().clone();
        assert!(!names.contains(&json!("conversion_value")) && names.contains(&json!("conversions")));
        let forms = ReportRequest { kind: ReportKind::Forms, metric: None, ..whole };
        assert_eq!(attributes(&forms).get("conversion_metric_id"), None);
        assert_eq!(forms.document()["data"]["type"], "form-series-report");
    }

    #[test]
    fn a_series_is_read_by_its_places_and_what_is_missing_is_none() {
        let request = flows("2026-01-01", "2026-01-03");
        let answer = |dates: Value| {
            json!({"data": {"attributes": {"date_times": dates, "results": [
                {"groupings": {"flow_id": "f", "flow_message_id": "m", "send_channel": "email"},
                 "statistics": {"recipients": [1, 2, 3], "opens": [4.0, null, 6], "conversion_value": [0.5, 1.25, 0]}},
                {"groupings": {}, "statistics": {}}]}},
                "links": {"next": "https://elsewhere.example.com/x?a=b&page_cursor=abc%3D"}})
            .to_string()
        };
        // Midnight in Berlin, written in UTC.
        let dates =
            json!(["2025-12-31T23:00:00+00:00", "2026-01-01T23:00:00+00:00", "2026-01-02T23:00:00+00:00"]);
        let page = request.read(answer(dates).as_bytes()).unwrap();
        assert_eq!(page.next.as_deref(), Some("abc%3D"));
        let opens = statistics(ReportKind::Flows).iter().position(|name| *name == "opens").unwrap();
        let told: Vec<_> =
            page.rows.iter().map(|row| (row.day, row.counts[0], row.counts[opens], row.value)).collect();
        let first = request.window.first;
        assert_eq!(
            told,
            [
                (first, Some(1.0), Some(4.0), Some(0.5)),
                (first + 1, Some(2.0), None, Some(1.25)),
                (first + 2, Some(3.0), Some(6.0), Some(0.0))
            ]
        );
        let fewer = request.read(answer(json!(["2026-01-02T00:00:00+01:00"])).as_bytes()).unwrap();
        assert_eq!((fewer.rows.len(), fewer.rows[0].day), (1, first + 1));
        for bad in [json!(null), json!(["2027-01-01T00:00:00Z"]), json!([7])] {
            assert_eq!(request.read(answer(bad).as_bytes()), Err(KlaviyoError::Unexpected));
        }
        assert_eq!(request.read(b"{}"), Err(KlaviyoError::Unexpected));
        let none = json!({"data": {"attributes": {"date_times": [], "results": []}}}).to_string();
        assert_eq!(request.read(none.as_bytes()), Ok(ReportPage { rows: Vec::new(), next: None }));
    }
}
