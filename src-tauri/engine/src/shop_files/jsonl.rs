//! Rows as JSON objects, one a line; objects inside them one level deep, by dotted name. Numbers stay as written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader};

use serde_json::value::RawValue;

use super::decode::Utf8Reader;
use super::source::{Cells, MAX_RECORD};
use super::{BadRow, FileError};

/// Columns a file has at most: objects whose names are data would have one for every row.
const MOST_COLUMNS: usize = 2_000;

type Object<'a> = BTreeMap<String, &'a RawValue>;

/// The names of all rows, each once, in the order they are met: one that only the last row has is a column too.
pub(super) fn columns(reader: Utf8Reader) -> Result<Vec<String>, FileError> {
    let mut rows = JsonRows::new(reader, &[]);
    let (mut names, mut known) = (Vec::new(), HashSet::new());
    while let Some(line) = rows.read()? {
        let Ok(object) = serde_json::from_str::<Object<'_>>(&rows.text) else {
            if line == 1 && rows.text.trim() == "{" {
                return Err(FileError::NotJsonLines);
            }
            continue;
        };
        each(&object, &mut |name, _| {
            if names.len() < MOST_COLUMNS && !known.contains(name) {
                known.insert(name.to_owned());
                names.push(name.to_owned());
            }
        });
    }
    Ok(names)
}

/// Every value with its dotted name.
fn each(object: &Object<'_>, told: &mut dyn FnMut(&str, &str)) {
    for (name, value) in object {
        let value = value.get();
        match value.starts_with('{').then(|| serde_json::from_str::<Object<'_>>(value)) {
            Some(Ok(inner)) => {
                for (below, value) in inner {
                    told(&format!("{name}.{below}"), value.get());
                }
            }
            _ => told(name, value),
        }
    }
}

/// Objects of a JSONL file.
pub struct JsonRows {
    reader: BufReader<Utf8Reader>,
    places: HashMap<String, usize>,
    text: String,
    line: u64,
}

impl JsonRows {
    pub(super) fn new(reader: Utf8Reader, columns: &[String]) -> Self {
        let places = columns.iter().enumerate().map(|(place, name)| (name.clone(), place)).collect();
        Self { reader: BufReader::with_capacity(64 * 1024, reader), places, text: String::new(), line: 0 }
    }

    /// Reads the next line that is not blank; says its number.
    fn read(&mut self) -> Result<Option<u64>, FileError> {
        loop {
            let mut bytes = std::mem::take(&mut self.text).into_bytes();
            bytes.clear();
            let mut ended = false;
            while !ended {
                let block = self.reader.fill_buf().map_err(FileError::Io)?;
                if block.is_empty() {
                    break;
                }
                let end = memchr::memchr(b'\n', block);
                let taken = end.map_or(block.len(), |at| at + 1);
                bytes.extend_from_slice(&block[..taken]);
                self.reader.consume(taken);
                ended = end.is_some();
                if bytes.len() as u64 > MAX_RECORD {
                    return Err(FileError::TooLong(self.line + 1));
                }
            }
            if bytes.is_empty() {
                return Ok(None);
            }
            self.line += 1;
            self.text = String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
            if !self.text.trim().is_empty() {
                return Ok(Some(self.line));
            }
        }
    }

    pub(super) fn next(&mut self, cells: &mut Cells) -> Result<Option<Result<u64, BadRow>>, FileError> {
        let Some(line) = self.read()? else { return Ok(None) };
        cells.clear(self.places.len());
        let object = match serde_json::from_str::<Object<'_>>(&self.text) {
            Ok(object) => object,
            Err(error) => {
                let message = format!("the line is not a JSON object (column {})", error.column());
                return Ok(Some(Err(BadRow { line, column: None, code: "NOT_JSON", message })));
            }
        };
        each(&object, &mut |name, value| {
            let Some(place) = self.places.get(name) else { return };
            let cell = &mut cells.0[*place];
            match value.as_bytes().first() {
                Some(b'n') => {}
                Some(b'"') => match serde_json::from_str::<String>(value) {
                    Ok(text) => *cell = text,
                    Err(_) => cell.push_str(value),
                },
                _ => cell.push_str(value),
            }
        });
        Ok(Some(Ok(line)))
    }
}
