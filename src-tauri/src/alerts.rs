//! What people are told of on the desktop: the engine's alerts, gathered so that a launch does not cover the screen.
//!
//! The page puts them into words and asks for the notification: it knows the language.

use std::collections::BTreeMap;
use std::time::Duration;

use foredeck_engine::topic::Alert;
use tauri::{AppHandle, Emitter};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

/// Between two of the same store and sort. What comes between is gathered into the next.
const PAUSE: Duration = Duration::from_secs(60);

/// Tells the page what people should be told of, as long as the engine lives.
pub(crate) async fn tell(app: AppHandle, mut alerts: Receiver<Alert>) {
    let mut gathered = Gathered::default();
    loop {
        let due = gathered.next_due();
        tokio::select! {
            heard = alerts.recv() => match heard {
                Ok(alert) => gathered.add(alert),
                // What was missed stands on its page.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            () = until(due) => {}
        }
        for alert in gathered.take_due(Instant::now()) {
            if let Err(error) = app.emit("alert", &alert) {
                tracing::warn!(%error, "The page could not be told of an alert.");
            }
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Store and sort: what is one notification.
type Place = (String, u8, String);

/// What waits to be told, and when each place was last told of.
#[derive(Debug, Default)]
struct Gathered {
    waiting: BTreeMap<Place, Alert>,
    told_at: BTreeMap<Place, Instant>,
}

impl Gathered {
    fn add(&mut self, alert: Alert) {
        let place = place_of(&alert);
        match (self.waiting.get_mut(&place), alert) {
            (Some(Alert::Findings { by_rule: counts, .. }), Alert::Findings { by_rule, .. }) => {
                for (rule, count) in by_rule {
                    *counts.entry(rule).or_default() += count;
                }
            }
            // Of a sync only how it stands now is worth a look.
            (_, alert) => drop(self.waiting.insert(place, alert)),
        }
    }

    fn due_of(&self, place: &Place) -> Option<Instant> {
        self.told_at.get(place).map(|told| *told + PAUSE)
    }

    /// The earliest instant at which something that waits may be told; the past where it may be at once.
    fn next_due(&self) -> Option<Instant> {
        self.waiting.keys().map(|place| self.due_of(place).unwrap_or_else(Instant::now)).min()
    }

    fn take_due(&mut self, now: Instant) -> Vec<Alert> {
        let waiting = self.waiting.keys();
        let due: Vec<Place> =
            waiting.filter(|place| self.due_of(place).is_none_or(|due| due <= now)).cloned().collect();
        due.into_iter()
            .filter_map(|place| {
                let alert = self.waiting.remove(&place);
                self.told_at.insert(place, now);
                alert
            })
            .collect()
    }
}

fn place_of(alert: &Alert) -> Place {
    let (sort, kind) = match alert {
        Alert::Findings { .. } => (0, ""),
        Alert::SyncFailed { .. } => (1, ""),
        Alert::Reports { kind, .. } => (2, kind.as_str()),
    };
    (alert.store().to_owned(), sort, kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(store: &str, rule: &str, count: i64) -> Alert {
        Alert::Findings { store: store.to_owned(), by_rule: BTreeMap::from([(rule.to_owned(), count)]) }
    }

    #[test]
    fn the_first_is_told_at_once_and_what_follows_is_gathered_for_a_minute() {
        let begun = Instant::now();
        let mut gathered = Gathered::default();
        gathered.add(found("a", "paid_twice", 1));
        gathered.add(Alert::SyncFailed { store: "a".to_owned(), code: "OFFLINE".to_owned() });
        assert_eq!(gathered.take_due(begun).len(), 2);
        gathered.add(found("a", "paid_twice", 2));
        gathered.add(found("a", "dispute_open", 1));
        gathered.add(found("b", "paid_twice", 1));
        assert_eq!(gathered.take_due(begun), [found("b", "paid_twice", 1)]);
        assert_eq!(gathered.next_due(), Some(begun + PAUSE));
        let [Alert::Findings { by_rule, .. }] = &gathered.take_due(begun + PAUSE)[..] else {
            panic!("one of a")
        };
        let by_rule: Vec<_> = by_rule.iter().map(|(rule, count)| (rule.as_str(), *count)).collect();
        assert_eq!(by_rule, [("dispute_open", 1), ("paid_twice", 2)]);
        assert_eq!((gathered.next_due(), gathered.take_due(begun + PAUSE)), (None, Vec::new()));
    }

    #[test]
    fn of_a_sync_that_fails_again_and_again_only_the_last_is_told() {
        let begun = Instant::now();
        let failed = |code: &str| Alert::SyncFailed { store: "a".to_owned(), code: code.to_owned() };
        let mut gathered = Gathered::default();
        gathered.add(failed("OFFLINE"));
        gathered.take_due(begun);
        gathered.add(failed("STRIPE_DOWN"));
        gathered.add(failed("KEY_REJECTED"));
        assert_eq!(gathered.take_due(begun + PAUSE), [failed("KEY_REJECTED")]);
    }
}
