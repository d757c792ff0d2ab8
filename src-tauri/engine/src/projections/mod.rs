//! Projections: a pure function of all facts and the settings revision, kept in disposable tables.
//!
//! In: facts. Out: nodes (the newest state of each Stripe object), preorders, people, roll-ups. Any order,
//! duplication or batching of facts makes the same projections; `rebuild` makes them anew. Written by this
//! room alone.

pub mod components;
pub mod fold;
pub mod ingest;
pub mod local;
pub mod nodes;
pub mod object;
pub mod offer;
pub mod people;
pub mod precedence;
pub mod preorder;
pub mod rebuild;
pub mod rollups;
pub mod schema;
mod shapes;
