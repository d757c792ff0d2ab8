//! The journal: accepted writes as JSON lines, replayed at start, so that a practice store survives a restart.

use super::answer::Answer;
use super::form::Form;
use super::idempotency::Idempotency;
use crate::world::{Origin, World};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

/// One accepted write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// World time.
    pub at: i64,
    pub act: Act,
}

/// What was written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    /// The first line: the shop whose writes follow. `at` is when its past began.
    Begin { seed: u64 },
    /// A write to the API.
    Http {
        delete: bool,
        path: String,
        params: Vec<(String, String)>,
        account: String,
        request_id: String,
        idempotency_key: Option<String>,
    },
    /// A story told over `/_sandbox/story`.
    Story { op: String, args: serde_json::Value },
    /// An order placed over `/_sandbox/order`.
    Order(serde_json::Value),
}

pub(crate) struct Journal {
    file: File,
}

/// The beginning of the shop that a journal belongs to, if there is a journal.
pub(crate) fn beginning(path: &Path, seed: u64) -> io::Result<Option<i64>> {
    if !path.exists() {
        return Ok(None);
    }
    let mut line = String::new();
    BufReader::new(File::open(path)?).read_line(&mut line)?;
    match serde_json::from_str(&line) {
        Ok(Entry { at, act: Act::Begin { seed: written } }) if written == seed => Ok(Some(at)),
        Ok(Entry { act: Act::Begin { seed: written }, .. }) => Err(io::Error::other(format!(
            "the journal {} belongs to a shop with seed {written}, not {seed}",
            path.display()
        ))),
        _ if line.is_empty() => Ok(None),
        _ => Err(io::Error::other(format!("{} is not a journal of this sandbox", path.display()))),
    }
}

impl Journal {
    /// Replays what is there and opens the file for more.
    pub(crate) fn open(
        path: &Path,
        seed: u64,
        world: &mut World,
        idempotency: &mut Idempotency,
    ) -> io::Result<Journal> {
        let begun = Entry { at: world.now(), act: Act::Begin { seed } };
        if path.exists() {
            for line in BufReader::new(File::open(path)?).lines() {
                let line = line?;
                match serde_json::from_str::<Entry>(&line) {
                    Ok(entry) => replay(entry, world, idempotency),
                    // A run that was killed while it wrote leaves half a line; the write it stood for was not answered.
                    Err(error) => {
                        tracing::warn!(%error, "The journal has a line that cannot be read; it is skipped.")
                    }
                }
            }
        }
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if file.metadata()?.len() > 0 && !ends_with_newline(path)? {
            file.write_all(b"\n")?;
        }
        let new = file.metadata()?.len() == 0;
        let mut journal = Journal { file };
        if new {
            journal.append(&begun);
        }
        Ok(journal)
    }

    pub(crate) fn append(&mut self, entry: &Entry) {
        let mut line = serde_json::to_vec(entry).expect("a journal entry is plain data");
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            tracing::error!(%error, "A write could not be added to the journal; it will be missing after a restart.");
        }
    }
}

fn ends_with_newline(path: &Path) -> io::Result<bool> {
    Ok(std::fs::read(path)?.last() == Some(&b'\n'))
}

fn replay(entry: Entry, world: &mut World, idempotency: &mut Idempotency) {
    world.advance_to(entry.at);
    match entry.act {
        Act::Begin { .. } => {}
        Act::Http { delete, path, params, account, request_id, idempotency_key } => {
            let form = Form::from_pairs(params);
            let segments: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
            if let Some(key) = &idempotency_key {
                let admitted = idempotency.admit(&account, key, &path, &form.fingerprint(), entry.at);
                debug_assert!(admitted.is_ok(), "the journal holds each key once a day");
            }
            world.asked_by(Some(Origin {
                request_id: Some(request_id.clone()),
                idempotency_key: idempotency_key.clone(),
            }));
            let told = super::writes::write(world, delete, &segments, &form);
            world.asked_by(None);
            if let Some(key) = &idempotency_key {
                let answer = told.map_or_else(|r| Answer::refused(&r, &request_id), Answer::ok);
                idempotency.store(&account, key, &answer);
            }
        }
        Act::Story { op, args } => {
            if let Err(refusal) = super::stories::tell(world, &op, &args) {
                tracing::warn!(%refusal, op, "A story of the journal could not be told again.");
            }
        }
        Act::Order(order) => {
            if let Err(refusal) = super::stories::place_order(world, &order) {
                tracing::warn!(%refusal, "An order of the journal could not be placed again.");
            }
        }
    }
}
