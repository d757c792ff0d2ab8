//! The probe: asks Stripe itself, with a test key, what its documentation leaves open.
//!
//! Out: a report without secrets. Reads only, unless `--yes` allows one customer made twice and deleted, and a burst.

use foredeck_engine::api::ADMIN;
use foredeck_engine::domain::store::Mode;
use foredeck_engine::error::Problem;
use foredeck_engine::http::Probed;
use foredeck_engine::queries::export::{ExportFormat, export_events};
use foredeck_engine::stripe::{Probe, StripeError};
use serde::Serialize;
use serde_json::Value;

use crate::deck::Deck;
use crate::plain::plain;
use crate::print::Outcome;

/// Stripe keeps events for 30 days; one of this age is surely gone.
const GONE_AFTER_S: i64 = 31 * 86_400;
/// Reads sent at once to meet the limit; a test account allows 25 a second.
const BURST: usize = 60;

/// What was found out about one open question.
#[derive(Debug, Serialize)]
struct Answer {
    question: &'static str,
    /// False where this account or key could not tell.
    answered: bool,
    detail: String,
}

#[derive(Debug, Serialize)]
struct Report {
    store: String,
    stripe_url: String,
    key_prefix: Option<String>,
    answers: Vec<Answer>,
}

fn told(question: &'static str, detail: impl Into<String>) -> Answer {
    Answer { question, answered: true, detail: detail.into() }
}

fn open(question: &'static str, detail: impl Into<String>) -> Answer {
    Answer { question, answered: false, detail: detail.into() }
}

/// Asks everything and prints the report.
pub async fn run(deck: &Deck, may_write: bool) -> Outcome {
    if may_write {
        deck.permit(ADMIN, "doctor --probe --yes")?;
    }
    let store = deck.store().await?;
    let view = store.view().await?;
    let hint = "Make a store in test mode and use a test key.";
    if view.mode == Some(Mode::Live) {
        return Err(Problem::new(
            "LIVE_REFUSED",
            "the probe is for test mode, and this is a live store",
            hint,
        )
        .into());
    }
    let stripe = store.stripe().await?;
    let Some(probe) = stripe.probe() else {
        return Err(Problem::new("LIVE_REFUSED", "the probe is not run with a live key", hint).into());
    };
    // The first question also tells whether Stripe can be asked at all.
    let events = probe.get("/v1/events", "limit=1").await.map_err(Problem::from)?;
    if events.status == 401 {
        return Err(Problem::from(StripeError::KeyRejected {
            request_id: events.header("request-id").map(str::to_owned),
        })
        .into());
    }
    let mut answers = vec![permission(&events, view.key_restricted), headers(&events)];
    let unknown = probe.get("/v1/events", "limit=1&ending_before=evt_0000000000000000").await;
    answers.push(cursor("what an unknown `ending_before` gets", unknown));
    answers.push(match purged_event(&store, deck.engine.clock().now() - GONE_AFTER_S).await? {
        Some(id) => cursor(
            "what a purged `ending_before` gets",
            probe.get("/v1/events", &format!("limit=1&ending_before={id}")).await,
        ),
        None => open(
            "what a purged `ending_before` gets",
            "the mirror knows no event older than Stripe keeps them",
        ),
    });
    answers.push(recovery(probe.get("/v1/checkout/sessions", "limit=100&status=expired").await));
    if may_write {
        answers.push(replay(&probe, deck.engine.clock().now()).await);
        answers.push(burst(&probe, &events).await);
    } else {
        answers.push(open(
            "whether a replay says `Idempotent-Replayed`",
            "writes a customer: allow it with --yes",
        ));
        answers
            .push(open("whether a 429 carries `Retry-After`", "sends a burst of reads: allow it with --yes"));
    }
    for answer in &mut answers {
        answer.detail = without_keys(&answer.detail);
    }
    let report = Report {
        store: view.name,
        stripe_url: view.stripe_url.unwrap_or_default(),
        key_prefix: view.key_prefix,
        answers,
    };
    deck.format.reply(&report, show)
}

