//! Report syncs: what is due, which window is worth the next call, one call, and what it brought.
//!
//! A step makes one call at most, and whatever it learned is committed before the next. Nothing is kept in memory but the pages of a
//! window that has more than one, so a process that dies loses one window at most. Deliberately absent: waiting; the loop that
//! does is the engine's.

mod end;
mod next;
mod step;
mod trigger;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::SharedClock;
use crate::db::Db;
use crate::domain::klaviyo::ReportKind;
use crate::domain::report::ReportSettings;
use crate::domain::report::plan::Window;
use crate::facts::klaviyo::{KlaviyoConnection, Trouble};
use crate::klaviyo::ReportRow;
use crate::topic::{Alert, Announcer, Topic};

pub use crate::facts::reports::terms::{Terms, metric_of};
pub use next::{Next, What, Work};
pub use trigger::{TriggerNext, server_trouble};

/// Progress is told four times a second at most.
const TOLD_EVERY: Duration = Duration::from_millis(250);

/// The account is asked for again once this long ago.
const ACCOUNT_EVERY_S: i64 = 3_600;

/// What report syncs work with. Cheap to clone.
#[derive(Clone)]
pub struct ReportDesk {
    /// The store's public id.
    pub store: String,
    /// The mirror.
    pub db: Db,
    /// Tells the time.
    pub clock: SharedClock,
    /// How reports are synced.
    pub settings: ReportSettings,
    /// Whether people are told on the desktop.
    pub notify: bool,
    /// Where changes are announced.
    pub announcer: Announcer,
    /// What lasts from step to step.
    pub memory: Arc<Memory>,
}

/// What lasts from step to step, and may be lost.
#[derive(Default)]
pub struct Memory {
    pages: Mutex<BTreeMap<ReportKind, Pages>>,
    told_at: Mutex<Option<Duration>>,
    account_asked_at: Mutex<Option<Duration>>,
}

/// The pages of a window that has more of them.
struct Pages {
    window: Window,
    rows: Vec<ReportRow>,
    cursor: String,
    count: usize,
}

impl ReportDesk {
    /// Whether to ask for the account before a sync is planned: its time zone may be another one since. Kinds that are planned one
    /// after the other ask once, whatever came of it.
    pub fn is_account_due(&self, of: &KlaviyoConnection) -> bool {
        let (now, moment) = (self.clock.now(), self.clock.monotonic());
        let every = Duration::from_secs(60);
        let mut asked_at = self.memory.account_asked_at.lock().expect("no panic while held");
        let just_asked = asked_at.is_some_and(|at| moment.saturating_sub(at) < every);
        let known = (now - ACCOUNT_EVERY_S + 1..=now).contains(&of.checked_at);
        if known || just_asked {
            return false;
        }
        *asked_at = Some(moment);
        true
    }

    /// Announces progress, unless some was announced a moment ago; an end is always announced.
    fn tell(&self, is_end: bool) {
        let now = self.clock.monotonic();
        let mut told_at = self.memory.told_at.lock().expect("no panic while held");
        if is_end || told_at.is_none_or(|at| now.saturating_sub(at) >= TOLD_EVERY) {
            *told_at = Some(now);
            self.announcer.announce(Some(&self.store), Topic::Reports);
        }
    }

    fn alert(&self, kind: &str, state: &str, trouble: Option<&Trouble>) {
        if self.notify {
            self.announcer.alert(Alert::Reports {
                store: self.store.clone(),
                kind: kind.to_owned(),
                state: state.to_owned(),
                code: trouble.map(|trouble| trouble.code.clone()),
            });
        }
    }
}
