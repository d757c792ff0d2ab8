//! Integration tests of the engine, one binary.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests fail by panicking and explain themselves by name")]

mod it {
    mod properties;
    mod queries;
    mod samples;
    mod shop;
    mod sync;
}
