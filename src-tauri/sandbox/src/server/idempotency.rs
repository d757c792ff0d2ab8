//! Idempotency keys: what was asked under each key, and what was answered.

use super::answer::Answer;
use crate::world::{Refusal, Told};
use std::collections::HashMap;

/// Results are kept this long, world time; after that the same key executes again.
const KEPT_S: i64 = 24 * 3600;

enum State {
    InFlight,
    Done(Answer),
}

struct Entry {
    endpoint: String,
    params: String,
    at: i64,
    state: State,
}

/// What to do with a keyed request.
pub(crate) enum Admission {
    /// Execute it; the key is now in flight.
    Execute,
    /// Answer as before.
    Replay(Answer),
}

#[derive(Default)]
pub(crate) struct Idempotency {
    entries: HashMap<(String, String), Entry>,
}

impl Idempotency {
    pub(crate) fn admit(
        &mut self,
        account: &str,
        key: &str,
        endpoint: &str,
        params: &str,
        now: i64,
    ) -> Told<Admission> {
        if key.chars().count() > 255 {
            return Err(Refusal::invalid("Idempotency keys can be at most 255 characters."));
        }
        let slot = (account.to_owned(), key.to_owned());
        if self.entries.get(&slot).is_some_and(|e| e.at + KEPT_S <= now && matches!(e.state, State::Done(_)))
        {
            self.entries.remove(&slot);
        }
        let Some(entry) = self.entries.get(&slot) else {
            let (endpoint, params) = (endpoint.to_owned(), params.to_owned());
            self.entries.insert(slot, Entry { endpoint, params, at: now, state: State::InFlight });
            return Ok(Admission::Execute);
        };
        let misuse = |message: String| Refusal { kind: "idempotency_error", ..Refusal::invalid(message) };
        if entry.endpoint != endpoint {
            return Err(misuse(format!(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for ('{endpoint}' vs '{}'). Try using a key other than '{key}' if you meant to execute a different request.",
                entry.endpoint
            )));
        }
        if entry.params != params {
            return Err(misuse(format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{key}' if you meant to execute a different request."
            )));
        }
        match &entry.state {
            State::Done(answer) => Ok(Admission::Replay(answer.clone())),
            State::InFlight => Err(misuse(format!(
                "There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): {key}. Please try again later."
            ))
            .status(409)
            .code("idempotency_key_in_use")),
        }
    }

    /// Keeps what a request in flight came to.
    pub(crate) fn store(&mut self, account: &str, key: &str, answer: &Answer) {
        if let Some(entry) = self.entries.get_mut(&(account.to_owned(), key.to_owned())) {
            entry.state = State::Done(answer.clone());
        }
    }

    /// Forgets a request in flight that came to nothing, unless it is done by now.
    pub(crate) fn release(&mut self, account: &str, key: &str) {
        let slot = (account.to_owned(), key.to_owned());
        if self.entries.get(&slot).is_some_and(|e| matches!(e.state, State::InFlight)) {
            self.entries.remove(&slot);
        }
    }
}
