//! The engine: the same lists, stored as facts and folded into orders.

use std::path::PathBuf;
use std::sync::Arc;

use foredeck_engine::clock::SystemClock;
use foredeck_engine::domain::store::Mode;
use foredeck_engine::engine::{Engine, OpenStore, Options};
use foredeck_engine::secrets::{Keychain, StripeKey};

use super::{Pass, Start};

/// A mirror that was made, and what keeps its folder.
pub struct Mirror {
    pub engine: Engine,
    pub store: Arc<OpenStore>,
    folder: tempfile::TempDir,
}

impl Mirror {
    /// Closes the mirror and leaves its folder.
    pub fn keep(self) -> PathBuf {
        drop((self.store, self.engine));
        self.folder.keep()
    }
}

/// Opens a mirror that was kept.
pub async fn reopen(folder: &std::path::Path) -> Mirror {
    let engine = engine(folder, None);
    let store = engine.store("Bench").await.unwrap();
    Mirror { engine, store, folder: tempfile::tempdir().unwrap() }
}

fn engine(folder: &std::path::Path, max_per_s: Option<u32>) -> Engine {
    Engine::open(Options {
        data_dir: PathBuf::from(folder),
        keychain: Keychain::Off,
        clock: Arc::new(SystemClock::default()),
        max_per_s,
    })
    .unwrap()
}

/// Opens a new mirror of a shop; without `max_per_s` the default limits hold.
pub async fn open(url: &str, max_per_s: Option<u32>) -> Mirror {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path(), max_per_s);
    let store = engine.add_store("Bench", Mode::Test, url, Some("UTC")).await.unwrap();
    store.keep_key_unchecked(StripeKey::parse("sk_test_sandbox000000000000000000").unwrap()).await.unwrap();
    Mirror { engine, store, folder }
}

pub async fn sync(url: &str) -> (Pass, Mirror) {
    let mirror = open(url, Some(1_000_000)).await;
    let start = Start::now();
    let outcome = mirror.store.sync_once(false, |_| {}).await.unwrap();
    let pass = Pass::since(&start, u64::try_from(outcome.objects).unwrap());
    (pass, mirror)
}
