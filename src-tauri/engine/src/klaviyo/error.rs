//! What Klaviyo refuses, told apart where someone would act differently.

use serde_json::Value;

use super::endpoints::{ACCOUNTS, Endpoint};
use crate::http::{Answer, HttpError};

/// Longest text taken from an answer.
const LONGEST: usize = 300;

/// An error of a request to Klaviyo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KlaviyoError {
    /// There was no usable answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The key is wrong or was revoked.
    #[error("Klaviyo refuses the key")]
    KeyRejected,
    /// The key may not do this.
    #[error("the Klaviyo key lacks the scope {scope}")]
    ScopeMissing {
        /// Klaviyo's name for it, such as `metrics:read`.
        scope: String,
    },
    /// Klaviyo asks to wait for longer than a call does.
    #[error("Klaviyo's limit for {endpoint} is used up{}", until_words(*.until))]
    Throttled {
        /// The endpoint, by name.
        endpoint: &'static str,
        /// Until then, unix seconds, where Klaviyo says.
        until: Option<i64>,
    },
    /// The account has no such metric.
    #[error("the Klaviyo account has no metric {id}")]
    MetricNotFound {
        /// The id asked for.
        id: String,
    },
    /// The metric cannot count conversions.
    #[error("Klaviyo reports no values for this metric")]
    MetricNotReportable,
    /// There is no such thing.
    #[error("Klaviyo knows no such thing at {endpoint}")]
    NotFound {
        /// The endpoint, by name.
        endpoint: &'static str,
    },
    /// One person's identifiers belong to several profiles.
    #[error("another Klaviyo profile has one of these identifiers")]
    DuplicateProfile {
        /// The other profile, where Klaviyo names it.
        profile: Option<String>,
    },
    /// The revision we ask for is no longer served.
    #[error("Klaviyo no longer serves the API revision that Foredeck asks for")]
    RevisionRetired,
    /// What stands before Klaviyo refuses: the key is not at fault.
    #[error("what stands before Klaviyo refused the request ({status})")]
    Blocked {
        /// HTTP status.
        status: u16,
    },
    /// Anything else Klaviyo refuses.
    #[error("Klaviyo refused the request ({status}): {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Klaviyo's code.
        code: String,
        /// Klaviyo's words, without what looks like an e-mail.
        detail: String,
    },
    /// A list has a next page and does not say where, or says the same again.
    #[error("Klaviyo's list of {endpoint} cannot be read to its end: {}", broken_words(*.repeated))]
    ListBroken {
        /// The endpoint, by name.
        endpoint: &'static str,
        /// The cursor of the next page is one that was followed already; else there is none.
        repeated: bool,
    },
    /// The answer is not what Klaviyo answers.
    #[error("the answer does not read as Klaviyo's")]
    Unexpected,
    /// The key has characters that no header takes.
    #[error("the key does not look like a Klaviyo key")]
    KeyMalformed,
    /// The base URL is refused.
    #[error("{0}")]
    BaseUrl(String),
}

const fn broken_words(repeated: bool) -> &'static str {
    if repeated {
        "the cursor of its next page is that of a page before"
    } else {
        "its next page has no cursor"
    }
}

fn until_words(until: Option<i64>) -> String {
    let at = until.and_then(|at| chrono::DateTime::from_timestamp(at, 0));
    at.map_or_else(String::new, |at| format!(" until {}", at.format("%Y-%m-%d %H:%M:%S UTC")))
}

