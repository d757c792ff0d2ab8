//! Klaviyo's refusals, as JSON:API errors and, from what stands before it, as HTML.

use crate::server::answer::Answer;
use serde_json::{Map, Value, json};

/// What an endpoint answers when it cannot do what was asked.
#[derive(Debug, Clone)]
pub(crate) struct Denial {
    pub status: u16,
    /// Code and title.
    kind: &'static (&'static str, &'static str),
    detail: String,
    /// `pointer` or `parameter`, and where it points.
    source: Option<(&'static str, String)>,
    /// The profile that is there already.
    duplicate: Option<Box<str>>,
}

pub(crate) type Asked<T> = Result<T, Denial>;

impl Denial {
    fn new(status: u16, kind: &'static (&'static str, &'static str), detail: impl Into<String>) -> Denial {
        Denial { status, kind, detail: detail.into(), source: None, duplicate: None }
    }

    /// A 400.
    pub(crate) fn invalid(detail: impl Into<String>) -> Denial {
        Denial::new(400, &("invalid", "Invalid input."), detail)
    }

    pub(crate) fn not_authenticated() -> Denial {
        let detail = "Missing or invalid authorization scheme. Please use Klaviyo-API-Key.";
        Denial::new(401, &("not_authenticated", "Authentication credentials were not provided."), detail)
    }

    pub(crate) fn wrong_key() -> Denial {
        let detail = "Incorrect authentication credentials.";
        Denial::new(401, &("authentication_failed", "Incorrect authentication credentials."), detail)
    }

    pub(crate) fn no_scope(scope: &str) -> Denial {
        let detail = format!("The API key specified is missing the following scopes: {scope}");
        Denial::new(403, &("permission_denied", "You do not have permission to perform this action."), detail)
    }

    pub(crate) fn not_found(kind: &str, id: &str) -> Denial {
        Denial::new(404, &("not_found", "Not found."), format!("A {kind} with id {id} does not exist."))
    }

    pub(crate) fn no_such_page() -> Denial {
        Denial::new(404, &("not_found", "Not found."), "The requested resource could not be found.")
    }

    pub(crate) fn not_allowed(method: &str) -> Denial {
        let detail = format!("Method \"{method}\" not allowed.");
        Denial::new(405, &("method_not_allowed", "Method not allowed."), detail)
    }

    pub(crate) fn media_type(given: &str) -> Denial {
        let detail = format!("Unsupported media type \"{given}\" in request.");
        Denial::new(415, &("unsupported_media_type", "Unsupported media type."), detail)
    }

    pub(crate) fn gone(revision: &str) -> Denial {
        Denial::new(410, &("gone", "Gone."), format!("The API revision {revision} has been retired."))
    }

    pub(crate) fn duplicate(profile: &str) -> Denial {
        let detail = "A profile already exists with one of these identifiers.";
        let denial = Denial::new(409, &("duplicate_profile", "Conflict."), detail).at("/data/attributes");
        Denial { duplicate: Some(profile.into()), ..denial }
    }

    pub(crate) fn throttled(seconds: i64) -> Denial {
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let detail = format!("Request was throttled. Expected available in {seconds} {unit}.");
        Denial::new(429, &("throttled", "Request was throttled."), detail).at("/data/")
    }

    pub(crate) fn failed(status: u16) -> Denial {
        Denial::new(status, &("error", "A server error occurred."), "A server error occurred.")
    }

    /// The place in the body that is at fault.
    pub(crate) fn at(mut self, pointer: &str) -> Denial {
        self.source = Some(("pointer", pointer.to_owned()));
        self
    }

    /// The parameter that is at fault.
    pub(crate) fn parameter(mut self, name: &str) -> Denial {
        self.source = Some(("parameter", name.to_owned()));
        self
    }

    pub(crate) fn answer(&self, id: &str) -> Answer {
        let source: Map<String, Value> =
            self.source.iter().map(|(kind, at)| ((*kind).to_owned(), json!(at))).collect();
        let meta: Map<String, Value> =
            self.duplicate.iter().map(|id| ("duplicate_profile_id".to_owned(), json!(id))).collect();
        let error = json!({
            "id": id,
            "status": self.status,
            "code": self.kind.0,
            "title": self.kind.1,
            "detail": self.detail,
            "source": source,
            "links": {},
            "meta": meta,
        });
        let body = json!({ "errors": [error] }).to_string().into_bytes();
        Answer { status: self.status, body, headers: Vec::new() }
    }
}

/// What stands before Klaviyo sends its own pages.
pub(crate) fn html(status: u16, title: &str) -> Answer {
    let body = format!(
        "<html>\n<head><title>{status} {title}</title></head>\n<body>\n<center><h1>{status} {title}</h1></center>\n<hr><center>cloudflare</center>\n</body>\n</html>\n"
    );
    let answer = Answer { status, body: body.into_bytes(), headers: Vec::new() };
    answer.header("content-type", "text/html; charset=UTF-8").header("server", "cloudflare")
}
