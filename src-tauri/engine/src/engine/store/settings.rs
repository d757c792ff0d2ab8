//! Settings of a store, set: each change rests on those in force, and is one transaction with what follows from it.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::OpenStore;
use crate::actions::Doer;
use crate::audit::Entry;
use crate::db::{DbResult, Transaction};
use crate::domain::day::parse_zone;
use crate::domain::settings::Settings;
use crate::error::Problem;
use crate::facts::settings::{append_settings, get_settings};
use crate::http::check_base_url;
use crate::projections::findings::terms;
use crate::projections::rebuild;
use crate::projections::schema::find_version;
use crate::tasks::replay;
use crate::topic::Topic;

/// What setting settings did.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsSet {
    /// Those in force before.
    pub before: Settings,
    /// Those in force now.
    pub after: Settings,
    /// Their revision.
    pub revision: i64,
}

impl OpenStore {
    /// Keeps new settings; what they change in the projections is made anew. `based_on` is the revision they were made from: where
    /// another is in force by now they are refused, so that nobody takes back unseen what somebody else has set. Without it they
    /// take the place of whatever is in force.
    ///
    /// # Errors
    /// A value is out of range, other settings were set meanwhile, or the mirror cannot be written.
    pub async fn set_settings(
        &self,
        settings: Settings,
        based_on: Option<i64>,
        doer: &Doer,
    ) -> Result<SettingsSet, Problem> {
        self.change_settings(based_on, move |_| settings, Some(doer)).await
    }

    /// Keeps what is made of the settings in force, in the audit too where somebody asked for it.
    ///
    /// # Errors
    /// As [`Self::set_settings`].
    pub(in crate::engine) async fn change_settings(
        &self,
        based_on: Option<i64>,
        change: impl FnOnce(Settings) -> Settings + Send + 'static,
        doer: Option<&Doer>,
    ) -> Result<SettingsSet, Problem> {
        let now = self.wiring.clock.now();
        let signs = match doer {
            Some(doer) => Some((self.audit().await?, doer.name.clone())),
            None => None,
        };
        let audit = signs.as_ref().map(|(audit, _)| audit.clone());
        let set = self
            .db
            .write_durable(move |transaction| {
                let (revision, before) = get_settings(transaction)?;
                if based_on.is_some_and(|based_on| based_on != revision) {
                    return Ok(Err(changed_meanwhile()));
                }
                let settings = change(before.clone());
                // The plan table has an operation of its own, which shows the difference first.
                let settings = Settings { plans: before.plans.clone(), ..settings };
                let set = match checked(settings) {
                    Ok(after) => keep(transaction, before, after, now)?,
                    Err(problem) => Err(problem),
                };
                if let (Ok(set), Some((audit, operator))) = (&set, &signs) {
                    let body = json!({"before": set.before, "after": set.after});
                    audit.append(
                        transaction,
                        &Entry { at: now, operator, action: None, event: "settings_set", body: &body },
                    )?;
                }
                Ok(set)
            })
            .await??;
        if let Some(audit) = audit {
            self.db.read(move |connection| audit.keep_head(connection)).await?;
        }
        self.settle_report_engine(set.before.reports.engine).await?;
        if set.before.metadata != set.after.metadata {
            replay::replay_if_due(&self.db, now, |_| {}).await?;
        }
        self.fold_all().await?;
        self.announce_settings(set.revision);
        self.signals.sync_now();
        Ok(set)
    }

    /// Announces settings that another process set.
    pub(super) fn look_for_settings(&self) {
        let (revision, _) = self.settings_in_force();
        if self.settings_told.load(Ordering::Relaxed) != revision {
            self.announce_settings(revision);
        }
    }

    fn announce_settings(&self, revision: i64) {
        self.settings_told.store(revision, Ordering::Relaxed);
        for topic in [Topic::Settings, Topic::Findings, Topic::Preorders] {
            self.wiring.announcer.announce(Some(&self.public_id), topic);
        }
        self.signals.wake_reports();
    }
}

/// Appends them with what follows from them. A refusal comes before anything is written.
fn keep(
    transaction: &Transaction<'_>,
    before: Settings,
    after: Settings,
    now: i64,
) -> DbResult<Result<SettingsSet, Problem>> {
    if let Err(problem) = super::klaviyo::note_policy(transaction, &before, &after, now)? {
        return Ok(Err(problem));
    }
    let revision = append_settings(transaction, now, &after)?;
    if before.metadata != after.metadata {
        rebuild::begin(transaction, revision)?;
        return Ok(Ok(SettingsSet { before, after, revision }));
    }
    if before.time_zone != after.time_zone && find_version(transaction)?.is_some() {
        let zone = after.zone();
        rebuild::rebuild_rollups(transaction, zone, revision)?;
    }
    if !rebuild::is_due(transaction)? {
        terms::changed(transaction, &before, &after)?;
    }
    Ok(Ok(SettingsSet { before, after, revision }))
}

fn changed_meanwhile() -> Problem {
    Problem::new(
        "SETTINGS_CHANGED",
        "other settings were set since these were read: nothing was changed",
        "Look at the settings in force, then make the change again.",
    )
}

/// Settings as they are stored, where every value can stand.
fn checked(settings: Settings) -> Result<Settings, Problem> {
    check_settings(&settings)?;
    terms::trimmed(settings)
        .map_err(|why| Problem::new("BAD_SETTING", why, "See `foredeckctl rules` for what may be set."))
}

fn check_settings(settings: &Settings) -> Result<(), Problem> {
    let bad = |message: String, hint: &str| Err(Problem::new("BAD_SETTING", message, hint));
    if parse_zone(&settings.time_zone).is_none() {
        return bad(
            format!("{:?} is not a time zone", settings.time_zone),
            "Give an IANA name such as Europe/Berlin.",
        );
    }
    if !(2..=3_600).contains(&settings.poll_front_s) || !(5..=3_600).contains(&settings.poll_back_s) {
        return bad(
            "the pace is out of range".to_owned(),
            "Give 2 to 3600 seconds in front and 5 to 3600 behind.",
        );
    }
    if settings.max_requests_per_s.is_some_and(|most| !(1..=100).contains(&most)) {
        return bad(
            "the requests a second are out of range".to_owned(),
            "Give 1 to 100, or none for the default.",
        );
    }
    if !(1..=10_080).contains(&settings.undelivered_after_min) {
        return bad("the waiting time for deliveries is out of range".to_owned(), "Give 1 minute to 7 days.");
    }
    if let Some((message, hint)) = settings.reports.problem() {
        return bad(message.to_owned(), hint);
    }
    if let Some(url) = &settings.reports.server_url {
        check_base_url(url)?;
    }
    let names = &settings.metadata;
    let lists = [
        &names.preorder_id,
        &names.user_id,
        &names.email,
        &names.color,
        &names.locale,
        &names.source,
        &names.plan,
        &names.credits,
    ];
    let usable = |name: &String| !name.is_empty() && name.len() <= 40 && !name.contains(['[', ']']);
    if lists.iter().any(|list| list.len() > 10 || !list.iter().all(usable)) {
        return bad(
            "a metadata name is unusable".to_owned(),
            "Give at most ten names of 1 to 40 characters without brackets.",
        );
    }
    Ok(())
}
