//! `expand[]`: ids replaced by the objects they name.

use crate::json::{Json, parse};
use crate::world::World;
use serde_json::Value;

/// Expands one dotted path in an object, as far as the sandbox knows the objects.
pub(super) fn expand(world: &World, object: &mut Value, path: &str) {
    let (field, rest) = path.split_once('.').map_or((path, None), |(field, rest)| (field, Some(rest)));
    if field == "line_items" {
        if let Some(list) = object["id"].as_str().and_then(|id| line_items(world, id)) {
            object["line_items"] = list;
        }
        return;
    }
    let Some(slot) = object.get_mut(field) else { return };
    if let Some(whole) = slot.as_str().and_then(|id| world.object(id)) {
        *slot = whole;
    }
    if let (Some(rest), true) = (rest, slot.is_object()) {
        expand(world, slot, rest);
    }
}

/// A session's line items as a list object.
pub(super) fn line_items(world: &World, session: &str) -> Option<Value> {
    let mut j = Json::default();
    match world.session(session) {
        Ok(s) => s.write_with(&mut j, world.livemode, true),
        Err(_) => {
            let scale = world.scale.as_ref()?;
            scale.write(&mut j, crate::objects::Kind::Session, scale.find(session)?, true);
        }
    }
    Some(parse(&j.into_bytes())["line_items"].take())
}
