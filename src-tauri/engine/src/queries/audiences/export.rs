//! An audience as a file: a table for people, or a platform's customer list. Row by row: memory does not grow with it.

use std::io::Write;

use chrono_tz::Tz;

use super::Wanted;
use super::consent::Consents;
use super::contact::contact_of;
use super::counts::AudienceCount;
use super::people::{self, Depth};
use crate::db::{Connection, DbResult};
use crate::domain::audience::{Audience, AudienceFilter, AudienceOrder, Consent};
use crate::domain::customer_list::{AudienceFormat, Contact};
use crate::domain::money::decimal;
use crate::projections::rebuild::require_whole;
use crate::queries::export::{ExportFormat, Sink, instant};

/// What is written, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceFile {
    /// Which audience.
    pub audience: Audience,
    /// Narrows it.
    pub filter: AudienceFilter,
    /// In which format.
    pub format: AudienceFormat,
    /// A platform's list with its values hashed.
    pub hashed: bool,
    /// A platform's list with one more column, whether they want mail.
    pub consent_column: bool,
}

const COLUMNS: [&str; 11] = [
    "email",
    "first_name",
    "last_name",
    "color",
    "locale",
    "country",
    "value",
    "currency",
    "status",
    "started_at",
    "consent",
];

/// Writes everybody in an audience, by e-mail; says how many, and who was left out.
///
/// # Errors
/// [`crate::db::DbError::Invalid`] for a bad filter; stale or half-made projections; a failed read; a failed write.
pub fn export_audience(
    connection: &Connection,
    file: &AudienceFile,
    (zone, now): (Tz, i64),
    out: &mut dyn Write,
) -> DbResult<AudienceCount> {
    require_whole(connection)?;
    let wanted = Wanted::read(&file.filter, zone, now)?;
    let consents = Consents::read(connection, now)?;
    let mut count = AudienceCount::none(file.audience);
    let mut sink = Sink::new(ExportFormat::Csv, out, &file.columns())?;
    consents.by_email(connection, |mut consents| {
        people::each(connection, Depth::Whole, |email, orders| {
            let judged = wanted.judge(file.audience, orders, || consents.find(email))?;
            let Some(judged) = judged else { return Ok(()) };
            if let Some(why) = judged.out {
                count.leave_out(why);
                return Ok(());
            }
            count.take_in(judged.consent);
            let contact = contact_of(connection, judged.order.key, email)?;
            sink.row(&file.cells(&contact, judged.order, judged.consent))
        })
    })?;
    sink.finish()?;
    count.leave_out_nameless(connection, &wanted)?;
    Ok(count)
}

impl AudienceFile {
    fn columns(&self) -> Vec<&'static str> {
        if self.format == AudienceFormat::Csv {
            return COLUMNS.to_vec();
        }
        let mut columns = self.format.columns(self.hashed).to_vec();
        columns.extend(self.consent_column.then_some("consent"));
        columns
    }

    fn cells(&self, contact: &Contact, order: &AudienceOrder, consent: Consent) -> Vec<String> {
        if self.format == AudienceFormat::Csv {
            return table(contact, order, consent);
        }
        let mut cells = self.format.cells(contact, self.hashed);
        cells.extend(self.consent_column.then(|| consent.as_str().to_owned()));
        cells
    }
}

fn table(contact: &Contact, order: &AudienceOrder, consent: Consent) -> Vec<String> {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let (first, last) = contact.typed_names();
    let currency = text(order.currency.as_deref());
    vec![
        contact.email.clone(),
        first.to_owned(),
        last.to_owned(),
        text(order.color.as_deref()),
        text(order.locale.as_deref()),
        text(contact.country.as_deref()).to_uppercase(),
        order.amount.map(|minor| decimal(minor, &currency)).unwrap_or_default(),
        currency,
        order.status.as_str().to_owned(),
        instant(Some(order.started_at)),
        consent.as_str().to_owned(),
    ]
}
