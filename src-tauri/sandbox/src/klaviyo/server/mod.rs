//! The HTTP server of the Klaviyo: what every request passes, and what it is answered.

mod answer;
mod ask;
mod door;
mod filter;
mod limits;
mod marketing;
mod reads;
mod render;
mod reports;
mod revisions;
mod routes;
mod surface;
mod trap;
mod writes;

pub use door::KlaviyoRequest;
pub(super) use door::answer as at_the_door;
pub(super) use limits::Limiter;
pub(super) use revisions::Revisions;
pub(super) use surface::surface;
pub use trap::Trapped;
pub(super) use trap::{Trap, note as note_in_trap};

use super::account::Account;
use super::config::KlaviyoKey;
use crate::server::aim::{Aims, Gate};
use crate::server::shared::{Shared, lock};
use crate::server::trouble::Troubles;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::watch;

/// What all requests share.
pub(crate) struct Desk {
    /// The sandbox beside which it stands: its clock, and the shop.
    pub stripe: Arc<Shared>,
    pub base: String,
    /// Where `links.next` leads, if that is elsewhere.
    pub trap: Option<Trap>,
    pub unreachable: watch::Sender<bool>,
    pub in_flight: AtomicU32,
    pub gate: Gate,
    pub counts: bool,
    pub keys: Mutex<Vec<KlaviyoKey>>,
    pub limiter: Mutex<Limiter>,
    pub revisions: Mutex<Revisions>,
    pub troubles: Mutex<Troubles>,
    pub aims: Mutex<Aims>,
    pub requests: Mutex<VecDeque<KlaviyoRequest>>,
    pub next_request: AtomicU64,
    pub(super) account: Mutex<Account>,
}

impl Desk {
    /// The account, at the time it is.
    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        let world = self.stripe.world();
        let mut account = lock(&self.account);
        account.advance(&world);
        account
    }
}
