//! Trouble aimed at one write: the next one, or the n-th, with a gate at which a write can be held.

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// What happens to one write that it was aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteTrouble {
    /// The connection dies before anything is applied.
    LostBefore,
    /// It is applied, and the connection dies before the answer.
    LostAfter,
    /// It is applied, and the connection dies in the middle of the answer.
    CutAnswer,
    /// A 500 that is kept under the idempotency key; nothing was applied.
    Failed,
    /// A 500 that is kept under the idempotency key, though it was applied.
    FailedAfter,
    /// A 503 from before the idempotency layer: nothing is applied, nothing is kept.
    Unavailable,
    /// A 429.
    RateLimited,
    /// No answer, and nothing applied, for as long as anybody waits.
    Hangs,
    /// It waits before anything is applied, until it is released. It is applied then even if its client is gone.
    HeldBefore,
    /// It is applied, and its answer waits until it is released.
    HeldAfter,
}

impl WriteTrouble {
    pub(crate) fn holds(self) -> bool {
        matches!(self, WriteTrouble::HeldBefore | WriteTrouble::HeldAfter)
    }
}

/// A trouble and the write it waits for.
#[derive(Debug)]
struct Aim {
    trouble: WriteTrouble,
    path: String,
    /// Writes to let pass first.
    skip: u32,
}

/// Troubles that still wait for their write.
#[derive(Debug, Default)]
pub(crate) struct Aims(Vec<Aim>);

impl Aims {
    pub(crate) fn add(&mut self, trouble: WriteTrouble, path: &str, skip: u32) {
        self.0.push(Aim { trouble, path: path.to_owned(), skip });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What a write to a path meets. Of several that wait for the same write the oldest is met.
    pub(crate) fn meet(&mut self, path: &str) -> Option<WriteTrouble> {
        let mut met = None;
        for (at, aim) in self.0.iter_mut().enumerate() {
            if !path.starts_with(&aim.path) {
                continue;
            }
            match aim.skip.checked_sub(1) {
                Some(fewer) => aim.skip = fewer,
                None if met.is_none() => met = Some(at),
                None => {}
            }
        }
        met.map(|at| self.0.remove(at).trouble)
    }
}

/// Where held writes stand.
pub(crate) struct Gate {
    opened: watch::Sender<u64>,
    held: watch::Sender<usize>,
}

impl Default for Gate {
    fn default() -> Self {
        Gate { opened: watch::Sender::new(0), held: watch::Sender::new(0) }
    }
}

impl Gate {
    /// Stands at the gate until it is opened.
    pub(crate) async fn wait(&self) {
        struct Leaving<'a>(&'a watch::Sender<usize>);
        impl Drop for Leaving<'_> {
            fn drop(&mut self) {
                self.0.send_modify(|held| *held -= 1);
            }
        }
        let mut opened = self.opened.subscribe();
        self.held.send_modify(|held| *held += 1);
        let _leaving = Leaving(&self.held);
        let _ = opened.changed().await;
    }

    /// Lets everybody go who stands at the gate now.
    pub(crate) fn open(&self) {
        self.opened.send_modify(|times| *times += 1);
    }

    /// How many stand at it.
    pub(crate) fn held(&self) -> usize {
        *self.held.borrow()
    }

    /// Waits until so many stand at it.
    pub(crate) async fn until_held(&self, count: usize) {
        let mut held = self.held.subscribe();
        let _ = held.wait_for(|held| *held >= count).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_waits_for_the_write_it_was_aimed_at() {
        let mut aims = Aims::default();
        aims.add(WriteTrouble::LostAfter, "/v1/refunds", 1);
        aims.add(WriteTrouble::Hangs, "", 0);
        assert_eq!(aims.meet("/v1/customers"), Some(WriteTrouble::Hangs));
        assert_eq!(aims.meet("/v1/refunds"), None);
        assert_eq!(aims.meet("/v1/customers"), None);
        assert_eq!(aims.meet("/v1/refunds"), Some(WriteTrouble::LostAfter));
        assert_eq!(aims.meet("/v1/refunds"), None);
    }
}
