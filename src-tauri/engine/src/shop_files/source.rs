//! A file as columns and rows, whatever it is written in.

use std::path::{Path, PathBuf};

use super::csv_rows::{self, CsvRows};
use super::decode::{Look, Utf8Reader, look, open_file};
use super::jsonl::{self, JsonRows};
use super::{BadRow, FileError};

/// Longest record, in bytes.
pub(super) const MAX_RECORD: u64 = 1024 * 1024;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Fields between delimiters, with a header.
    Csv {
        /// What stands between them.
        delimiter: u8,
    },
    /// One JSON object a line.
    Jsonl,
}

/// The values of one row, one a column; empty where the row has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells(pub Vec<String>);

impl Cells {
    pub(super) fn clear(&mut self, columns: usize) {
        self.0.resize_with(columns, String::new);
        self.0.iter_mut().for_each(String::clear);
    }

    pub(super) fn is_blank(&self) -> bool {
        self.0.iter().all(|cell| cell.trim().is_empty())
    }
}

/// A file that was looked at and can be read.
#[derive(Debug, Clone)]
pub struct Opened {
    path: PathBuf,
    look: Look,
    /// How rows are written.
    pub format: FileFormat,
    /// The columns, in the file's order.
    pub columns: Vec<String>,
}

/// Looks at a file: what it is written in, and its columns.
///
/// # Errors
/// It is missing, no file, not readable, empty, not text, or its header is unusable.
pub fn open(path: &Path) -> Result<Opened, FileError> {
    let mut file = open_file(path)?;
    let look = look(&mut file)?;
    let reader = || Utf8Reader::new(open_file(path)?, &look);
    let head = csv_rows::head(reader()?)?;
    let lines = path.extension().is_some_and(|end| end == "jsonl" || end == "ndjson");
    let (format, columns) = match head.trim_start().chars().next() {
        None => return Err(FileError::Empty),
        Some('[') => return Err(FileError::NotJsonLines),
        Some(first) if first == '{' || lines => (FileFormat::Jsonl, jsonl::columns(reader()?)?),
        Some(_) => {
            let delimiter = csv_rows::guess_delimiter(&head);
            (FileFormat::Csv { delimiter }, csv_rows::columns(reader()?, delimiter)?)
        }
    };
    Ok(Opened { path: path.to_owned(), look, format, columns })
}

impl Opened {
    /// The name of the encoding, as standards write it.
    pub fn encoding(&self) -> &'static str {
        self.look.encoding.name()
    }

    /// A digest of every byte.
    pub fn digest(&self) -> &str {
        &self.look.digest
    }

    /// Reads the rows from the first one on.
    ///
    /// # Errors
    /// The file cannot be read any more.
    pub fn rows(&self) -> Result<Rows, FileError> {
        let reader = Utf8Reader::new(open_file(&self.path)?, &self.look)?;
        Ok(match self.format {
            FileFormat::Csv { delimiter } => {
                Rows::Csv(Box::new(CsvRows::new(reader, delimiter, self.columns.len())?))
            }
            FileFormat::Jsonl => Rows::Jsonl(Box::new(JsonRows::new(reader, &self.columns))),
        })
    }

    /// The first rows as they stand; bad ones are left out.
    ///
    /// # Errors
    /// The file cannot be read, or has no rows at all.
    pub fn sample(&self, most: usize) -> Result<Vec<Vec<String>>, FileError> {
        let (mut rows, mut cells, mut found, mut any) = (self.rows()?, Cells::default(), Vec::new(), false);
        while found.len() < most {
            let Some(read) = rows.next(&mut cells)? else { break };
            any = true;
            if read.is_ok() {
                found.push(cells.0.clone());
            }
        }
        if any { Ok(found) } else { Err(FileError::NoRows) }
    }
}

/// Rows one after the other.
pub enum Rows {
    /// Of a CSV file.
    Csv(Box<CsvRows>),
    /// Of a JSONL file.
    Jsonl(Box<JsonRows>),
}

impl Rows {
    /// Reads the next row into `cells`: the line it begins on, or why it is bad; None after the last.
    ///
    /// # Errors
    /// The file cannot be read any further.
    pub fn next(&mut self, cells: &mut Cells) -> Result<Option<Result<u64, BadRow>>, FileError> {
        match self {
            Self::Csv(rows) => rows.next(cells),
            Self::Jsonl(rows) => rows.next(cells),
        }
    }
}
