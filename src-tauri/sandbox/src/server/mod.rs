//! The HTTP server: one world behind Stripe's API on loopback.

pub(crate) mod aim;
pub(crate) mod answer;
mod control;
mod desk;
mod door;
mod effects;
mod elsewhere;
mod expand;
pub(crate) mod form;
mod idempotency;
mod journal;
pub(crate) mod keys;
mod limits;
mod lists;
mod reads;
mod request_log;
pub(crate) mod shared;
mod stories;
pub(crate) mod transport;
pub(crate) mod trouble;
mod write_session;
mod writes;

pub use aim::WriteTrouble;
pub use control::Control;
pub use effects::Effect;
pub use request_log::RequestLog;

use crate::clock::WorldClock;
use crate::config::{ClockMode, Config, KeySpec};
use crate::klaviyo::{Klaviyo, KlaviyoConfig};
use crate::world::World;
use journal::Journal;
use limits::Limiter;
use shared::Shared;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A world that runs by itself is looked at this often, so that no request has to play a long stretch.
const PULSE: Duration = Duration::from_millis(250);

/// A running sandbox. Dropping it stops it.
pub struct Sandbox {
    port: u16,
    control: Control,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Builds the world, plays its past, and starts to serve it on 127.0.0.1.
    pub async fn start(config: Config) -> io::Result<Sandbox> {
        Sandbox::serve(config, None).await
    }

    /// Serves a world that was told its stories before, [`crate::shop::credit_shop`] for one, instead of the one that
    /// the configuration's seed and shop would give. Its time goes on from where it stands.
    pub async fn start_with(config: Config, world: World) -> io::Result<Sandbox> {
        Sandbox::serve(config, Some(world)).await
    }

    async fn serve(config: Config, world: Option<World>) -> io::Result<Sandbox> {
        let listener = transport::bind(config.port).await?;
        let port = listener.local_addr()?.port();
        let shared =
            tokio::task::spawn_blocking(move || open(config, world)).await.map_err(io::Error::other)??;
        let shared = Arc::new(shared);
        let stop = watch::Sender::new(false);
        let router = desk::router(Arc::clone(&shared));
        let serving = tokio::spawn(transport::serve(
            listener,
            router,
            shared.unreachable.subscribe(),
            stop.subscribe(),
        ));
        if shared.clock.runs_by_itself() {
            tokio::spawn(pulse(Arc::clone(&shared), stop.subscribe()));
        }
        Ok(Sandbox { port, control: Control { shared }, stop, serving: Some(serving) })
    }

    /// Where it listens, for example `http://127.0.0.1:40123`.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Opens a Klaviyo beside it, on a port of its own and with the same clock. It stops when it is dropped, and no
    /// later than the sandbox.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn open_klaviyo(&self, config: KlaviyoConfig) -> io::Result<Klaviyo> {
        Klaviyo::open(config, Arc::clone(&self.control.shared), self.stop.subscribe()).await
    }

    /// A hand on it.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Stops it and waits until it listens no more.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(serving) = self.serving.take() {
            let _ = serving.await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn open(config: Config, world: Option<World>) -> io::Result<Shared> {
    let mut config = config;
    if config.keys.is_empty() {
        config.keys.push(KeySpec::standard());
    }
    let clock = WorldClock::new(config.clock);
    if let Some(path) = &config.journal {
        let begun = journal::beginning(path, config.seed)?;
        config.since = config.since.or(begun);
    }
    let mut world = world.unwrap_or_else(|| crate::shop::open(&config, clock.now()));
    world.account.clone_from(&config.keys[0].account);
    let mut idempotency = idempotency::Idempotency::default();
    let journal = match &config.journal {
        Some(path) => Some(Journal::open(path, config.seed, &mut world, &mut idempotency)?),
        None => None,
    };
    world.advance_to(clock.now());
    if matches!(config.clock, ClockMode::Virtual { .. }) && world.now() > clock.now() {
        clock.push(world.now() - clock.now());
    }
    let shared = Shared::new(config.seed, clock, config.keys, Limiter::new(config.limits), world);
    *shared.idempotency() = idempotency;
    *shared.journal() = journal;
    Ok(shared)
}

async fn pulse(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(PULSE) => drop(shared.world()),
        }
    }
}
