//! What a key may do. No endpoint lists a key's scopes, so one cheap request is made for each that reading tells.

use super::endpoints::{
    ACCOUNTS, CAMPAIGNS, EVENTS, Endpoint, FLOWS, FORMS, LISTS, METRICS, PROFILES, SEGMENTS,
};
use super::{Klaviyo, KlaviyoError};
use crate::domain::klaviyo::{KlaviyoScope, ScopePurpose, ScopeState};

/// Scopes that a read tells, with that read: a page of one.
const PROBES: [(&Endpoint, &str, ScopePurpose); 7] = [
    (&EVENTS, ONE, ScopePurpose::CrossCheck),
    (&PROFILES, ONE, ScopePurpose::CrossCheck),
    (&LISTS, ONE, ScopePurpose::Audiences),
    (&SEGMENTS, ONE, ScopePurpose::Audiences),
    (&CAMPAIGNS, "filter=equals%28messages.channel%2C%27email%27%29&page%5Bsize%5D=1", ScopePurpose::Reports),
    (&FLOWS, ONE, ScopePurpose::Reports),
    (&FORMS, ONE, ScopePurpose::Reports),
];
const ONE: &str = "page%5Bsize%5D=1";
/// Scopes that only a write would tell.
const WRITES: [&str; 2] = ["events:write", "profiles:write"];

impl Klaviyo {
    /// Finds out what the key may do. Of the scopes that connecting needs the account's is known to be there, and `metrics`
    /// says what is known of the other.
    ///
    /// # Errors
    /// The key is rejected.
    pub async fn scopes(&self, metrics: ScopeState) -> Result<Vec<KlaviyoScope>, KlaviyoError> {
        let mut scopes = vec![
            known(ACCOUNTS.scope, ScopePurpose::Connect, ScopeState::Granted),
            known(METRICS.scope, ScopePurpose::Connect, metrics),
        ];
        for (endpoint, query, purpose) in PROBES {
            let (state, detail) = match self.get(endpoint, query.to_owned()).await {
                Ok(_) => (ScopeState::Granted, None),
                Err(KlaviyoError::ScopeMissing { .. }) => (ScopeState::Missing, None),
                Err(error) if error.is_about_the_key() => return Err(error),
                Err(error) => (ScopeState::Unknown, Some(error.to_string())),
            };
            scopes.push(KlaviyoScope { detail, ..known(endpoint.scope, purpose, state) });
        }
        let unasked = WRITES.map(|scope| known(scope, ScopePurpose::Send, ScopeState::NotProbed));
        scopes.extend(unasked);
        Ok(scopes)
    }
}

fn known(scope: &str, purpose: ScopePurpose, state: ScopeState) -> KlaviyoScope {
    let needed = purpose == ScopePurpose::Connect;
    KlaviyoScope { scope: scope.to_owned(), purpose, needed, state, detail: None }
}
