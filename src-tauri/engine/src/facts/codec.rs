//! Stored bodies: zstd, with dictionaries trained on the first bodies of each family and kept in the file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex};

use rusqlite::{OptionalExtension, Transaction, params};
use zstd::bulk::{Compressor, Decompressor};

use crate::db::{Connection, DbError, DbResult};

const LEVEL: i32 = 1;
const DICTIONARY_BYTES: usize = 32 * 1024;
/// Bodies gathered before a dictionary is trained.
const SAMPLES: usize = 400;
/// Refuses to unpack more than this from one body (a damaged length field).
const MAX_BODY: usize = 64 * 1024 * 1024;

/// A packed body and the dictionary it needs (0 for none).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The dictionary's id.
    pub dictionary: i64,
    /// zstd frame.
    pub body: Vec<u8>,
}

/// Packs bodies. One a mirror; shared between the threads that prepare batches.
#[derive(Clone, Default)]
pub struct Codec {
    families: Arc<Mutex<HashMap<u8, Family>>>,
}

#[derive(Default)]
struct Family {
    dictionary: i64,
    bytes: Option<Arc<Vec<u8>>>,
    samples: Vec<Vec<u8>>,
    idle: Vec<Compressor<'static>>,
}

/// A dictionary that was trained and waits to be stored.
pub struct Trained {
    family: u8,
    bytes: Vec<u8>,
}

impl Codec {
    /// Loads the newest dictionary of each family from the file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn load(connection: &Connection) -> DbResult<Self> {
        let codec = Self::default();
        let mut statement = connection.prepare("SELECT id, made_at, body FROM dictionary ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get("id")?;
            let body: Vec<u8> = row.get("body")?;
            // Ids carry the family in their low byte.
            codec.adopt((id & 0xff) as u8, id, body);
        }
        drop(rows);
        drop(statement);
        Ok(codec)
    }

    fn adopt(&self, family: u8, id: i64, bytes: Vec<u8>) {
        let mut families = self.families.lock().expect("packing does not panic");
        let family = families.entry(family).or_default();
        family.dictionary = id;
        family.bytes = Some(Arc::new(bytes));
        family.samples = Vec::new();
        family.idle.clear();
    }

    /// Packs bodies of one family; may hand back a dictionary to be stored for the next ones.
    ///
    /// # Errors
    /// zstd failed, which it does for want of memory only.
    pub fn pack_all<'a>(
        &self,
        family: u8,
        bodies: impl Iterator<Item = &'a [u8]>,
    ) -> DbResult<(Vec<Packed>, Option<Trained>)> {
        let (mut compressor, dictionary, gathering) = self.borrow(family)?;
        let mut packed = Vec::new();
        let mut samples = Vec::new();
        for body in bodies {
            let frame = compressor.compress(body).map_err(|error| DbError::Corrupt(error.to_string()))?;
            packed.push(Packed { dictionary, body: frame });
            if gathering {
                samples.push(body.to_vec());
            }
        }
        Ok((packed, self.give_back(family, dictionary, compressor, samples)))
    }

    fn borrow(&self, family: u8) -> DbResult<(Compressor<'static>, i64, bool)> {
        let mut families = self.families.lock().expect("packing does not panic");
        let family = families.entry(family).or_default();
        let gathering = family.bytes.is_none();
        if let Some(compressor) = family.idle.pop() {
            return Ok((compressor, family.dictionary, gathering));
        }
        let bytes = family.bytes.as_deref().map_or(&[][..], Vec::as_slice);
        let mut compressor =
            Compressor::with_dictionary(LEVEL, bytes).map_err(|error| DbError::Corrupt(error.to_string()))?;
        for plain in [
            zstd::zstd_safe::CParameter::ContentSizeFlag(true),
            zstd::zstd_safe::CParameter::DictIdFlag(false),
        ] {
            compressor.set_parameter(plain).map_err(|error| DbError::Corrupt(error.to_string()))?;
        }
        Ok((compressor, family.dictionary, gathering))
    }

    fn give_back(
        &self,
        number: u8,
        dictionary: i64,
        compressor: Compressor<'static>,
        samples: Vec<Vec<u8>>,
    ) -> Option<Trained> {
        let mut families = self.families.lock().expect("packing does not panic");
        let family = families.entry(number).or_default();
        if family.dictionary == dictionary {
            family.idle.push(compressor);
        }
        if family.bytes.is_some() || samples.is_empty() {
            return None;
        }
        family.samples.extend(samples);
        if family.samples.len() < SAMPLES {
            return None;
        }
        let samples = std::mem::take(&mut family.samples);
        drop(families);
        let bytes = zstd::dict::from_samples(&samples, DICTIONARY_BYTES).ok()?;
        Some(Trained { family: number, bytes })
    }

    /// Stores a trained dictionary and uses it from then on. Call in the transaction before its users.
    ///
    /// # Errors
    /// The write failed; bodies go on without a dictionary.
    pub fn keep(&self, transaction: &Transaction<'_>, trained: Trained, now: i64) -> DbResult<Adopt> {
        let family = i64::from(trained.family);
        let last: Option<i64> = transaction
            .query_row("SELECT max(id) FROM dictionary WHERE (id & 255) = ?1", [family], |row| row.get(0))
            .optional()?
            .flatten();
        let id = last.map_or(256 + family, |last| last + 256);
        transaction.execute(
            "INSERT INTO dictionary (id, made_at, body) VALUES (?1, ?2, ?3)",
            params![id, now, trained.bytes],
        )?;
        Ok(Adopt { codec: self.clone(), family: trained.family, id, bytes: trained.bytes })
    }
}

