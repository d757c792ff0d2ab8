//! Errors as the window and the command line show them: code, message, hint.
//!
//! Rooms have small enums of their own; `api::errors` turns them into this.

/// An error with a stable code, a message that names the thing, and one imperative sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// Stable, upper snake case.
    pub code: &'static str,
    /// What could not be done to which thing.
    pub message: String,
    /// What a person can do.
    pub hint: String,
}

impl Problem {
    /// Makes a problem.
    pub fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }
}
