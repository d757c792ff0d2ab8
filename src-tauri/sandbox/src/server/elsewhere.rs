//! What a key of another account or of the other mode sees: an account with nothing in it.

use super::form::Form;
use super::reads::{kind_of_path, unknown_url};
use crate::config::KeySpec;
use crate::world::{Refusal, Told, World};

pub(super) fn answer(
    world: &World,
    key: &KeySpec,
    writes: bool,
    segments: &[&str],
    form: &Form,
) -> Told<Vec<u8>> {
    if writes {
        return Err(Refusal::invalid(
            "The sandbox simulates one account in one mode; this key belongs to another.",
        )
        .status(403));
    }
    match segments {
        ["account"] => Ok(format!(
            r#"{{"id":"{}","object":"account","business_type":null,"charges_enabled":true,"country":"DE","default_currency":"eur","details_submitted":true,"metadata":{{}},"payouts_enabled":true,"type":"standard"}}"#,
            key.account
        )
        .into_bytes()),
        ["events"] => Ok(empty("/v1/events")),
        ["events", id] => Err(missing(world, key, "event", id)),
        _ => match kind_of_path(segments) {
            Some((kind, false)) => match form.filled("starting_after").or(form.filled("ending_before")) {
                Some(id) => Err(missing(world, key, kind.name(), id).status(400)),
                None => Ok(empty(kind.path())),
            },
            Some((kind, true)) => Err(missing(world, key, kind.name(), segments.last().unwrap_or(&""))),
            None => Err(unknown_url("GET", segments)),
        },
    }
}

fn empty(url: &str) -> Vec<u8> {
    format!(r#"{{"object":"list","data":[],"has_more":false,"url":"{url}"}}"#).into_bytes()
}

/// Stripe says so when the object exists in the account's other mode.
fn missing(world: &World, key: &KeySpec, kind: &str, id: &str) -> Refusal {
    let mut refusal = Refusal::no_such(kind, id);
    if key.account == world.account && world.object(id).is_some() {
        let (there, here) = if world.livemode { ("live", "test") } else { ("test", "live") };
        refusal.message += &format!(
            "; a similar object exists in {there} mode, but a {here} mode key was used to make this request."
        );
    }
    refusal
}
