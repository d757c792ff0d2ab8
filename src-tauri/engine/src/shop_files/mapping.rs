//! Which column is which field: asked for, as last time, or guessed from the header.

use std::collections::BTreeMap;

use super::FileError;
use super::fields::{Field, fields_of, needed_of};
use crate::domain::shop::ShopKind;

/// A mapping as it is kept: field to column; an empty column means that the field is to have none.
pub type Saved = BTreeMap<String, String>;

/// One field and its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The field.
    pub field: Field,
    /// The place of its column.
    pub column: Option<usize>,
    /// No file can do without it, or without one of its kind that is not mapped either.
    pub required: bool,
    /// Nobody said so: the header looks like it.
    pub guessed: bool,
}

/// The columns of every field of a kind.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The kind of row.
    pub kind: ShopKind,
    /// Every field, in the order they are shown.
    pub fields: Vec<Mapped>,
    columns: Vec<String>,
    refused: Vec<Field>,
}

impl Mapping {
    /// Maps the columns of a file: what was asked for first, then what was saved where all its columns are
    /// there, then what headers look like.
    ///
    /// # Errors
    /// A field or a column that was asked for is not there.
    pub fn choose(
        kind: ShopKind,
        columns: &[String],
        asked: &Saved,
        saved: Option<&Saved>,
    ) -> Result<Self, FileError> {
        let plain = |field: &Field| Mapped { field: *field, column: None, required: false, guessed: false };
        let fields = fields_of(kind).iter().map(plain).collect();
        let mut mapping = Self { kind, fields, columns: columns.to_vec(), refused: Vec::new() };
        let there = |saved: &&Saved| {
            saved.iter().all(|(field, column)| {
                fields_of(kind).iter().any(|known| known.as_str() == field)
                    && (column.is_empty() || columns.contains(column))
            })
        };
        for (field, column) in asked.iter().chain(saved.filter(there).into_iter().flatten()) {
            mapping.set(field, column)?;
        }
        mapping.guess();
        mapping.mark_required();
        Ok(mapping)
    }

    fn set(&mut self, field: &str, column: &str) -> Result<(), FileError> {
        let Some(at) = self.fields.iter().position(|mapped| mapped.field.as_str() == field) else {
            let known: Vec<&str> = self.fields.iter().map(|mapped| mapped.field.as_str()).collect();
            return Err(FileError::UnknownField {
                kind: self.kind.as_str(),
                field: field.chars().take(60).collect(),
                known: known.join(", "),
            });
        };
        let mapped = &self.fields[at];
        if mapped.column.is_some() || self.refused.contains(&mapped.field) {
            return Ok(());
        }
        if column.is_empty() {
            self.refused.push(mapped.field);
            return Ok(());
        }
        let Some(place) = self.columns.iter().position(|name| name == column) else {
            return Err(FileError::UnknownColumn {
                field: mapped.field.as_str(),
                column: column.chars().take(60).collect(),
                columns: listed(&self.columns),
            });
        };
        self.fields[at].column = Some(place);
        Ok(())
    }

    /// The surest headers of every field first, so that no field takes the column that another is named after.
    fn guess(&mut self) {
        let whole: Vec<String> = self.columns.iter().map(|name| plain(name)).collect();
        let last: Vec<String> =
            self.columns.iter().map(|name| plain(name.rsplit('.').next().unwrap_or(name))).collect();
        for headers in [whole, last] {
            for rank in 0..20 {
                for at in 0..self.fields.len() {
                    let mapped = &self.fields[at];
                    if mapped.column.is_some() || self.refused.contains(&mapped.field) {
                        continue;
                    }
                    let Some(wanted) = mapped.field.headers(self.kind).get(rank) else { continue };
                    let taken = |place: &usize| self.fields.iter().any(|other| other.column == Some(*place));
                    let found = (0..headers.len()).find(|place| headers[*place] == *wanted && !taken(place));
                    if found.is_some() {
                        self.fields[at].column = found;
                        self.fields[at].guessed = true;
                    }
                }
            }
        }
    }

    fn has(&self, field: Field) -> bool {
        self.fields.iter().any(|mapped| mapped.field == field && mapped.column.is_some())
    }

