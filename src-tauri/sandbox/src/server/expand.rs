//! `expand[]`: ids replaced by the objects they name.

use crate::world::World;
use serde_json::Value;

/// Expands one dotted path in an object, as far as the sandbox knows the objects.
pub(super) fn expand(world: &World, object: &mut Value, path: &str) {
    let (field, rest) = path.split_once('.').map_or((path, None), |(field, rest)| (field, Some(rest)));
    if field == "line_items" {
        if let Some(list) = object["id"].as_str().and_then(|id| world.line_items(id)) {
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
