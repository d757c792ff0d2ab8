//! What only looks like a stuck order.

mod contents;
mod paying;
mod people;

use super::stage::Stage;
use super::tale::Tale;
use crate::world::CheckoutSpec;

/// A tale of which the rules find nothing, or nothing but what it says.
pub(super) type Miss = fn(&mut Stage) -> Tale;

/// Every kind of near-miss.
pub(super) fn all() -> impl Iterator<Item = &'static Miss> {
    paying::MISSES.iter().chain(&contents::MISSES).chain(&people::MISSES)
}

fn bought(stage: &mut Stage) -> (Tale, i64) {
    let spec = stage.spec();
    bought_with(stage, spec)
}

/// A paid order of some day, and when it was paid.
fn bought_with(stage: &mut Stage, spec: CheckoutSpec) -> (Tale, i64) {
    let (mut tale, paid_at) = (Tale::default(), stage.some_day());
    tale.open(paid_at - stage.think(), "s", spec);
    tale.pay(paid_at, "s", "c");
    (tale, paid_at)
}
