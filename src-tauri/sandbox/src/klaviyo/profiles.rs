//! People: who is who, what is known of them, and whether they may be mailed.

use super::account::Account;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Attributes that are texts of the profile itself; everything else an e-mail tool wants to know lies in `properties`.
pub(crate) const TEXTS: [&str; 6] = ["first_name", "last_name", "organization", "locale", "title", "image"];

/// What names a person. The first of these that is known tells who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given {
    pub id: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub external_id: Option<String>,
}

/// Whether somebody wants mail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Was never asked.
    #[default]
    NeverSubscribed,
    /// Said yes.
    Subscribed,
    /// Said no.
    Unsubscribed,
    /// Their address bounces.
    HardBounced,
    /// The shop itself keeps them out.
    Suppressed,
}

impl Consent {
    pub(crate) fn can_receive(self) -> bool {
        matches!(self, Consent::NeverSubscribed | Consent::Subscribed)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Consent::NeverSubscribed | Consent::HardBounced | Consent::Suppressed => "NEVER_SUBSCRIBED",
            Consent::Subscribed => "SUBSCRIBED",
            Consent::Unsubscribed => "UNSUBSCRIBED",
        }
    }

    /// Why no mail goes out, if none does.
    pub(crate) fn suppression(self) -> Option<&'static str> {
        match self {
            Consent::NeverSubscribed | Consent::Subscribed => None,
            Consent::Unsubscribed => Some("UNSUBSCRIBE"),
            Consent::HardBounced => Some("HARD_BOUNCE"),
            Consent::Suppressed => Some("USER_SUPPRESSED"),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub id: String,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub external_id: Option<String>,
    /// Those of [`TEXTS`] that are known.
    pub texts: Map<String, Value>,
    pub location: Map<String, Value>,
    pub properties: Map<String, Value>,
    pub created: i64,
    pub updated: i64,
    pub last_event_at: Option<i64>,
    pub consent: Consent,
    pub consent_at: Option<i64>,
}

/// An e-mail as it is compared.
pub(crate) fn plain(email: &str) -> String {
    email.trim().to_lowercase()
}

impl Account {
    /// The profile that somebody is.
    pub(crate) fn find_profile(&self, given: &Given) -> Option<usize> {
        if let Some(id) = &given.id {
            return self.by_profile_id.get(id).copied();
        }
        let by_email = given.email.as_deref().and_then(|email| self.by_email.get(&plain(email)).copied());
        by_email.or_else(|| self.profile_with(given.external_id.as_deref(), given.phone_number.as_deref()))
    }

    /// The profile with this external id or phone number.
    pub(crate) fn profile_with(
        &self,
        external_id: Option<&str>,
        phone_number: Option<&str>,
    ) -> Option<usize> {
        let has = |own: &Option<String>, wanted: Option<&str>| wanted.is_some() && own.as_deref() == wanted;
        self.profiles
            .iter()
            .position(|p| has(&p.external_id, external_id) || has(&p.phone_number, phone_number))
    }

    /// The profile of an e-mail, made if there is none.
    pub(crate) fn profile_of_email(&mut self, email: &str) -> usize {
        let given = Given { email: Some(email.to_owned()), ..Given::default() };
        self.upsert(&given, &Map::new())
    }

    /// Makes or changes the profile that somebody is.
    pub(crate) fn upsert(&mut self, given: &Given, attributes: &Map<String, Value>) -> usize {
        let place = match self.find_profile(given) {
            Some(place) => place,
            None => self.new_profile(given),
        };
        let mut changed = attributes.clone();
        for (name, own) in [
            ("email", &given.email),
            ("phone_number", &given.phone_number),
            ("external_id", &given.external_id),
        ] {
            if let Some(own) = own {
                changed.insert(name.to_owned(), Value::from(own.as_str()));
            }
        }
        self.change_profile(place, &changed);
        place
    }

    fn new_profile(&mut self, given: &Given) -> usize {
        let id = given.id.clone().unwrap_or_else(|| self.mint("01", 24).to_ascii_uppercase());
        let place = self.profiles.len();
        self.by_profile_id.insert(id.clone(), place);
        self.profiles.push(Profile {
            id,
            email: None,
            phone_number: None,
            external_id: None,
            texts: Map::new(),
            location: Map::new(),
            properties: Map::new(),
            created: self.now,
            updated: self.now,
            last_event_at: None,
            consent: Consent::default(),
            consent_at: None,
        });
        place
    }

    /// Changes what is given: null clears, what is absent stays, `properties` are merged key by key.
    pub(crate) fn change_profile(&mut self, place: usize, attributes: &Map<String, Value>) {
        let now = self.now;
        let profile = &mut self.profiles[place];
        let before = profile.email.clone();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        for (name, value) in attributes {
            match name.as_str() {
                "email" => profile.email = text(value).map(|email| plain(&email)),
                "phone_number" => profile.phone_number = text(value),
                "external_id" => profile.external_id = text(value),
                "location" => merge(&mut profile.location, value),
                "properties" => merge(&mut profile.properties, value),
                name if TEXTS.contains(&name) => {
                    profile.texts.insert(name.to_owned(), value.clone());
                }
                _ => {}
            }
        }
        profile.updated = now;
        let after = profile.email.clone();
        if before != after {
            if let Some(before) = before {
                self.by_email.remove(&before);
            }
            if let Some(after) = after {
                self.by_email.insert(after, place);
            }
        }
    }

    /// Says whether somebody wants mail.
    pub(crate) fn consents(&mut self, email: &str, consent: Consent) {
        let (place, now) = (self.profile_of_email(email), self.now);
        self.profiles[place].consent = consent;
        self.profiles[place].consent_at = Some(now);
    }
}

fn merge(own: &mut Map<String, Value>, given: &Value) {
    let Some(given) = given.as_object() else { return };
    for (key, value) in given {
        match value {
            Value::Null => drop(own.remove(key)),
            value => drop(own.insert(key.clone(), value.clone())),
        }
    }
}