fn show(report: &Report) -> String {
    let key = report.key_prefix.as_deref().unwrap_or("none");
    let mut text =
        format!("{} at {} with {}…\n\n", plain(&report.store), plain(&report.stripe_url), plain(key));
    for answer in &report.answers {
        let mark = if answer.answered { "" } else { " (open)" };
        text += &format!("{}{mark}\n    {}\n", answer.question, plain(&answer.detail));
    }
    text
}

fn permission(events: &Probed, restricted: bool) -> Answer {
    let question = "which permission `GET /v1/events` needs";
    match (events.status, restricted) {
        (403, _) => told(question, refusal(events)),
        (200, true) => open(
            question,
            "this restricted key has it; one without the right to read events would be told its name",
        ),
        (200, false) => open(
            question,
            "a secret key may read everything; try a restricted one without the right to read events",
        ),
        _ => open(question, refusal(events)),
    }
}

fn headers(answer: &Probed) -> Answer {
    let named = ["date", "request-id", "stripe-version", "retry-after"].map(|name| {
        match (name, answer.header(name)) {
            (_, None) => format!("no {name}"),
            ("request-id", Some(_)) => "request-id".to_owned(),
            (_, Some(value)) => format!("{name}: {value}"),
        }
    });
    told("which headers an answer carries", named.join(", "))
}

fn cursor(question: &'static str, answer: Result<Probed, StripeError>) -> Answer {
    match answer {
        Ok(answer) if answer.status == 403 => open(question, refusal(&answer)),
        Ok(answer) if answer.status == 200 => {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let count = body["data"].as_array().map_or(0, Vec::len);
            told(question, format!("200 with {count} events, has_more {}", body["has_more"]))
        }
        Ok(answer) => told(question, refusal(&answer)),
        Err(error) => open(question, error.to_string()),
    }
}

/// Status, type, code, parameter and message of a refusal.
fn refusal(answer: &Probed) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let field = |name: &str| body["error"][name].as_str().unwrap_or("-").to_owned();
    format!(
        "{} type {} code {} param {}: {}",
        answer.status,
        field("type"),
        field("code"),
        field("param"),
        field("message")
    )
}

