//! `foredeck-sandbox`: a practice Stripe on loopback.
//!
//! A real HTTP server over one simulated, seeded world. It knows nothing of the engine it is a peer for: what it
//! serves is what Stripe documents, and [`Ledger`] says what is true, apart from what is served. See the README for
//! what is simulated and what is not.

pub mod backoffice;
mod clock;
mod config;
mod ids;
mod json;
pub mod klaviyo;
mod ledger;
mod objects;
pub mod report_server;
mod scale;
mod server;
pub mod shop;
pub mod world;

pub use config::{
    API_VERSION, ClockMode, Config, DEFAULT_ACCOUNT, DEFAULT_KEY, DEFAULT_START, Faults, KeySpec, Limits,
    ShopPlan,
};
pub use klaviyo::{DEFAULT_KLAVIYO_KEY, Klaviyo, KlaviyoConfig};
pub use ledger::{
    CreditLedger, CreditPayment, CreditStatus, Fault, Known, Ledger, LedgerOrder, ShopUser, Totals,
};
pub use report_server::{Manner, ReportRequest, ReportServer};
pub use server::{Control, Effect, RequestLog, Sandbox, WriteTrouble};
pub use world::{
    Buyer, CREDIT_PACKS, CheckoutSpec, CreditSpec, DeliveryState, DirectSpec, DisputeOutcome, Event, Health,
    Kind, Lateness, Origin, Portion, RefundState, Refusal, Tombstone, VersionMix, World,
};
