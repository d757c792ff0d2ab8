//! Operators of a data folder: who they are, and who of them is at the desk in this process.
//!
//! In: names, roles, passphrases. Out: the [`Operator`](crate::domain::operator::Operator) who may do something, or why
//! nobody may. Deliberately absent: stores, keys, and which operation needs which level (`api` says that).

mod desk;
mod passphrase;
mod roster;

pub use desk::{Operators, Standing};
pub use passphrase::Passphrase;
pub use roster::{DEFAULT_IDLE_MIN, Entry};

use crate::domain::operator::{Level, Operator, Role};
use crate::registry::DocumentError;

/// Why something about operators cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The file cannot be used.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The name is empty, too long or unprintable.
    #[error("an operator cannot be named {0:?}")]
    BadName(String),
    /// Somebody has the name.
    #[error("there is an operator {0:?} already")]
    Taken(String),
    /// Nobody of that name may sign in.
    #[error("there is no operator {0:?}")]
    Unknown(String),
    /// Nobody would be left who may manage operators.
    #[error("{0:?} is the last owner")]
    LastOwner(String),
    /// A second operator would let anyone be the first.
    #[error("{0:?} has no passphrase yet, so nobody can be added")]
    FirstWithoutPassphrase(String),
    /// There is nothing to compare with.
    #[error("{0:?} has no passphrase")]
    NoPassphrase(String),
    /// Too short or far too long.
    #[error("a passphrase has 8 to 200 characters")]
    WeakPassphrase,
    /// Another one is kept.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// Too many were wrong.
    #[error("too many passphrases were wrong; the next try is possible in {0} s")]
    Wait(u64),
    /// Nobody is at the desk.
    #[error("Foredeck is locked")]
    Locked,
    /// With one operator there is nobody to lock out.
    #[error("there is one operator, and nobody to lock out")]
    OneOperator,
    /// The role is too low.
    #[error("{what} needs level {} ({}); {:?} is {} ({})", level.0, role_with(*level), operator.name, operator.role.as_str(), operator.role.level().0)]
    NotPermitted {
        /// What was asked for.
        what: String,
        /// The level it needs.
        level: Level,
        /// Who asked.
        operator: Operator,
    },
    /// Out of range.
    #[error("the minutes until the lock are out of range")]
    BadIdle,
    /// The passphrase could not be hashed.
    #[error("the passphrase cannot be worked on: {0}")]
    Hash(String),
}

fn role_with(level: Level) -> &'static str {
    Role::lowest_with(level).map_or("nobody", Role::as_str)
}
