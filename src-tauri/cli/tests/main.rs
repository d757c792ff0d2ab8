//! `foredeckctl` as a script meets it: the binary itself, against a practice Stripe in this process.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panicking, say what they skip, and wait for another process by the machine's own clock"
)]

mod audiences;
mod credits;
mod desk;
mod doctoring;
mod exports;
mod files;
mod fixes;
mod imports;
mod journey;
mod klaviyo;
mod operators;
mod permissions;
mod refusals;
mod reports;
mod troubles;
mod usage;
mod watching;
mod webhooks;
