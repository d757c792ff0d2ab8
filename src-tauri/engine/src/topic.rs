//! What changed, said after the commit and never before.

use tokio::sync::broadcast;

/// A part of a store that a screen may depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Orders, customers, roll-ups.
    Preorders,
    /// Sync state and health.
    Sync,
    /// Settings of the store.
    Settings,
    /// The list of stores.
    Stores,
    /// The shop's own rows: batches and what they say.
    Imports,
    /// Actions, bulk runs, the audit.
    Actions,
    /// Who may do what, and who is at the desk.
    Operators,
}

impl Topic {
    /// The word the page knows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preorders => "preorders",
            Self::Sync => "sync",
            Self::Settings => "settings",
            Self::Stores => "stores",
            Self::Imports => "imports",
            Self::Actions => "actions",
            Self::Operators => "operators",
        }
    }
}

/// One announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The store's public id; None for all.
    pub store: Option<String>,
    /// What changed.
    pub topic: Topic,
}

/// Where announcements are made and heard. A slow listener misses some and is told so.
#[derive(Debug, Clone)]
pub struct Announcer {
    sender: broadcast::Sender<Announcement>,
}

impl Default for Announcer {
    fn default() -> Self {
        Self { sender: broadcast::channel(256).0 }
    }
}

impl Announcer {
    /// Announces a committed change.
    pub fn announce(&self, store: Option<&str>, topic: Topic) {
        let _nobody_listens = self.sender.send(Announcement { store: store.map(str::to_owned), topic });
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Announcement> {
        self.sender.subscribe()
    }
}
