//! A file read and judged: its columns mapped, its rows made normal, its keys counted.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::path::PathBuf;

use chrono_tz::Tz;
use tokio::sync::mpsc;
use xxhash_rust::xxh3::xxh3_64;

use super::{ImportError, ImportPreview, MappedField, blocking};
use crate::db::{Db, DbError};
use crate::domain::shop::ShopKind;
use crate::facts::imports::{ImportRow, last_mapping};
use crate::projections::schema::require_current;
use crate::shop_files::{BadRow, Cells, FileError, FileFormat, Mapping, Normal, Opened, Saved, open};

/// Rows that go from the reader to the mirror at a time.
const CHUNK: usize = 5_000;
/// Rows shown before an import.
const SAMPLE: usize = 8;

/// A file with its mapping.
pub(super) struct Checked {
    pub(super) file: Opened,
    pub(super) mapping: Mapping,
}

/// Opens a file and maps its columns, as asked, as last time, or as they look.
pub(super) async fn check(
    db: &Db,
    kind: ShopKind,
    path: PathBuf,
    asked: Saved,
) -> Result<Checked, ImportError> {
    let saved = db
        .read(move |connection| {
            require_current(connection)?;
            last_mapping(connection, kind)
        })
        .await?;
    let saved = saved.and_then(|text| serde_json::from_str::<Saved>(&text).ok());
    let checked = blocking(move || {
        let file = open(&path)?;
        let mapping = Mapping::choose(kind, &file.columns, &asked, saved.as_ref())?;
        Ok::<_, FileError>(Checked { file, mapping })
    });
    Ok(checked.await??)
}

/// Looks at a file: what it is written in, its columns and what they are taken for, its first rows.
///
/// # Errors
/// The file cannot be read, or what was asked for is not there.
pub async fn preview(
    db: &Db,
    kind: ShopKind,
    path: PathBuf,
    asked: Saved,
    zone: Tz,
) -> Result<ImportPreview, ImportError> {
    let checked = check(db, kind, path, asked).await?;
    blocking(move || describe(&checked, zone)).await?.map_err(ImportError::File)
}

fn describe(checked: &Checked, zone: Tz) -> Result<ImportPreview, FileError> {
    let Checked { file, mapping } = checked;
    let mut problems: Vec<String> = mapping.missing().iter().map(ToString::to_string).collect();
    let sample = match file.sample(SAMPLE) {
        Err(none @ FileError::NoRows) => {
            problems.push(none.to_string());
            Vec::new()
        }
        other => other?,
    };
    if problems.is_empty() {
        let normal = Normal::new(mapping, zone);
        let bad = sample.iter().filter_map(|cells| normal.row(&Cells(cells.clone()), 0).err());
        let told = bad.map(|bad| match bad.column {
            Some(column) => format!("{column}: {}", bad.message),
            None => bad.message,
        });
        problems.extend(told);
        problems.dedup();
    }
    let map = mapping.fields.iter().map(|mapped| MappedField {
        field: mapped.field.as_str().to_owned(),
        column: mapped.column.map(|place| file.columns[place].clone()),
        required: mapped.required,
        guessed: mapped.guessed,
    });
    let (format, delimiter) = match file.format {
        FileFormat::Csv { delimiter } => ("csv", Some(char::from(delimiter).to_string())),
        FileFormat::Jsonl => ("jsonl", None),
    };
    Ok(ImportPreview {
        format: format.to_owned(),
        encoding: file.encoding().to_owned(),
        delimiter,
        columns: file.columns.clone(),
        map: map.collect(),
        sample,
        problems,
    })
}

/// Some rows of a file: those that can be taken, and why the others cannot.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) rows: Vec<ImportRow>,
    pub(super) bad: Vec<BadRow>,
}

/// Reads every row of a file and sends them on; waits while as many wait as may.
pub(super) fn read_rows(checked: &Checked, zone: Tz, to: &mpsc::Sender<Chunk>) -> Result<(), ImportError> {
    if let Some(missing) = checked.mapping.missing() {
        return Err(missing.into());
    }
    let kind = checked.mapping.kind;
    let normal = Normal::new(&checked.mapping, zone);
    let mut rows = checked.file.rows()?;
    let (mut cells, mut seen, mut chunk, mut any) =
        (Cells::default(), Seen::default(), Chunk::default(), false);
    while let Some(read) = rows.next(&mut cells)? {
        any = true;
        match read.and_then(|line| Ok((line, normal.row(&cells, line)?))) {
            Err(bad) => chunk.bad.push(bad),
            Ok((line, row)) => {
                let body = serde_json::to_string(&row)
                    .map_err(|error| DbError::Corrupt(format!("row {line}: {error}")))?;
                match seen.key(row.key(kind), &body, line) {
                    Ok(row_key) => {
                        let line = i64::try_from(line).unwrap_or(i64::MAX);
                        chunk.rows.push(ImportRow { line, row_key, body });
                    }
                    Err(twice) => chunk.bad.push(twice),
                }
            }
        }
        if chunk.rows.len() + chunk.bad.len() >= CHUNK
            && to.blocking_send(std::mem::take(&mut chunk)).is_err()
        {
            // Whoever stores them has stopped, and says why.
            return Ok(());
        }
    }
    if !any {
        return Err(FileError::NoRows.into());
    }
    let _stopped = to.blocking_send(chunk);
    Ok(())
}

/// Keys met so far, by digest: a million of them take some 35 MB, whatever their length.
struct Seen(Vec<HashMap<u64, u32, BuildHasherDefault<Digest>>>);

impl Default for Seen {
    /// Many small maps: each is small while it grows.
    fn default() -> Self {
        Self(vec![HashMap::default(); 64])
    }
}

impl Seen {
    /// The key of a row. One without an id is its content, and how many rows before it had the same.
    fn key(&mut self, id: Option<String>, body: &str, line: u64) -> Result<String, BadRow> {
        let Some(id) = id else {
            let digest = xxh3_64(body.as_bytes());
            // Not the digest of any id: ids are hashed as they are.
            let times = self.slot(digest ^ u64::MAX).or_insert(0);
            *times += 1;
            return Ok(format!("#{digest:016x}.{times}"));
        };
        let line32 = u32::try_from(line).unwrap_or(u32::MAX);
        let first = *self.slot(xxh3_64(id.as_bytes())).or_insert(line32);
        if first == line32 {
            return Ok(id);
        }
        let shown: String = id.replace('\u{1f}', " ").chars().take(60).collect();
        Err(BadRow {
            line,
            column: None,
            code: "TWICE",
            message: format!("{shown:?} is on line {first} already"),
        })
    }

    fn slot(&mut self, digest: u64) -> std::collections::hash_map::Entry<'_, u64, u32> {
        self.0[usize::try_from(digest >> 58).unwrap_or(0)].entry(digest)
    }
}

/// A digest is its own hash.
#[derive(Default, Clone)]
struct Digest(u64);

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        // The top bits chose the map: the table's own bits come from the others.
        self.0.rotate_left(6)
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u64(&mut self, digest: u64) {
        self.0 = digest;
    }
}
