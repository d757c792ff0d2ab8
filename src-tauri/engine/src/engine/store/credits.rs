//! The plan table and adjustments: what operators decide about credits.

use serde_json::json;

use super::OpenStore;
use crate::audit::Entry;
use crate::db::{Transaction, params};
use crate::domain::plan::{PlanRule, PlanTable};
use crate::error::Problem;
use crate::facts::local::{ADJUSTMENT, LocalFact, PLANS, append_local};
use crate::facts::settings::{append_settings, get_settings};
use crate::projections::findings::goods::plans_changed;
use crate::projections::fold::{fold_dirty, mark_dirty};
use crate::projections::ingest::Terms;
use crate::projections::local::take_local;
use crate::projections::purchase_rows::list_bases;
use crate::projections::wallets::Adjustment;
use crate::queries::credits::plans::{PlanPreview, preview};
use crate::topic::Topic;

/// Nodes folded in one transaction while a plan table is carried out.
const STEP: usize = 2_000;
/// Longest reason of an adjustment.
const MAX_REASON: usize = 500;
/// Most credits of one adjustment.
const MAX_ADJUSTMENT: i64 = 1_000_000_000;

/// An adjustment of a wallet as an operator asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjust {
    /// A user id or an e-mail.
    pub owner: String,
    /// Credits, with their sign; not 0.
    pub credits: i64,
    /// Why.
    pub reason: String,
    /// Who does it.
    pub operator: String,
}

impl OpenStore {
    /// Says what other rules would do.
    ///
    /// # Errors
    /// A rule cannot stand, or the mirror cannot be read.
    pub async fn preview_plans(&self, rules: Vec<PlanRule>) -> Result<PlanPreview, Problem> {
        let table = check(&rules)?;
        Ok(self.db.read(move |connection| preview(connection, &table)).await?)
    }

    /// Keeps other rules, and derives again what they change. `revision` is the one the difference was shown for.
    ///
    /// # Errors
    /// A rule cannot stand, the settings changed since, or the mirror cannot be written. A derivation that is cut short goes on with the
    /// next sync.
    pub async fn set_plans(
        &self,
        rules: Vec<PlanRule>,
        revision: i64,
        operator: &str,
    ) -> Result<PlanPreview, Problem> {
        let table = check(&rules)?;
        let (now, operator) = (self.wiring.clock.now(), operator.to_owned());
        let audit = self.audit().await?;
        let chain = audit.clone();
        let asked = json!({"rules": rules, "revision": revision});
        let kept = self
            .db
            .write_durable(move |transaction| {
                let (current, mut settings) = get_settings(transaction)?;
                if current != revision {
                    return Ok(None);
                }
                let difference = preview(transaction, &table)?;
                mark_changed(transaction, &PlanTable::lenient(&settings.plans), &table)?;
                let before = std::mem::replace(&mut settings.plans, rules);
                plans_changed(transaction, &before, &settings.plans)?;
                let revision = append_settings(transaction, now, &settings)?;
                let body = json!({"before": before, "after": settings.plans,
                    "payments_changed": difference.payments_changed, "credits_before": difference.credits_before,
                    "credits_after": difference.credits_after});
                let ends = (&*format!("settings:{revision}"), None);
                append_local(transaction, now, &operator, PLANS, ends, &body.to_string())?;
                chain.append(
                    transaction,
                    &Entry { at: now, operator: &operator, action: None, event: "plans_set", body: &asked },
                )?;
                Ok(Some(difference))
            })
            .await?;
        let Some(difference) = kept else {
            return Err(Problem::new(
                "PLAN_CHANGED",
                "the settings were changed after the difference was shown",
                "Look at the difference again, then confirm it.",
            ));
        };
        self.db.read(move |connection| audit.keep_head(connection)).await?;
        self.fold_all().await?;
        for topic in [Topic::Settings, Topic::Preorders] {
            self.wiring.announcer.announce(Some(&self.public_id), topic);
        }
        Ok(difference)
    }

    /// Gives an owner credits or takes them, with a reason. It changes the mirror alone: nothing is sent anywhere.
    ///
    /// # Errors
    /// The reason, the owner or the number is refused, or the mirror cannot be written.
    pub async fn adjust_wallet(&self, adjust: Adjust) -> Result<(), Problem> {
        let bad = |message: &str, hint: &str| Err(Problem::new("BAD_ADJUSTMENT", message, hint));
        let (owner, reason) = (adjust.owner.trim().to_owned(), adjust.reason.trim().to_owned());
        if owner.is_empty() || owner.chars().count() > 200 || owner.chars().any(char::is_control) {
            return bad("the owner is empty or too long", "Give a user id or an e-mail.");
        }
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            return bad("an adjustment needs a reason of 1 to 500 characters", "Say why in a few words.");
        }
        if adjust.credits == 0 || adjust.credits.abs() > MAX_ADJUSTMENT {
            return bad(
                "the credits are 0 or too many",
                "Give a whole number, up to a thousand million either way.",
            );
        }
        let (now, operator) = (self.wiring.clock.now(), adjust.operator);
        let audit = self.audit().await?;
        let chain = audit.clone();
        let said = json!({"owner": owner, "credits": adjust.credits, "reason": reason});
        let body = serde_json::to_string(&Adjustment { credits: adjust.credits, reason })
            .map_err(|error| crate::db::DbError::Corrupt(error.to_string()))?;
        self.db
            .write_durable(move |transaction| {
                let ends = (owner.as_str(), None);
                let seq = append_local(transaction, now, &operator, ADJUSTMENT, ends, &body)?;
                chain.append(
                    transaction,
                    &Entry {
                        at: now,
                        operator: &operator,
                        action: None,
                        event: "wallet_adjusted",
                        body: &said,
                    },
                )?;
                let fact = LocalFact {
                    seq,
                    made_at: now,
                    operator,
                    kind: ADJUSTMENT.to_owned(),
                    subject: owner,
                    object: None,
                    body,
                };
                let names = crate::domain::settings::MetadataNames::default();
                take_local(transaction, &fact, &Terms { now, names, fold: false, refetch: false })
            })
            .await?;
        self.db.read(move |connection| audit.keep_head(connection)).await?;
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Preorders);
        Ok(())
    }

    /// Folds whatever waits to be folded.
    pub(super) async fn fold_all(&self) -> Result<(), Problem> {
        while self.db.write_batch(|transaction| fold_dirty(transaction, STEP)).await? > 0 {}
        Ok(())
    }
}

fn check(rules: &[PlanRule]) -> Result<PlanTable, Problem> {
    PlanTable::check(rules)
        .map_err(|bad| Problem::new("BAD_PLAN", bad.to_string(), "Correct that rule; nothing was changed."))
}

/// Marks every payment whose purchase the change makes another.
fn mark_changed(
    transaction: &Transaction<'_>,
    before: &PlanTable,
    after: &PlanTable,
) -> crate::db::DbResult<()> {
    for (basis, of, _) in list_bases(transaction)? {
        if before.buys(&of) == after.buys(&of) {
            continue;
        }
        let mut statement = transaction.prepare_cached("SELECT payment FROM purchase WHERE basis = ?1")?;
        let mut rows = statement.query(params![basis])?;
        while let Some(row) = rows.next()? {
            mark_dirty(transaction, row.get(0)?)?;
        }
    }
    Ok(())
}
