//! Report syncs of a store: run beside the poller or by a command, asked for, cancelled, and shown.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::OpenStore;
use crate::actions::Doer;
use crate::domain::klaviyo::ReportKind;
use crate::domain::report::ReportEngine;
use crate::domain::store::KeySource;
use crate::error::Problem;
use crate::facts::klaviyo::{KlaviyoConnection, queue_report_sync};
use crate::http::check_base_url;
use crate::klaviyo::KlaviyoError;
use crate::queries::reports::{ReportsView, ServerAtHand, view};
use crate::report_server::{ReportServer, ReportServerError, Seen};
use crate::secrets::ReportServerKey;
use crate::tasks::reports::{Next, ReportDesk, TriggerNext, What};
use crate::topic::Topic;

/// Environment variable with the report server's base URL.
const URL_VARIABLE: &str = "FOREDECK_REPORT_SERVER";
/// Its base URL where none is given.
const USUAL_URL: &str = "http://localhost:8001";
/// How often it is looked for what another process asked for: a few indexed reads.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// A command waits this long for its turn, and leaves what takes longer to be gone on with later.
const PATIENCE_S: i64 = 90;

/// What a step of report syncs did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportStep {
    /// Something: there may be more.
    Did,
    /// Nothing before this instant.
    Wait(i64),
    /// Nothing is open; the next is due then, if ever.
    Idle(Option<i64>),
}

impl OpenStore {
    fn report_desk(&self) -> ReportDesk {
        let settings = self.settings();
        ReportDesk {
            store: self.public_id.clone(),
            db: self.db.clone(),
            clock: Arc::clone(&self.wiring.clock),
            notify: settings.notify,
            settings: settings.reports,
            announcer: self.wiring.announcer.clone(),
            memory: Arc::clone(&self.report_memory),
        }
    }

    /// Does one step of report syncs: what is due is taken up, and one call made. For whoever holds the lease.
    ///
    /// # Errors
    /// The mirror failed. What Klaviyo or the report server refuses is written down, and no error.
    pub async fn report_step(&self) -> Result<ReportStep, Problem> {
        let Some(mut connection) = self.klaviyo_connection().await? else {
            return Ok(ReportStep::Idle(None));
        };
        let desk = self.report_desk();
        if desk.settings.engine == ReportEngine::Server {
            return self.server_step(&desk, &connection).await;
        }
        let work = match desk.next(&connection).await? {
            Next::Idle(due) => return Ok(ReportStep::Idle(due)),
            Next::Wait(at) => return Ok(ReportStep::Wait(at)),
            Next::Work(work) => work,
        };
        let reached = match self.reach_klaviyo(None, None).await {
            Ok(reached) => reached,
            Err(problem) => {
                desk.put_off(&connection, &problem).await?;
                return Ok(ReportStep::Did);
            }
        };
        if work.what == What::Plan && desk.is_account_due(&connection) {
            match reached.client.account().await {
                Ok(account) => {
                    self.note_klaviyo(&reached, Ok(&account)).await?;
                    if account.public_id != connection.account.public_id {
                        desk.put_off(&connection, &of_another_account()).await?;
                        return Ok(ReportStep::Did);
                    }
                }
                // Days are those of the zone that is known. What is wrong with the key shows in what is asked next.
                Err(error) if error.is_a_wait() => self.note_klaviyo(&reached, Err(&error)).await?,
                Err(_) => {}
            }
            match self.klaviyo_connection().await? {
                Some(now) => connection = now,
                None => return Ok(ReportStep::Did),
            }
        }
        if let Some(error) = desk.run(&reached.client, &connection, &work).await?
            && concerns_connection(&error)
        {
            self.note_klaviyo(&reached, Err(&error)).await?;
        }
        Ok(ReportStep::Did)
    }

    async fn server_step(
        &self,
        desk: &ReportDesk,
        connection: &KlaviyoConnection,
    ) -> Result<ReportStep, Problem> {
        let trigger = match desk.next_trigger(connection, &self.public_id).await? {
            TriggerNext::Idle => return Ok(ReportStep::Idle(None)),
            TriggerNext::Wait(at) => return Ok(ReportStep::Wait(at)),
            TriggerNext::Send(trigger) => trigger,
        };
        match self.report_server().await {
            Ok(server) => desk.send_trigger(&server, &trigger).await?,
            Err(error) => desk.note_refusal(&trigger, &error).await?,
        }
        Ok(ReportStep::Did)
    }