/// A stored dictionary that may be used once its transaction is committed.
pub struct Adopt {
    codec: Codec,
    family: u8,
    id: i64,
    bytes: Vec<u8>,
}

impl Adopt {
    /// Uses it from now on.
    pub fn now(self) {
        self.codec.adopt(self.family, self.id, self.bytes);
    }
}

/// Unpacks a stored body.
///
/// # Errors
/// The dictionary is gone or the frame is damaged.
pub fn unpack(connection: &Connection, dictionary: i64, body: &[u8]) -> DbResult<Vec<u8>> {
    Unpacker::with(&dictionary_bytes(connection, dictionary)?)?.unpack(body)
}

fn dictionary_bytes(connection: &Connection, dictionary: i64) -> DbResult<Vec<u8>> {
    if dictionary == 0 {
        return Ok(Vec::new());
    }
    connection
        .prepare_cached("SELECT body FROM dictionary WHERE id = ?1")?
        .query_row([dictionary], |row| row.get(0))
        .optional()?
        .ok_or_else(|| DbError::Corrupt(format!("dictionary {dictionary} is missing")))
}

/// Unpacks many bodies of one dictionary.
pub struct Unpacker<'a>(Decompressor<'a>);

impl<'a> Unpacker<'a> {
    fn with(bytes: &[u8]) -> DbResult<Self> {
        Decompressor::with_dictionary(bytes).map(Self).map_err(|error| DbError::Corrupt(error.to_string()))
    }

    /// Unpacks one body.
    ///
    /// # Errors
    /// The frame is damaged.
    pub fn unpack(&mut self, body: &[u8]) -> DbResult<Vec<u8>> {
        let size = zstd::zstd_safe::get_frame_content_size(body).ok().flatten().unwrap_or(0);
        let size = usize::try_from(size).unwrap_or(usize::MAX).min(MAX_BODY);
        self.0.decompress(body, size).map_err(|error| DbError::Corrupt(error.to_string()))
    }
}

/// Unpacks bodies of any dictionary, keeping what it loaded.
#[derive(Default)]
pub struct Unpackers(HashMap<i64, Unpacker<'static>>);

impl Unpackers {
    /// Unpacks one body.
    ///
    /// # Errors
    /// The dictionary is gone or the frame is damaged.
    pub fn unpack(&mut self, connection: &Connection, dictionary: i64, body: &[u8]) -> DbResult<Vec<u8>> {
        let unpacker = match self.0.entry(dictionary) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Unpacker::with(&dictionary_bytes(connection, dictionary)?)?),
        };
        unpacker.unpack(body)
    }
}
