//! An audience written to a file, and into the audit with it: who took how many people out, and by which filter.

use std::path::Path;

use serde_json::json;

use super::OpenStore;
use super::draft::Draft;
use crate::actions::Doer;
use crate::error::Problem;
use crate::queries::audiences::AudienceCount;
use crate::queries::audiences::export::{AudienceFile, export_audience};

impl OpenStore {
    /// Writes an audience to a new file that only this account may read. Its audit row is written before the file stands
    /// under its name: no list of people is there that the audit does not know.
    ///
    /// # Errors
    /// The store is an opened file, the target exists or cannot be written, the filter is bad, or the mirror cannot be read.
    pub async fn export_audience(
        &self,
        file: AudienceFile,
        path: &str,
        doer: &Doer,
    ) -> Result<AudienceCount, Problem> {
        self.own_record()?;
        let draft = Draft::of_new(Path::new(path)).map_err(Problem::from)?;
        let (zone, now) = (self.zone(), self.wiring.clock.now());
        let body = json!({"audience": file.audience, "filter": file.filter, "format": file.format,
            "hashed": file.hashed, "consent_column": file.consent_column});
        let (draft, count) = self
            .db
            .read(move |connection| {
                let count = draft.fill(|out| export_audience(connection, &file, (zone, now), out))?;
                Ok((draft, count))
            })
            .await?;
        let mut body = body;
        body["rows"] = count.count.into();
        body["left_out"] = json!(count.left_out);
        self.note_in_audit(doer, "audience_exported", body).await?;
        draft.keep().map_err(Problem::from)?;
        Ok(count)
    }
}
