//! The shop around the account: who its customers are and what they do by themselves.

mod people;

pub(crate) use people::{COLORS, FIRST_NAMES, LAST_NAMES, MARKETS, SOURCES, address_in, name_of};

use crate::world::World;

/// One thing a customer does.
#[derive(Debug, Clone)]
pub(crate) struct Step;

/// The simulated customers.
#[derive(Debug)]
pub(crate) struct Traffic;

pub(crate) fn play(_world: &mut World, _step: Step) {}
