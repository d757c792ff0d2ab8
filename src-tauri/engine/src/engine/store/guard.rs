//! The guard and the audit of a store.

use serde_json::json;

use super::OpenStore;
use crate::actions::{self, Doer, Guard, GuardView};
use crate::audit::{AuditVerdict, Entry};
use crate::error::Problem;
use crate::topic::Topic;

impl OpenStore {
    /// The guard with what today has used of it.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn guard(&self) -> Result<GuardView, Problem> {
        let (live, now, zone) = (self.is_live(), self.wiring.clock.now(), self.zone());
        Ok(self.db.read(move |connection| actions::view_guard(connection, live, now, zone)).await?)
    }

    /// Sets the guard; what it was goes into the audit.
    ///
    /// # Errors
    /// A cap is out of range, another guard was set since this one was read, or the mirror cannot be written.
    pub async fn set_guard(&self, guard: Guard, doer: &Doer) -> Result<GuardView, Problem> {
        self.change_guard(move |_| guard, doer).await
    }

    /// Stops all writes, whatever else is set meanwhile; starting again is for an admin, by [`Self::set_guard`].
    ///
    /// # Errors
    /// The mirror cannot be written.
    pub async fn stop_writes(&self, doer: &Doer) -> Result<GuardView, Problem> {
        self.change_guard(|before| Guard { stopped: true, ..before }, doer).await
    }

    async fn change_guard(
        &self,
        change: impl FnOnce(Guard) -> Guard + Send + 'static,
        doer: &Doer,
    ) -> Result<GuardView, Problem> {
        self.own_record()?;
        let (audit, now, operator, live) =
            (self.audit().await?, self.wiring.clock.now(), doer.name.clone(), self.is_live());
        let chain = audit.clone();
        let set = self
            .db
            .write_durable(move |transaction| {
                let before = actions::read_guard(transaction, live)?;
                let Some(after) = actions::set_guard(transaction, change(before.clone()), live)? else {
                    return Ok(false);
                };
                let body = json!({"before": before, "after": after});
                let entry =
                    Entry { at: now, operator: &operator, action: None, event: "guard_set", body: &body };
                chain.append(transaction, &entry)?;
                Ok(true)
            })
            .await?;
        if !set {
            return Err(Problem::new(
                "SETTINGS_CHANGED",
                "safety was set anew since this was read: nothing was changed",
                "Look at what is in force, then make the change again.",
            ));
        }
        self.db.read(move |connection| audit.keep_head(connection)).await?;
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Actions);
        self.signals.wake_desk();
        self.guard().await
    }

    /// Writes a row into the audit for something done beside actions.
    ///
    /// # Errors
    /// The mirror cannot be written.
    pub async fn note_in_audit(
        &self,
        doer: &Doer,
        event: &'static str,
        body: serde_json::Value,
    ) -> Result<(), Problem> {
        let (audit, now, operator) = (self.audit().await?, self.wiring.clock.now(), doer.name.clone());
        let chain = audit.clone();
        self.db
            .write_durable(move |transaction| {
                chain.append(
                    transaction,
                    &Entry { at: now, operator: &operator, action: None, event, body: &body },
                )?;
                Ok(())
            })
            .await?;
        Ok(self.db.read(move |connection| audit.keep_head(connection)).await?)
    }

    /// Checks the audit against its key and the head in the keychain.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn verify_audit(&self) -> Result<AuditVerdict, Problem> {
        let audit = self.audit().await?;
        Ok(self.db.read(move |connection| audit.verify(connection)).await?)
    }
}