impl KlaviyoError {
    /// Reads an answer that is not 2xx. Klaviyo's list of codes is not published: those are told apart that were seen.
    pub fn read(endpoint: &Endpoint, answer: &Answer) -> Self {
        let status = answer.status;
        let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else { return Self::Blocked { status } };
        let error = &body["errors"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (code, detail) = (text(&error["code"]), text(&error["detail"]));
        match status {
            401 => Self::KeyRejected,
            403 => {
                Self::ScopeMissing { scope: scope_in(&detail).unwrap_or_else(|| endpoint.scope.to_owned()) }
            }
            410 => Self::RevisionRetired,
            400 if error["source"]["parameter"] == "revision" => Self::RevisionRetired,
            400 if matches!(code.as_str(), "authentication_failed" | "not_authenticated") => {
                Self::KeyRejected
            }
            // Of these two there is a sentence and no code.
            400 | 404 if detail.starts_with("Metric IDs") && detail.contains("do not exist") => {
                Self::MetricNotFound { id: quoted(&detail).unwrap_or_default() }
            }
            400 if detail.contains("does not support querying for values data") => Self::MetricNotReportable,
            // Older answers to a key that is not there; the request has nothing else that could be wrong.
            400 if endpoint == &ACCOUNTS => Self::KeyRejected,
            404 => Self::NotFound { endpoint: endpoint.name },
            409 if code == "duplicate_profile" => {
                let profile = error["meta"]["duplicate_profile_id"].as_str().map(str::to_owned);
                Self::DuplicateProfile { profile }
            }
            _ => Self::Refused { status, code, detail: harmless(&detail) },
        }
    }

    /// Whether Klaviyo says that the key itself is no good.
    pub const fn is_about_the_key(&self) -> bool {
        matches!(self, Self::KeyRejected | Self::KeyMalformed)
    }

    /// Whether it will pass by waiting, as nothing is wrong with the connection.
    pub const fn is_a_wait(&self) -> bool {
        matches!(self, Self::Throttled { .. })
    }
}

/// The scope that a refusal names.
fn scope_in(detail: &str) -> Option<String> {
    let is_scope = |word: &&str| {
        let parts = word.split_once(':');
        let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        parts.is_some_and(|(what, how)| plain(what) && matches!(how, "read" | "write" | "full"))
    };
    let mut words = detail.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-')));
    words.find(is_scope).map(str::to_owned)
}

fn quoted(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('\'')?;
    let (word, _) = rest.split_once('\'')?;
    let plain = word.len() <= 64 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then(|| word.to_owned())
}

/// Klaviyo repeats what it was sent: whatever looks like an e-mail or a key is left out.
fn harmless(detail: &str) -> String {
    let word = |word: &str| if word.contains('@') || word.contains("pk_") { "…" } else { word }.to_owned();
    let text = detail.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(LONGEST).collect();
    if text.is_empty() { "no reason given".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::endpoints::{EVENTS, IMPORT_PROFILE, METRICS};
    use super::*;

    fn read(endpoint: &Endpoint, status: u16, body: &str) -> KlaviyoError {
        let body = body.to_owned().into();
        let answer = Answer {
            status,
            request_id: None,
            as_of: 0,
            replayed: false,
            version: None,
            took: std::time::Duration::ZERO,
            rate: None,
            body,
        };
        KlaviyoError::read(endpoint, &answer)
    }

    fn error(endpoint: &Endpoint, status: u16, code: &str, detail: &str) -> KlaviyoError {
        let body = serde_json::json!({"errors": [{"status": status, "code": code, "detail": detail}]});
        read(endpoint, status, &body.to_string())
    }

    #[test]
    fn refusals_are_told_apart() {
        assert_eq!(error(&ACCOUNTS, 401, "authentication_failed", ""), KlaviyoError::KeyRejected);
        assert_eq!(error(&ACCOUNTS, 400, "invalid", "Missing key."), KlaviyoError::KeyRejected);
        let lacks = |scope: &str| KlaviyoError::ScopeMissing { scope: scope.to_owned() };
        assert_eq!(error(&METRICS, 403, "permission_denied", ""), lacks("metrics:read"));
        let named = "The API key is missing the following scopes: custom-objects:read.";
        assert_eq!(error(&METRICS, 403, "permission_denied", named), lacks("custom-objects:read"));
        assert_eq!(error(&METRICS, 410, "gone", ""), KlaviyoError::RevisionRetired);
        let revision = r#"{"errors":[{"code":"invalid","source":{"parameter":"revision"}}]}"#;
        assert_eq!(read(&ACCOUNTS, 400, revision), KlaviyoError::RevisionRetired);
        assert_eq!(
            error(&EVENTS, 400, "invalid", "Metric IDs ['AbC123'] do not exist."),
            KlaviyoError::MetricNotFound { id: "AbC123".to_owned() }
        );
        let values = "Passed in conversion metric does not support querying for values data";
        assert_eq!(error(&METRICS, 400, "invalid", values), KlaviyoError::MetricNotReportable);
        let duplicate =
            r#"{"errors":[{"code":"duplicate_profile","meta":{"duplicate_profile_id":"01ABC"}}]}"#;
        assert_eq!(
            read(&IMPORT_PROFILE, 409, duplicate),
            KlaviyoError::DuplicateProfile { profile: Some("01ABC".to_owned()) }
        );
    }

    #[test]
    fn a_page_of_html_is_no_word_about_the_key() {
        for status in [400, 401, 403] {
            let page = read(&ACCOUNTS, status, "<html><body>cloudflare</body></html>");
            assert_eq!(page, KlaviyoError::Blocked { status });
        }
    }

    #[test]
    fn what_was_sent_is_not_repeated_and_any_body_reads() {
        let said = error(&EVENTS, 400, "invalid", "Invalid email 'ann@example.com' sent with pk_abc.");
        assert_eq!(said.to_string(), "Klaviyo refused the request (400): Invalid email … sent with …");
        for body in ["{}", "[]", "null", "1", r#"{"errors":{}}"#, r#"{"errors":[1]}"#, r#"{"errors":[]}"#] {
            assert!(matches!(read(&EVENTS, 422, body), KlaviyoError::Refused { status: 422, .. }), "{body}");
        }
    }

    #[test]
    fn a_wait_says_until_when() {
        let long = KlaviyoError::Throttled { endpoint: "accounts", until: Some(1_772_366_400 + 67_608) };
        assert_eq!(long.to_string(), "Klaviyo's limit for accounts is used up until 2026-03-02 06:46:48 UTC");
        let short = KlaviyoError::Throttled { endpoint: "accounts", until: None };
        assert_eq!(short.to_string(), "Klaviyo's limit for accounts is used up");
    }
}
