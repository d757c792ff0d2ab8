//! What a Klaviyo is started with: its account, keys, how late things show, and what the shop sends by itself.

use serde::{Deserialize, Serialize};

/// The key that opens a Klaviyo started without keys of its own.
pub const DEFAULT_KLAVIYO_KEY: &str = "pk_sandbox000000000000000000000000000";
/// The account's public id.
pub const DEFAULT_PUBLIC_ID: &str = "SbXk7Q";
/// The revision whose shapes it has.
pub const KLAVIYO_REVISION: &str = "2026-07-15";
/// Every scope that an endpoint here asks for.
pub const KLAVIYO_SCOPES: [&str; 11] = [
    "accounts:read",
    "metrics:read",
    "events:read",
    "events:write",
    "profiles:read",
    "profiles:write",
    "lists:read",
    "segments:read",
    "campaigns:read",
    "flows:read",
    "forms:read",
];

/// Everything a Klaviyo is started with.
#[derive(Debug, Clone)]
pub struct KlaviyoConfig {
    /// Port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// Private keys that open it. Empty means [`DEFAULT_KLAVIYO_KEY`] with every scope.
    pub keys: Vec<KlaviyoKey>,
    /// The account's public id, which is its id too.
    pub public_id: String,
    /// The organisation's name.
    pub name: String,
    /// IANA name; Klaviyo knows aliases such as `US/Eastern` too.
    pub timezone: String,
    /// Upper case, as Klaviyo writes it.
    pub currency: String,
    /// Whether the account says that it is a test account.
    pub test_account: bool,
    /// Whether requests are limited as Klaviyo limits them, by world time.
    pub limits: bool,
    /// World seconds from a 202 until what it accepted is there.
    pub visible_after_s: i64,
    /// What the shop's own site sends; `None`: nothing.
    pub shop: Option<ShopSender>,
    /// Metrics beside the standing ones, so that the list has pages.
    pub more_metrics: u32,
    /// Whether `links.next` names another host, at which somebody notes who comes.
    pub foreign_next: bool,
    /// Days since which the account has been there, and its campaigns, flows, segments and forms with it.
    pub age_days: i64,
    /// Results that a page of a report holds; further ones follow by `page_cursor`.
    pub report_page: usize,
}

impl Default for KlaviyoConfig {
    fn default() -> Self {
        KlaviyoConfig {
            port: 0,
            keys: Vec::new(),
            public_id: DEFAULT_PUBLIC_ID.to_owned(),
            name: "Lanternfish Workshop".to_owned(),
            timezone: "Europe/Berlin".to_owned(),
            currency: "EUR".to_owned(),
            test_account: false,
            limits: false,
            visible_after_s: 3,
            shop: None,
            more_metrics: 0,
            foreign_next: false,
            age_days: 700,
            report_page: 500,
        }
    }
}

/// A private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KlaviyoKey {
    /// The key itself, `pk_…`.
    pub key: String,
    /// Scopes it has, for example `events:write`.
    pub scopes: Vec<String>,
    /// A revoked key answers 401.
    pub revoked: bool,
}

impl KlaviyoKey {
    /// A key with every scope.
    pub fn full(key: &str) -> KlaviyoKey {
        KlaviyoKey::with(key, &KLAVIYO_SCOPES)
    }

    /// A key with these scopes.
    pub fn with(key: &str, scopes: &[&str]) -> KlaviyoKey {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        KlaviyoKey { key: key.to_owned(), scopes, revoked: false }
    }
}

/// How the shop's own site names its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// `Preorder Started`, `Preorder Success`.
    Plain,
    /// `Rolitt Preorder Started`, `Rolitt Preorder Success`.
    Branded,
    /// The one or the other, by order.
    Mixed,
}

/// What the shop's own site sends about its preorders, each event with the time at which it happened.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopSender {
    /// How it names them.
    pub spelling: Spelling,
    /// Share of events that it sends at all, 0 to 1; which ones follows from the order.
    pub share: f64,
    /// The shortest and the longest time after the fact, world seconds.
    pub late_s: (i64, i64),
    /// Share of those sent that it sends twice.
    pub twice_share: f64,
    /// Share of those sent whose value is wrong: minor units for major ones.
    pub wrong_value_share: f64,
}

impl Default for ShopSender {
    fn default() -> Self {
        ShopSender {
            spelling: Spelling::Plain,
            share: 1.0,
            late_s: (1, 30),
            twice_share: 0.0,
            wrong_value_share: 0.0,
        }
    }
}
