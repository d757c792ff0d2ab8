//! What can go wrong with a mirror file, told apart where a person would act differently.

use rusqlite::ErrorCode;

/// An error of the mirror file.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The file was written by a newer Foredeck.
    #[error("the mirror file has schema {found}, this Foredeck knows up to {known}")]
    Newer {
        /// Schema of the file.
        found: i64,
        /// Newest schema this build knows.
        known: i64,
    },
    /// The file is SQLite, but no mirror; or not SQLite at all.
    #[error("the file is not a Foredeck mirror")]
    NotAMirror,
    /// The file is a mirror without a schema: all it held was still beside it when it was copied.
    #[error("the mirror file is empty: it was copied while it was open, without what lay beside it")]
    Empty,
    /// SQLite says the file is damaged.
    #[error("the mirror file is damaged: {0}")]
    Damaged(String),
    /// The file or folder cannot be written.
    #[error("the mirror is read-only")]
    ReadOnly,
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// The target of a backup exists.
    #[error("the file exists already: {0}")]
    Exists(String),
    /// Projections were made by another version and wait to be made again.
    #[error("the projections of this mirror are of version {found}, this Foredeck reads {known}")]
    StaleProjections {
        /// Version in the file.
        found: i64,
        /// Version this build reads.
        known: i64,
    },
    /// Projections are being made, or that was cut short.
    #[error("this mirror is being made anew and does not hold every order yet")]
    HalfMade,
    /// The writer has stopped.
    #[error("the mirror is closed")]
    Stopped,
    /// A stored value could not be read back.
    #[error("a stored value could not be read: {0}")]
    Corrupt(String),
    /// Bad arguments that only the database could notice, such as a foreign cursor.
    #[error("{0}")]
    Invalid(String),
    /// Anything else SQLite says.
    #[error("SQLite: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(error.to_string()),
            Some(ErrorCode::NotADatabase) => Self::NotAMirror,
            _ => Self::Sqlite(error),
        }
    }
}