    /// Syncs reports until told to stop. A step that is cut short is begun anew by whoever comes next.
    pub(super) async fn run_reports(&self, stop: CancellationToken) {
        loop {
            let step = tokio::select! {
                () = stop.cancelled() => return,
                step = self.report_step() => step,
            };
            let now = self.wiring.clock.now();
            let pause = match step {
                Ok(ReportStep::Did) => continue,
                Ok(ReportStep::Wait(at) | ReportStep::Idle(Some(at))) => {
                    Duration::from_secs(u64::try_from(at - now).unwrap_or(0))
                        .clamp(Duration::from_secs(1), LOOK_EVERY)
                }
                Ok(ReportStep::Idle(None)) => LOOK_EVERY,
                Err(problem) => {
                    tracing::warn!(store = self.public_id, code = problem.code, "report syncs wait");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.signals.reports_woken() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Syncs reports here, as far as it goes without a long wait. `progress` hears of each step.
    ///
    /// # Errors
    /// Another process syncs this store, or the mirror failed.
    pub async fn sync_reports_here(&self, progress: impl Fn(&ReportsView)) -> Result<ReportsView, Problem> {
        let _lease = self.take_lease()?;
        loop {
            match self.report_step().await? {
                ReportStep::Did => progress(&self.reports_view().await?),
                ReportStep::Idle(_) => break,
                ReportStep::Wait(at) => {
                    let wait = at - self.wiring.clock.now();
                    if wait > PATIENCE_S {
                        break;
                    }
                    tokio::time::sleep(Duration::from_secs(u64::try_from(wait).unwrap_or(0).max(1))).await;
                }
            }
        }
        self.reports_view().await
    }

    /// How report syncs stand.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn reports_view(&self) -> Result<ReportsView, Problem> {
        let (settings, now) = (self.settings().reports, self.wiring.clock.now());
        let (url, problem) = match self.report_server_url() {
            Ok(url) => (url, None),
            Err(problem) => (String::new(), Some(problem.message)),
        };
        let key = self.find_report_server_key(&url).await;
        let key_source = key.map_or(KeySource::None, |(_, source)| source);
        let server = ServerAtHand { url, problem, key_source };
        Ok(self.db.read(move |connection| view(connection, &settings, server, now)).await?)
    }

    /// Asks for a report sync of these kinds, all where none is named; it goes on beside whatever else is done.
    ///
    /// # Errors
    /// The store is not connected, or the mirror cannot be written.
    pub async fn ask_for_reports(&self, kinds: &[ReportKind]) -> Result<(), Problem> {
        self.own_record()?;
        self.get_klaviyo().await?;
        let (now, kinds) = (self.wiring.clock.now(), some_or_all(kinds));
        self.db
            .write_durable(move |transaction| queue_report_sync(transaction, now, &kinds, "asked"))
            .await?;
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Reports);
        self.signals.wake_reports();
        Ok(())
    }

    /// Cancels the report syncs of these kinds, all where none is named. What was read stays.
    ///
    /// # Errors
    /// The store is not connected, or the mirror cannot be written.
    pub async fn cancel_reports(&self, kinds: &[ReportKind]) -> Result<(), Problem> {
        self.own_record()?;
        let connection = self.get_klaviyo().await?;
        let desk = self.report_desk();
        match desk.settings.engine {
            ReportEngine::Local => {
                // What nobody has taken up yet is taken up first, so that it is cancelled too.
                desk.next(&connection).await?;
                desk.cancel(&connection, &some_or_all(kinds)).await?;
            }
            ReportEngine::Server => {
                desk.cancel_triggers().await?;
            }
        }
        Ok(())
    }

    /// Says who syncs reports from now on.
    ///
    /// # Errors
    /// The mirror cannot be written.
    pub async fn set_report_engine(&self, engine: ReportEngine, doer: &Doer) -> Result<(), Problem> {
        let set = self
            .change_settings(
                None,
                move |mut settings| {
                    settings.reports.engine = engine;
                    settings
                },
                None,
            )
            .await?;
        let body = json!({"before": set.before.reports.engine, "after": engine});
        self.note_in_audit(doer, "report_engine_set", body).await?;
        Ok(())
    }

    /// What the engine of before had open is called off: nobody would go on with it.
    pub(super) async fn settle_report_engine(&self, before: ReportEngine) -> Result<(), Problem> {
        let desk = self.report_desk();
        if desk.settings.engine == before {
            return Ok(());
        }
        let Some(connection) = self.klaviyo_connection().await? else { return Ok(()) };
        match before {
            ReportEngine::Local => drop(desk.cancel(&connection, &ReportKind::ALL).await?),
            ReportEngine::Server => drop(desk.cancel_triggers().await?),
        }
        Ok(())
    }

    /// Keeps or forgets the report server's key; it goes to the keychain, under the server's own URL.
    ///
    /// # Errors
    /// The URL is refused, or the key cannot be taken out of the keychain.
    pub async fn set_report_server_key(
        &self,
        key: Option<ReportServerKey>,
        doer: &Doer,
    ) -> Result<(), Problem> {
        self.own_record()?;
        let url = self.report_server_url()?;
        let (secrets, store, at) = (Arc::clone(&self.wiring.secrets), self.public_id.clone(), url.clone());
        let is_set = key.is_some();
        let done = tokio::task::spawn_blocking(move || match key {
            Some(key) => {
                secrets.report_server().keep(&store, &at, &key);
                true
            }
            None => secrets.report_server().forget(&store, &at),
        });
        if !done.await.unwrap_or(false) {
            return Err(Problem::new(
                "KEYCHAIN",
                "the report server's key cannot be taken out of the keychain",
                "Unlock the keychain, then try again.",
            ));
        }
        let event = if is_set { "report_server_key_set" } else { "report_server_key_forgotten" };
        self.note_in_audit(doer, event, json!({"url": url})).await?;
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Reports);
        Ok(())
    }

    /// Looks whether the report server is there and takes the key. It is told nothing by it.
    ///
    /// # Errors
    /// It is not there, refuses the key, or the URL is refused.
    pub async fn test_report_server(&self) -> Result<(String, Seen), Problem> {
        let url = self.report_server_url()?;
        let seen = self.report_server().await?.look().await?;
        Ok((url, seen))
    }

    async fn report_server(&self) -> Result<ReportServer, ReportServerError> {
        let url = match self.given_report_server() {
            Some(url) => check_base_url(&url)?,
            None => USUAL_URL.to_owned(),
        };
        let key = self.find_report_server_key(&url).await.map(|(key, _)| key);
        let header = self.settings().reports.server_key_header;
        ReportServer::new(&url, key.as_ref(), &header, Arc::clone(&self.wiring.clock))
    }

    fn report_server_url(&self) -> Result<String, Problem> {
        let given = self.given_report_server();
        Ok(given.as_deref().map(check_base_url).transpose()?.unwrap_or_else(|| USUAL_URL.to_owned()))
    }

    /// The setting, else the environment's.
    fn given_report_server(&self) -> Option<String> {
        let from_environment = || std::env::var(URL_VARIABLE).ok().filter(|url| !url.trim().is_empty());
        self.settings().reports.server_url.or_else(from_environment)
    }

    async fn find_report_server_key(&self, url: &str) -> Option<(ReportServerKey, KeySource)> {
        let (secrets, store, url) =
            (Arc::clone(&self.wiring.secrets), self.public_id.clone(), url.to_owned());
        tokio::task::spawn_blocking(move || secrets.report_server().find(&store, &url)).await.ok().flatten()
    }
}

/// What the key reads is not what the store is connected to, and is not mixed with it.
fn of_another_account() -> Problem {
    Problem::new(
        "OTHER_KLAVIYO_ACCOUNT",
        "this key belongs to another Klaviyo account than the connection",
        "Use a key of the connected account, or disconnect first.",
    )
}

fn some_or_all(kinds: &[ReportKind]) -> Vec<ReportKind> {
    if kinds.is_empty() { ReportKind::ALL.to_vec() } else { kinds.to_vec() }
}

/// Whether a refusal says something of the connection itself, and not of one report.
const fn concerns_connection(error: &KlaviyoError) -> bool {
    error.is_about_the_key()
        || error.is_a_wait()
        || matches!(
            error,
            KlaviyoError::RevisionRetired
                | KlaviyoError::MetricNotFound { .. }
                | KlaviyoError::MetricNotReportable
        )
}
