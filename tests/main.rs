//! Integration tests of the engine, one binary.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests fail by panicking, explain themselves by name, and say what they measured or skipped"
)]

mod it {
    mod actions;
    mod audiences;
    mod credits;
    mod findings;
    mod imports;
    mod klaviyo;
    mod operators;
    mod properties;
    mod queries;
    mod reports;
    mod samples;
    mod shop;
    mod sync;
    mod webhooks;
}
