//! What changed, said after the commit and never before.

use std::collections::BTreeMap;

use serde::Serialize;
use tokio::sync::broadcast;
use ts_rs::TS;

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
    /// What was found, and what was said of it.
    Findings,
    /// The connection to Klaviyo.
    Klaviyo,
    /// Report syncs, and what they brought.
    Reports,
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
            Self::Findings => "findings",
            Self::Klaviyo => "klaviyo",
            Self::Reports => "reports",
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

/// What a person should be told of even where the window is behind others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "what", rename_all = "snake_case")]
#[ts(export)]
pub enum Alert {
    /// Findings opened, or opened again.
    Findings {
        /// The store's public id.
        store: String,
        /// How many, by rule.
        by_rule: BTreeMap<String, i64>,
    },
    /// The sync stopped working.
    SyncFailed {
        /// The store's public id.
        store: String,
        /// What is wrong, by its stable code.
        code: String,
    },
    /// A report sync that took long has ended, or one has failed.
    Reports {
        /// The store's public id.
        store: String,
        /// The kind, by its word; `server` for the shop's report server.
        kind: String,
        /// How it ended, by its word.
        state: String,
        /// Why, by its stable code, where something is wrong.
        code: Option<String>,
    },
}

impl Alert {
    /// The store's public id.
    pub fn store(&self) -> &str {
        match self {
            Self::Findings { store, .. } | Self::SyncFailed { store, .. } | Self::Reports { store, .. } => {
                store
            }
        }
    }
}

/// Where announcements are made and heard. A slow listener misses some and is told so.
#[derive(Debug, Clone)]
pub struct Announcer {
    sender: broadcast::Sender<Announcement>,
    alerts: broadcast::Sender<Alert>,
}

impl Default for Announcer {
    fn default() -> Self {
        Self { sender: broadcast::channel(256).0, alerts: broadcast::channel(64).0 }
    }
}

impl Announcer {
    /// Announces a committed change.
    pub fn announce(&self, store: Option<&str>, topic: Topic) {
        let _nobody_listens = self.sender.send(Announcement { store: store.map(str::to_owned), topic });
    }

    /// Tells people of something that was committed.
    pub fn alert(&self, alert: Alert) {
        let _nobody_listens = self.alerts.send(alert);
    }

    /// Listens to what people should be told, from now on.
    pub fn listen_alerts(&self) -> broadcast::Receiver<Alert> {
        self.alerts.subscribe()
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Announcement> {
        self.sender.subscribe()
    }
}
