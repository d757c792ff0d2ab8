//! Metadata changes, loud where Stripe is loud and silent where it is silent.

use super::{Refusal, Told, World};
use crate::json::Metadata;
use crate::objects::Kind;

impl World {
    /// Sets one metadata key of any object; an empty value removes it. Sessions and intents never say so; others
    /// do when `emits_event` is true.
    pub fn set_metadata(&mut self, id: &str, key: &str, value: &str, emits_event: bool) -> Told<()> {
        let changes = Metadata::from([(key.to_owned(), value.to_owned())]);
        self.merge_metadata(id, &changes, emits_event)
    }

    pub(crate) fn merge_metadata(&mut self, id: &str, changes: &Metadata, emits_event: bool) -> Told<()> {
        let before = self.before(id);
        let metadata = self.get_mut(id)?.metadata_mut();
        let mut merged = metadata.clone();
        for (key, value) in changes {
            if value.is_empty() {
                merged.remove(key);
            } else {
                merged.insert(key.clone(), value.clone());
            }
        }
        check_metadata(&merged)?;
        let metadata = self.get_mut(id)?.metadata_mut();
        if *metadata == merged {
            return Ok(());
        }
        metadata.clone_from(&merged);
        self.book.tagged(id, &merged);
        let event = match Kind::of_id(id) {
            Some(Kind::Customer) => Some("customer.updated"),
            Some(Kind::Charge) => Some("charge.updated"),
            Some(Kind::Product) => Some("product.updated"),
            Some(Kind::Price) => Some("price.updated"),
            Some(Kind::Refund) => Some("refund.updated"),
            Some(Kind::Dispute) => Some("charge.dispute.updated"),
            Some(Kind::Session | Kind::Intent | Kind::Endpoint) | None => None,
        };
        if let (Some(event), true) = (event, emits_event) {
            self.emit_updated(event, id, &before);
        }
        Ok(())
    }
}

/// Stripe's limits: 50 keys, 40 characters a key without brackets, 500 characters a value.
pub(crate) fn check_metadata(metadata: &Metadata) -> Told<()> {
    if metadata.len() > 50 {
        return Err(Refusal::invalid("You cannot have more than 50 keys in metadata.").param("metadata"));
    }
    for (key, value) in metadata {
        if key.chars().count() > 40 || key.contains(['[', ']']) {
            return Err(Refusal::invalid("Metadata keys can be up to 40 characters and have no brackets.")
                .param("metadata"));
        }
        let length = value.chars().count();
        if length > 500 {
            return Err(Refusal::invalid(format!(
                "Metadata values can have up to 500 characters, but you passed in a value that is {length} characters."
            ))
            .param("metadata"));
        }
    }
    Ok(())
}
