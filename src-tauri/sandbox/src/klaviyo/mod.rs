//! A Klaviyo on loopback, beside the Stripe and with the same clock.
//!
//! It stands on a port of its own and knows one account. What is accepted is there some seconds later; each event starts
//! the flows of its metric once, unless it was sent as backfill; and [`KlaviyoTruth`] says what is true, apart from what is
//! served. The shop's own site can send events too, late and under either spelling.

mod account;
mod activity;
mod calls;
mod catalogue;
mod config;
mod control;
mod events;
mod profiles;
mod server;
mod shop;
mod truth;

pub use activity::{ReportDay, ReportDays, Reported};
pub use catalogue::{STARTED, SUCCESS};
pub use config::{
    DEFAULT_KLAVIYO_KEY, DEFAULT_PUBLIC_ID, KLAVIYO_REVISION, KLAVIYO_SCOPES, KlaviyoConfig, KlaviyoKey,
    ShopSender, Spelling,
};
pub use control::KlaviyoControl;
pub use events::SentBy;
pub use profiles::Consent;
pub use server::{KlaviyoRequest, Trapped};
pub use truth::{KlaviyoTruth, Mail, TrueEvent};

use crate::server::aim::{Aims, Gate};
use crate::server::shared::Shared;
use crate::server::transport;
use crate::server::trouble::Troubles;
use account::Account;
use axum::Router;
use server::{Desk, Limiter, Revisions, Trap};
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// A running Klaviyo. Dropping it stops it.
pub struct Klaviyo {
    control: KlaviyoControl,
    stop: watch::Sender<bool>,
}

impl Klaviyo {
    /// Opens one beside a sandbox.
    pub(crate) async fn open(
        config: KlaviyoConfig,
        stripe: Arc<Shared>,
        sandbox_stops: watch::Receiver<bool>,
    ) -> io::Result<Klaviyo> {
        let stop = watch::Sender::new(false);
        tokio::spawn(stop_with(sandbox_stops, stop.clone()));
        let listener = transport::bind(config.port).await?;
        let base = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let unreachable = watch::Sender::new(false);
        let trap = match config.foreign_next {
            true => Some(set_trap(unreachable.subscribe(), stop.subscribe()).await?),
            false => None,
        };
        let keys = match config.keys.is_empty() {
            true => vec![KlaviyoKey::full(DEFAULT_KLAVIYO_KEY)],
            false => config.keys.clone(),
        };
        let (seed, counts) = (stripe.seed, config.limits);
        let account = Account::new(seed, config, &stripe.world());
        let desk = Arc::new(Desk {
            stripe,
            base,
            trap,
            unreachable,
            in_flight: AtomicU32::new(0),
            gate: Gate::default(),
            counts,
            keys: Mutex::new(keys),
            limiter: Mutex::new(Limiter::default()),
            revisions: Mutex::new(Revisions::default()),
            troubles: Mutex::new(Troubles::new(seed ^ 0x4B)),
            aims: Mutex::new(Aims::default()),
            requests: Mutex::default(),
            next_request: AtomicU64::new(1),
            account: Mutex::new(account),
        });
        let door = Router::new().fallback(server::at_the_door).with_state(Arc::clone(&desk));
        let unreachable = desk.unreachable.subscribe();
        let control = KlaviyoControl { desk };
        let router = door.merge(server::surface(control.clone()));
        tokio::spawn(transport::serve(listener, router, unreachable, stop.subscribe()));
        Ok(Klaviyo { control, stop })
    }

    /// Where it listens, for example `http://127.0.0.1:40124`.
    pub fn base_url(&self) -> String {
        self.control.desk.base.clone()
    }

    /// A hand on it.
    pub fn control(&self) -> KlaviyoControl {
        self.control.clone()
    }
}

impl Drop for Klaviyo {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn stop_with(mut sandbox: watch::Receiver<bool>, stop: watch::Sender<bool>) {
    let mut own = stop.subscribe();
    tokio::select! {
        _ = sandbox.wait_for(|stops| *stops) => drop(stop.send_replace(true)),
        _ = own.wait_for(|stops| *stops) => {}
    }
}

async fn set_trap(unreachable: watch::Receiver<bool>, stop: watch::Receiver<bool>) -> io::Result<Trap> {
    let listener = transport::bind(0).await?;
    let base = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
    let came = Arc::new(Mutex::new(Vec::new()));
    let router = Router::new().fallback(server::note_in_trap).with_state(Arc::clone(&came));
    tokio::spawn(transport::serve(listener, router, unreachable, stop));
    Ok(Trap { base, came })
}
