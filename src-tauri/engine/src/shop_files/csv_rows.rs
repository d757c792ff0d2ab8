//! Rows between delimiters: the delimiter guessed, the header read, records of bounded length.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read};
use std::rc::Rc;

use csv::{Reader, ReaderBuilder, StringRecord};

use super::decode::Utf8Reader;
use super::source::{Cells, MAX_RECORD};
use super::{BadRow, FileError};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
const HEAD: usize = 64 * 1024;

/// The first 64 KiB of text.
pub(super) fn head(mut reader: Utf8Reader) -> Result<String, FileError> {
    let (mut bytes, mut filled) = (vec![0; HEAD], 0);
    while bytes.len() - filled >= 4 {
        match reader.read(&mut bytes[filled..]).map_err(FileError::Io)? {
            0 => break,
            read => filled += read,
        }
    }
    bytes.truncate(filled);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The delimiter under which most of the first records are as wide as the header.
pub(super) fn guess_delimiter(head: &str) -> u8 {
    let score = |delimiter: u8| {
        let mut reader = builder(delimiter).from_reader(head.as_bytes());
        let widths: Vec<usize> =
            reader.records().take(50).map_while(Result::ok).map(|row| row.len()).collect();
        // The last one may be cut short.
        let whole = if widths.len() > 2 { &widths[..widths.len() - 1] } else { &widths[..] };
        let width = whole.first().copied().unwrap_or(0);
        let alike = whole.iter().filter(|other| **other == width).count();
        (width > 1, alike * 100 / whole.len().max(1), width)
    };
    // Of equals the first in the list.
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

fn builder(delimiter: u8) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true).buffer_capacity(HEAD);
    builder
}

/// The header's names. One without a name is called by its place.
pub(super) fn columns(reader: Utf8Reader, delimiter: u8) -> Result<Vec<String>, FileError> {
    let mut rows = CsvRows::unopened(reader, delimiter);
    if rows.read()?.is_none() {
        return Err(FileError::Empty);
    }
    let mut names: Vec<String> = Vec::new();
    for (place, name) in rows.record.iter().enumerate() {
        let name = match name.trim() {
            "" => format!("column {}", place + 1),
            name => name.to_owned(),
        };
        if names.contains(&name) {
            return Err(FileError::DuplicateColumn(name));
        }
        names.push(name);
    }
    Ok(names)
}

/// Records of a CSV file.
pub struct CsvRows {
    reader: Reader<Bounded>,
    left: Rc<Cell<u64>>,
    record: StringRecord,
    columns: usize,
    line: u64,
}

impl CsvRows {
    fn unopened(reader: Utf8Reader, delimiter: u8) -> Self {
        let left = Rc::new(Cell::new(0));
        let bounded = Bounded { inner: reader, left: Rc::clone(&left) };
        let reader = builder(delimiter).from_reader(bounded);
        Self { reader, left, record: StringRecord::new(), columns: 0, line: 0 }
    }

    /// Reads the header away.
    pub(super) fn new(reader: Utf8Reader, delimiter: u8, columns: usize) -> Result<Self, FileError> {
        let mut rows = Self::unopened(reader, delimiter);
        rows.read()?;
        rows.columns = columns;
        Ok(rows)
    }

    /// Reads a record; says the line it begins on.
    fn read(&mut self) -> Result<Option<u64>, FileError> {
        self.left.set(MAX_RECORD);
        let begins = self.reader.position().line().max(self.line + 1);
        let read = self.reader.read_record(&mut self.record).map_err(|error| match error.kind() {
            csv::ErrorKind::Io(io) if io.kind() == ErrorKind::FileTooLarge => FileError::TooLong(begins),
            _ => FileError::Io(error.into()),
        })?;
        if !read {
            return Ok(None);
        }
        // Blank lines before a record are no part of it: its line is counted from its end.
        let after = self.reader.position();
        let inner: usize =
            self.record.iter().map(|cell| memchr::memchr_iter(b'\n', cell.as_bytes()).count()).sum();
        let ended = u64::from(!self.reader.is_done());
        let line = after.line().saturating_sub(inner as u64 + ended);
        self.line = line.max(self.line + 1);
        Ok(Some(self.line))
    }

    pub(super) fn next(&mut self, cells: &mut Cells) -> Result<Option<Result<u64, BadRow>>, FileError> {
        loop {
            let Some(line) = self.read()? else { return Ok(None) };
            cells.clear(self.columns);
            for (cell, text) in cells.0.iter_mut().zip(self.record.iter()) {
                cell.push_str(text);
            }
            let width = self.record.len();
            let rest_is_blank = self.record.iter().skip(self.columns).all(|cell| cell.trim().is_empty());
            if cells.is_blank() && rest_is_blank {
                continue;
            }
            if width != self.columns {
                return Ok(Some(Err(BadRow {
                    line,
                    column: None,
                    code: "RAGGED",
                    message: format!("the row has {width} values, the header {}", self.columns),
                })));
            }
            return Ok(Some(Ok(line)));
        }
    }
}

/// Lets so many bytes through until it is told of the next record.
struct Bounded {
    inner: Utf8Reader,
    left: Rc<Cell<u64>>,
}

impl Read for Bounded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(out)?;
        self.left.set(self.left.get().saturating_sub(read as u64));
        Ok(read)
    }
}
