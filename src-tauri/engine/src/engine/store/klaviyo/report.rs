//! A check as text for a ticket or a mail: plain lines, no key, nobody's e-mail.

use std::fmt::Write as _;

use crate::domain::klaviyo::{KlaviyoCheck, ScopeState};
use crate::facts::klaviyo::KlaviyoConnection;

/// Writes a check as text.
pub(super) fn report(check: &KlaviyoCheck, connection: &KlaviyoConnection) -> String {
    let (seen, account) = (&check.seen, &check.seen.account);
    let mut lines = Lines(String::new());
    let test = if account.test_account { ", test account" } else { "" };
    lines.add("Foredeck", env!("CARGO_PKG_VERSION"));
    lines.add("checked at", &instant(check.at));
    lines.add("url", &connection.url);
    lines.add("account", &format!("{} ({}{test})", account.public_id, account.name));
    lines.add("time zone, currency", &format!("{}, {}", word(&account.time_zone), word(&account.currency)));
    lines.add("connected at", &instant(connection.connected_at));
    let metric = &connection.metric;
    lines.add("conversion metric", &format!("{} {:?}", metric.id, metric.name));
    lines.add("do_not_order_sync", &metric.do_not_order_sync.to_string());
    let revision = &seen.revision;
    lines.add("revision", &format!("asked {}, answered {}", revision.asked, word(&revision.answered)));
    let custom = seen.metrics.iter().filter(|metric| metric.custom).count();
    lines.add("metrics", &format!("{}, {custom} of them custom", seen.metrics.len()));
    match &check.lists {
        Some(lists) => {
            let more = if lists.complete { "" } else { " or more" };
            lines.add("lists", &format!("{}{more}", lists.count));
        }
        None => lines.add("lists", "not read"),
    }
    lines.add("clock skew s", &number(check.clock_skew_s));
    lines.add("latency ms", &number(check.latency_ms));
    for scope in &seen.scopes {
        let state = match scope.state {
            ScopeState::Granted => "granted",
            ScopeState::Missing => "missing",
            ScopeState::NotProbed => "not probed",
            ScopeState::Unknown => "unknown",
        };
        lines.add(&format!("scope {}", scope.scope), state);
    }
    for limit in &seen.limits {
        let left = format!("{} left of {}/min", number(limit.remaining), limit.per_min);
        let until = limit.until.map(|until| format!(", wait until {}", instant(until)));
        lines.add(&format!("limit {}", limit.endpoint), &format!("{left}{}", until.unwrap_or_default()));
    }
    for warning in &seen.warnings {
        lines.add(&format!("warning {}", warning.code), &warning.message);
    }
    lines.0
}

struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, value: &str) {
        // What came from elsewhere stays on its line.
        let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let _writing_to_text = writeln!(self.0, "{name}: {value}");
    }
}

fn instant(at: i64) -> String {
    let at = chrono::DateTime::from_timestamp(at, 0).unwrap_or_default();
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn word(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("unknown")
}

fn number(of: Option<i64>) -> String {
    of.map_or_else(|| "unknown".to_owned(), |of| of.to_string())
}