/// An event of the mirror that Stripe has surely forgotten: the first one stored, if it is old enough.
async fn purged_event(store: &foredeck_engine::engine::OpenStore, before: i64) -> Outcome<Option<String>> {
    let first = store
        .db()
        .read(|connection| {
            let mut line = FirstLine::default();
            // Ends with an error as soon as the first line is whole; that is all that is wanted of it.
            let _ended_early = export_events(connection, ExportFormat::Jsonl, &mut line);
            Ok(line.bytes)
        })
        .await?;
    let event: Value = serde_json::from_slice(&first).unwrap_or_default();
    let old = event["created"].as_i64().is_some_and(|created| created < before);
    let id = event["id"].as_str().filter(|id| id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    Ok(id.filter(|_| old).map(str::to_owned))
}

#[derive(Default)]
struct FirstLine {
    bytes: Vec<u8>,
    whole: bool,
}

impl std::io::Write for FirstLine {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.whole {
            return Err(std::io::ErrorKind::WriteZero.into());
        }
        self.whole = bytes.ends_with(b"\n");
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn recovery(answer: Result<Probed, StripeError>) -> Answer {
    let question = "how long a recovery link of an expired session lives";
    let answer = match answer {
        Ok(answer) if answer.status == 200 => answer,
        Ok(answer) => return open(question, refusal(&answer)),
        Err(error) => return open(question, error.to_string()),
    };
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let lives = body["data"].as_array().into_iter().flatten().filter_map(|session| {
        let until = session["after_expiration"]["recovery"]["expires_at"].as_i64()?;
        Some(until - session["expires_at"].as_i64()?)
    });
    let lives: Vec<i64> = lives.collect();
    match (lives.iter().min(), lives.iter().max()) {
        (Some(least), Some(most)) => {
            let days =
                |seconds: &i64| format!("{}.{} days", seconds / 86_400, seconds % 86_400 * 10 / 86_400);
            told(
                question,
                format!(
                    "{} to {} after the session's expires_at ({} sessions)",
                    days(least),
                    days(most),
                    lives.len()
                ),
            )
        }
        _ => open(question, "no expired session of this account has a recovery link"),
    }
}

async fn replay(probe: &Probe<'_>, now: i64) -> Answer {
    let question = "whether a replay says `Idempotent-Replayed`";
    let key = format!("foredeck-probe-{now}-{}", std::process::id());
    let first = match probe.make_customer(&key).await {
        Ok(first) if first.status == 200 => first,
        Ok(first) => return open(question, refusal(&first)),
        Err(error) => return open(question, error.to_string()),
    };
    let second = probe.make_customer(&key).await;
    let id = |answer: &Probed| {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        body["id"].as_str().unwrap_or_default().to_owned()
    };
    let made = id(&first);
    let mut detail = match &second {
        Ok(second) => format!(
            "first {}, second {}: {} customer, header {}",
            first.status,
            second.status,
            if id(second) == made { "the same" } else { "ANOTHER" },
            second.header("idempotent-replayed").unwrap_or("absent")
        ),
        Err(error) => error.to_string(),
    };
    let mut all = vec![made];
    all.extend(second.as_ref().ok().map(id).filter(|other| *other != all[0] && !other.is_empty()));
    for customer in all {
        match probe.delete_customer(&customer).await {
            Ok(gone) if gone.status == 200 => {}
            _ => detail += &format!("; {customer} could not be deleted: delete it by hand"),
        }
    }
    if second.is_ok() { told(question, detail) } else { open(question, detail) }
}

async fn burst(probe: &Probe<'_>, ordinary: &Probed) -> Answer {
    let question = "whether a 429 carries `Retry-After`";
    let mut waiting = Vec::new();
    for _ in 0..BURST {
        waiting.push(probe.get("/v1/events", "limit=1"));
    }
    let answers = join(waiting).await;
    let limited: Vec<&Probed> = answers.iter().flatten().filter(|answer| answer.status == 429).collect();
    let Some(first) = limited.first() else {
        let ordinarily = ordinary.header("retry-after").unwrap_or("absent");
        return open(
            question,
            format!("{BURST} reads at once met no limit; on ordinary answers it is {ordinarily}"),
        );
    };
    let header = |name: &str| first.header(name).unwrap_or("absent").to_owned();
    told(
        question,
        format!(
            "{} of {BURST} answered 429; Retry-After {}, Stripe-Should-Retry {}, Stripe-Rate-Limited-Reason {}",
            limited.len(),
            header("retry-after"),
            header("stripe-should-retry"),
            header("stripe-rate-limited-reason")
        ),
    )
}

/// Runs futures side by side.
async fn join<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut all = true;
        for (future, done) in &mut running {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *done = Some(value),
                    std::task::Poll::Pending => all = false,
                }
            }
        }
        if all { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, done)| done).collect()
}

/// Stripe masks keys in its messages but for their last letters; here not even those are shown.
fn without_keys(text: &str) -> String {
    let begins = |word: &str| ["sk_", "rk_", "pk_", "whsec_"].iter().any(|prefix| word.contains(prefix));
    let hidden = |word: &str| {
        let at =
            ["sk_", "rk_", "pk_", "whsec_"].iter().filter_map(|prefix| word.find(prefix)).min().unwrap_or(0);
        format!("{}…", word.chars().take(word[..at].chars().count() + 7).collect::<String>())
    };
    text.split(' ')
        .map(|word| if begins(word) { hidden(word) } else { word.to_owned() })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::without_keys;

    #[test]
    fn no_part_of_a_key_but_its_prefix_is_shown() {
        let text = "403: The provided key 'rk_test_****qs8Kgd' lacks it on account 'acct_1'.";
        assert_eq!(without_keys(text), "403: The provided key 'rk_test… lacks it on account 'acct_1'.");
    }
}
