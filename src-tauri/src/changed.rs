//! The one event of the shell: what the engine announced, merged by store and not more often than the page can draw.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use foredeck_engine::api::types::Changed;
use foredeck_engine::topic::{Announcement, Topic};
use tauri::{AppHandle, Emitter};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// Between two rounds of events.
const PAUSE: Duration = Duration::from_millis(100);
const ALL: [Topic; 10] = [
    Topic::Preorders,
    Topic::Sync,
    Topic::Settings,
    Topic::Stores,
    Topic::Imports,
    Topic::Actions,
    Topic::Operators,
    Topic::Findings,
    Topic::Klaviyo,
    Topic::Reports,
];

/// What changed since the last round.
#[derive(Debug, Default)]
struct Round {
    topics: BTreeMap<Option<String>, BTreeSet<Topic>>,
}

impl Round {
    fn add(&mut self, announcement: Announcement) {
        self.topics.entry(announcement.store).or_default().insert(announcement.topic);
    }

    /// Something was missed: everything may have changed.
    fn add_all(&mut self) {
        self.topics.entry(None).or_default().extend(ALL);
    }

    fn events(self) -> Vec<Changed> {
        let words =
            |topics: BTreeSet<Topic>| topics.into_iter().map(|topic| topic.as_str().to_owned()).collect();
        self.topics.into_iter().map(|(store, topics)| Changed { store, topics: words(topics) }).collect()
    }
}

/// Takes the next announcement and all that wait behind it; None when nothing will be announced any more.
async fn next_round(announced: &mut Receiver<Announcement>) -> Option<Round> {
    let mut round = Round::default();
    match announced.recv().await {
        Ok(announcement) => round.add(announcement),
        Err(RecvError::Lagged(_)) => round.add_all(),
        Err(RecvError::Closed) => return None,
    }
    loop {
        match announced.try_recv() {
            Ok(announcement) => round.add(announcement),
            Err(TryRecvError::Lagged(_)) => round.add_all(),
            Err(TryRecvError::Empty | TryRecvError::Closed) => return Some(round),
        }
    }
}

/// Tells the page what changed, as long as the engine lives.
pub(crate) async fn tell(app: AppHandle, mut announced: Receiver<Announcement>) {
    while let Some(round) = next_round(&mut announced).await {
        for event in round.events() {
            if let Err(error) = app.emit("changed", &event) {
                tracing::warn!(%error, "The page could not be told of a change.");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foredeck_engine::topic::Announcer;

    #[tokio::test]
    async fn announcements_are_merged_by_store() {
        let announcer = Announcer::default();
        let mut heard = announcer.listen();
        for (store, topic) in [
            (Some("b"), Topic::Sync),
            (Some("a"), Topic::Preorders),
            (Some("b"), Topic::Preorders),
            (None, Topic::Stores),
            (Some("b"), Topic::Sync),
        ] {
            announcer.announce(store, topic);
        }
        let told = next_round(&mut heard).await.unwrap().events();
        let told: Vec<_> =
            told.iter().map(|event| (event.store.as_deref(), event.topics.join(" "))).collect();
        assert_eq!(
            told,
            [
                (None, "stores".to_owned()),
                (Some("a"), "preorders".to_owned()),
                (Some("b"), "preorders sync".to_owned())
            ]
        );
    }

    #[tokio::test]
    async fn who_missed_some_hears_that_everything_changed() {
        let announcer = Announcer::default();
        let mut heard = announcer.listen();
        for _ in 0..1_000 {
            announcer.announce(Some("a"), Topic::Sync);
        }
        let told = next_round(&mut heard).await.unwrap().events();
        assert_eq!(told[0].store, None);
        let all = [
            "preorders",
            "sync",
            "settings",
            "stores",
            "imports",
            "actions",
            "operators",
            "findings",
            "klaviyo",
            "reports",
        ];
        assert_eq!(told[0].topics, all);
    }

    #[tokio::test]
    async fn it_ends_with_the_engine() {
        let announcer = Announcer::default();
        let mut heard = announcer.listen();
        drop(announcer);
        assert!(next_round(&mut heard).await.is_none());
    }
}