    fn mark_required(&mut self) {
        for group in needed_of(self.kind) {
            let met = group.len() > 1 && group.iter().any(|field| self.has(*field));
            for mapped in self.fields.iter_mut().filter(|mapped| !met && group.contains(&mapped.field)) {
                mapped.required = true;
            }
        }
    }

    /// What no column is and some must be.
    pub fn missing(&self) -> Option<FileError> {
        let group = needed_of(self.kind).iter().find(|group| !group.iter().any(|field| self.has(*field)))?;
        let names: Vec<&str> = group.iter().map(|field| field.as_str()).collect();
        let columns = listed(&self.columns);
        Some(FileError::MissingField { needed: names.join(" or "), columns })
    }

    /// The name of a field's column.
    pub fn column_of(&self, field: Field) -> Option<&str> {
        let mapped = self.fields.iter().find(|mapped| mapped.field == field)?;
        Some(self.columns[mapped.column?].as_str())
    }

    /// As it is kept for the next file.
    pub fn saved(&self) -> Saved {
        let kept = self.fields.iter().filter_map(|mapped| match mapped.column {
            Some(place) => Some((mapped.field.as_str().to_owned(), self.columns[place].clone())),
            None if self.refused.contains(&mapped.field) => {
                Some((mapped.field.as_str().to_owned(), String::new()))
            }
            None => None,
        });
        kept.collect()
    }
}

/// `Payment Intent ID`, `payment_intent_id` and `paymentIntentId` are one header.
fn plain(header: &str) -> String {
    header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn listed(columns: &[String]) -> String {
    let shown: Vec<String> = columns.iter().take(40).map(|name| format!("{name:?}")).collect();
    let more = if columns.len() > shown.len() { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(kind: ShopKind, columns: &[&str]) -> Saved {
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        Mapping::choose(kind, &columns, &Saved::new(), None).unwrap().saved()
    }

    #[test]
    fn headers_are_known_in_both_languages_and_every_case() {
        let english = chosen(
            ShopKind::Purchases,
            &["id", "paymentIntentId", "User ID", "e-mail", "CREDITS", "amount_cents"],
        );
        assert_eq!(english["payment_intent"], "paymentIntentId");
        assert_eq!((english["email"].as_str(), english["amount_minor"].as_str()), ("e-mail", "amount_cents"));
        let chinese = chosen(
            ShopKind::Purchases,
            &["订单号", "用户ID", "邮箱", "积分", "金额", "币种", "支付状态", "创建时间"],
        );
        assert_eq!(chinese.len(), 8, "{chinese:?}");
        assert_eq!((chinese["id"].as_str(), chinese["status"].as_str()), ("订单号", "支付状态"));
        let nested = chosen(ShopKind::Wallets, &["metadata.userId", "wallet.balance"]);
        assert_eq!(nested["user_id"], "metadata.userId");
        // A reason is a kind of entry only where no column is called its type.
        let entries = chosen(ShopKind::WalletEntries, &["user_id", "type", "delta", "reason"]);
        assert_eq!((entries["kind"].as_str(), entries["note"].as_str()), ("type", "reason"));
    }

    #[test]
    fn what_is_asked_for_wins_and_what_is_missing_is_named() {
        let columns: Vec<String> = ["who", "points", "email"].map(str::to_owned).to_vec();
        let asked = Saved::from([("user_id".into(), "who".into()), ("email".into(), String::new())]);
        let mapping = Mapping::choose(ShopKind::Wallets, &columns, &asked, None).unwrap();
        assert_eq!(mapping.saved(), asked);
        let told = mapping.missing().unwrap().to_string();
        assert!(told.contains("balance") && told.contains("\"points\""), "{told}");
        let again = Mapping::choose(ShopKind::Wallets, &columns, &Saved::new(), Some(&asked)).unwrap();
        assert_eq!(again.saved(), asked, "saved choices hold where their columns are there");
        let other = Mapping::choose(ShopKind::Wallets, &columns[1..], &Saved::new(), Some(&asked)).unwrap();
        assert_eq!(other.saved()["email"], "email", "and nowhere else");
        for (field, column) in [("colour", "who"), ("balance", "nothing")] {
            let asked = Saved::from([(field.to_owned(), column.to_owned())]);
            assert!(Mapping::choose(ShopKind::Wallets, &columns, &asked, None).is_err(), "{field}");
        }
    }
}
