//! Why a file, or one row of it, cannot be taken.

use super::fields::Field;

/// A file that cannot be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file.
    #[error("there is no file {0}")]
    Missing(String),
    /// It is a folder or another thing that is no file.
    #[error("{0} is not a file")]
    NotAFile(String),
    /// The system does not let us read it.
    #[error("the file {0} may not be read")]
    Denied(String),
    /// Reading failed.
    #[error("the file cannot be read: {0}")]
    Io(std::io::Error),
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// There is a header and nothing else.
    #[error("the file has a header and no rows")]
    NoRows,
    /// It holds NUL bytes: a spreadsheet, an archive, a picture.
    #[error("the file is not text: it holds a NUL byte at {0}")]
    Binary(u64),
    /// It is text of an encoding that is not known here.
    #[error("the file is neither UTF-8 nor GB18030: the byte at {0} fits neither")]
    Encoding(u64),
    /// It reads as GB18030 by chance alone.
    #[error(
        "the file is not UTF-8, and as GB18030 the byte at {0} would be a Chinese character within a Latin word"
    )]
    Latin(u64),
    /// A JSON array or another document over several lines.
    #[error("the file is JSON, but not one object a line")]
    NotJsonLines,
    /// A record that never ends.
    #[error("the record on line {0} is longer than 1 MiB")]
    TooLong(u64),
    /// Two columns are called the same.
    #[error("the file has two columns called {0:?}")]
    DuplicateColumn(String),
    /// A field was mapped that the kind does not have.
    #[error("{kind} have no field {field:?}; there are: {known}")]
    UnknownField {
        /// The kind of row.
        kind: &'static str,
        /// What was asked for.
        field: String,
        /// The fields there are.
        known: String,
    },
    /// A field was mapped to a column that is not there.
    #[error("the file has no column {column:?} for {field}; there are: {columns}")]
    UnknownColumn {
        /// The field.
        field: &'static str,
        /// What was asked for.
        column: String,
        /// The columns there are.
        columns: String,
    },
    /// A field that every row needs has no column.
    #[error("no column is the {needed}; there are: {columns}")]
    MissingField {
        /// The field, or the fields of which one must be there.
        needed: String,
        /// The columns there are.
        columns: String,
    },
}

/// Why one row is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The line of the file it begins on.
    pub line: u64,
    /// The column, where one is to blame.
    pub column: Option<String>,
    /// Stable, upper snake case.
    pub code: &'static str,
    /// What is wrong, without the hint.
    pub message: String,
}

/// What is wrong with one value; its column and line are known by who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadValue {
    /// The field it was read for.
    pub field: Option<Field>,
    /// Stable, upper snake case.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

impl BadValue {
    /// Makes one that no field is to blame for yet.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { field: None, code, message: message.into() }
    }
}
