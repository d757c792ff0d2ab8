//! What Klaviyo is told of a person when an order's details change: the colour of their newest order; at another address, all that
//! an order says of a person. Nobody is subscribed by it, and no flow that waits for an event starts.

use serde_json::{Map, json};

use super::send_event::profile_properties;
use super::{Draft, NotPlanned};
use crate::actions::ground::{Ground, Order};
use crate::actions::plan::FieldChange;
use crate::actions::program::Move;
use crate::actions::tell_person::ProfileTold;
use crate::db::{DbError, params};
use crate::facts::klaviyo::find_klaviyo;
use crate::facts::klaviyo_people::find_person;
use crate::klaviyo::ProfileChange;

pub(super) fn change(
    ground: &Ground<'_>,
    order: &Order,
    (color, email): (Option<&str>, Option<&str>),
    draft: &mut Draft,
) -> Result<(), NotPlanned> {
    let Some(connection) = find_klaviyo(ground.connection)? else { return Ok(()) };
    let Some(before) = order.row.email.as_deref() else { return Ok(()) };
    let moved = email.filter(|email| *email != before);
    let mut properties = match moved {
        // Of who has a newer order, that one says what is so.
        Some(address) if has_newer(ground, order, address)? => return Ok(()),
        _ => profile_properties(ground, order, before)?,
    };
    let color_property = &ground.settings.klaviyo.color_property;
    if let Some(color) = color.filter(|_| properties.contains_key(color_property)) {
        properties.insert(color_property.clone(), json!(color));
    }
    if moved.is_none() {
        // A person whom Klaviyo does not know is not made known to it by a correction.
        let known = find_person(ground.connection, before)?.is_some_and(|person| person.profile_id.is_some());
        let changes = color.is_some_and(|color| order.row.color.as_deref() != Some(color));
        let only: Map<_, _> = properties.into_iter().filter(|(name, _)| name == color_property).collect();
        if !known || !changes || only.is_empty() {
            return Ok(());
        }
        properties = only;
    }
    if properties.is_empty() {
        return Ok(());
    }
    let address = moved.unwrap_or(before).to_owned();
    for (name, value) in &properties {
        draft.changes.push(FieldChange {
            object: Some(address.clone()),
            kind: "klaviyo_profile".to_owned(),
            field: name.clone(),
            before: None,
            after: value.as_str().map(str::to_owned),
            currency: None,
        });
    }
    draft.notices.push("profile_too");
    let told = ProfileChange { email: address.clone(), properties: properties.clone() };
    draft.moves.push(Move::Profile(Box::new(ProfileTold {
        account: connection.account.public_id,
        email: address,
        properties,
        document: told.document(),
    })));
    Ok(())
}

/// Whether an address has an order for goods that was started later than this one.
fn has_newer(ground: &Ground<'_>, order: &Order, address: &str) -> Result<bool, NotPlanned> {
    let found = ground
        .connection
        .prepare_cached(
            "SELECT 1 FROM preorder WHERE email = ?1 AND goods = 1 AND id <> ?2 AND started_at >= ?3 LIMIT 1",
        )
        .and_then(|mut statement| statement.exists(params![address, order.row.id, order.row.started_at]));
    Ok(found.map_err(DbError::from)?)
}
