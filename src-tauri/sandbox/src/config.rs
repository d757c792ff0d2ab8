//! What a sandbox is started with: seed, clock, shop, limits, keys, and the faults it can be told to show.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The key that opens a sandbox started without keys of its own.
pub const DEFAULT_KEY: &str = "sk_test_sandbox000000000000000000";
/// The account behind [`DEFAULT_KEY`].
pub const DEFAULT_ACCOUNT: &str = "acct_sandbox000001";
/// The API version whose shapes lists and retrieves have, and the account's default for events.
pub const API_VERSION: &str = "2026-09-30.endive";
/// Where a virtual clock starts unless told otherwise.
pub const DEFAULT_START: i64 = 1_790_000_000;

/// Everything a sandbox is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The same seed and the same start give the same shop.
    pub seed: u64,
    /// How world time runs.
    pub clock: ClockMode,
    /// What the shop did and does by itself.
    pub shop: ShopPlan,
    /// Port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// Request limits, in real time.
    pub limits: Limits,
    /// Keys that open it. Empty means [`DEFAULT_KEY`]. The world belongs to the first key's account and mode.
    pub keys: Vec<KeySpec>,
    /// File to which accepted writes are appended and from which they are replayed at start.
    pub journal: Option<PathBuf>,
    /// World time at which the shop's history begins. `None`: as many days before the start as the plan says.
    pub since: Option<i64>,
    /// Spans of world time, from and to, in which no live customer arrives; those who are there go on. A shop that is
    /// only there while somebody watches tells here when nobody did, and keeps its past small.
    pub closed: Vec<(i64, i64)>,
    /// Whether the shop sells credits as well: about one visitor in six comes for them. It changes what a seed gives.
    pub credits: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            seed: 1,
            clock: ClockMode::default(),
            shop: ShopPlan::Empty,
            port: 0,
            limits: Limits::default(),
            keys: Vec::new(),
            journal: None,
            since: None,
            closed: Vec::new(),
            credits: false,
        }
    }
}

/// How world time runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClockMode {
    /// Stands still until advanced.
    Virtual {
        /// World time at start, unix seconds.
        start: i64,
    },
    /// World time is system time.
    Real,
    /// World time runs from `world_start` at `real_start`, `speed` times as fast as real time.
    Anchored {
        /// World time that `real_start` stands for, unix seconds.
        world_start: i64,
        /// System time at which the world was at `world_start`, unix seconds.
        real_start: i64,
        /// World seconds per real second.
        speed: f64,
    },
}

impl Default for ClockMode {
    fn default() -> Self {
        ClockMode::Virtual { start: DEFAULT_START }
    }
}

/// What the shop did before the sandbox started, and what it does by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ShopPlan {
    /// A catalogue and nothing else.
    Empty,
    /// `orders` preorders over the `days` before the start; `faults` is the share planted broken.
    History {
        /// Preorders in the past.
        orders: u32,
        /// Days they are spread over.
        days: u32,
        /// Share of orders planted broken, 0 to 1.
        faults: f64,
    },
    /// A history, then new preorders as long as the clock runs.
    Live {
        /// Preorders in the past.
        history_orders: u32,
        /// Days they are spread over.
        days: u32,
        /// New preorders a world minute, on average.
        per_minute: f64,
        /// Share of orders planted broken, 0 to 1.
        faults: f64,
    },
    /// `preorders` preorders rendered on the fly from a few bytes each; no events about them.
    Scale {
        /// How many preorders.
        preorders: u64,
        /// Days they are spread over.
        days: u32,
    },
}

/// Request limits, counted in real time; `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests a second in all.
    pub global_per_s: Option<u32>,
    /// Requests a second for each operation.
    pub endpoint_per_s: Option<u32>,
    /// Requests in flight at once.
    pub concurrent: Option<u32>,
}

impl Limits {
    /// Stripe's documented limits of a test account.
    pub fn stripe() -> Limits {
        Limits { global_per_s: Some(25), endpoint_per_s: Some(25), concurrent: None }
    }
}

/// One API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySpec {
    /// The key itself, `sk_test_…` or `rk_test_…`.
    pub key: String,
    /// The account it belongs to.
    pub account: String,
    /// Whether it is a live-mode key.
    pub livemode: bool,
    /// Permissions it lacks, by Stripe's name, for example `rak_checkout_session_read`.
    pub denied: Vec<String>,
    /// A revoked key answers 401.
    pub revoked: bool,
}

impl KeySpec {
    /// A full test key of the default account.
    pub fn standard() -> KeySpec {
        KeySpec {
            key: DEFAULT_KEY.to_owned(),
            account: DEFAULT_ACCOUNT.to_owned(),
            livemode: false,
            denied: Vec::new(),
            revoked: false,
        }
    }
}

/// What goes wrong on purpose. Rates are shares of requests, 0 to 1, drawn from a seeded stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Added to every answer.
    pub latency_ms: u64,
    /// Answered with a 500, 502 or 503. A 500 to a write with an idempotency key is stored and replayed.
    pub error_5xx_rate: f64,
    /// Of the stored 500s, the share whose effect happened all the same.
    pub error_5xx_applied_share: f64,
    /// Never answered (the connection stays open for two minutes).
    pub hang_rate: f64,
    /// Answered with the first half of the body, then the connection is cut.
    pub cut_body_rate: f64,
    /// Answered with an HTML page and status 200.
    pub html_rate: f64,
    /// Answered with 429.
    pub rate_limit_rate: f64,
    /// `Retry-After` seconds sent with every 429, if any (Stripe itself is not known to send it).
    pub retry_after_s: Option<u32>,
    /// A write is applied, then the connection dies before the answer.
    pub drop_after_effect_rate: f64,
    /// A write's connection dies before anything is applied.
    pub drop_before_effect_rate: f64,
    /// Share of new events that appear in lists late.
    pub late_share: f64,
    /// The longest such lateness, world seconds.
    pub late_max_s: i64,
    /// Connections are refused.
    pub unreachable: bool,
    /// Faults but `unreachable` and lateness touch only paths that start with one of these; empty means all.
    pub only_paths: Vec<String>,
    /// Faults but `unreachable` and lateness stop after this many were shown.
    pub at_most: Option<u32>,
}
