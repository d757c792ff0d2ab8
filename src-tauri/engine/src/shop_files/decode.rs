//! Bytes to UTF-8: what a file is written in, found by reading it once, and a reader that decodes as it goes.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::FileError;
use super::runs::Runs;

const BUFFER: usize = 64 * 1024;

/// What a first reading of a file found.
#[derive(Debug, Clone)]
pub struct Look {
    /// The encoding; `bom` bytes before the text are no part of it.
    pub encoding: &'static Encoding,
    /// Length of the mark at the beginning.
    pub bom: u64,
    /// xxh3 of all bytes, in hexadecimal.
    pub digest: String,
}

/// Opens a file that is one.
pub fn open_file(path: &Path) -> Result<File, FileError> {
    let shown = || path.display().to_string();
    let told = |error: io::Error| match error.kind() {
        ErrorKind::NotFound => FileError::Missing(shown()),
        ErrorKind::PermissionDenied => FileError::Denied(shown()),
        _ => FileError::Io(error),
    };
    // A pipe would be read once, and we read twice.
    if !std::fs::metadata(path).map_err(told)?.is_file() {
        return Err(FileError::NotAFile(shown()));
    }
    File::open(path).map_err(told)
}

/// Reads a file once: its encoding and its digest.
pub fn look(file: &mut File) -> Result<Look, FileError> {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    let mut buffer = vec![0; BUFFER];
    let (mut at, mut begin, mut bad_utf8) = (0_u64, None, None);
    let mut tail: Vec<u8> = Vec::new();
    loop {
        let read = fill(file, &mut buffer)?;
        if read == 0 {
            break;
        }
        let bytes = &buffer[..read];
        hash.update(bytes);
        let (encoding, _) = *begin.get_or_insert_with(|| mark(bytes));
        if encoding == UTF_8 {
            if let Some(place) = memchr::memchr(0, bytes) {
                return Err(FileError::Binary(at + place as u64));
            }
            if bad_utf8.is_none() {
                bad_utf8 = check_utf8(&mut tail, bytes).map(|_place| ());
            }
        }
        at += read as u64;
    }
    let Some((mut encoding, bom)) = begin else { return Err(FileError::Empty) };
    if at <= bom {
        return Err(FileError::Empty);
    }
    if encoding == UTF_8 && (bad_utf8.is_some() || !tail.is_empty()) {
        encoding = GB18030;
        check_gb18030(file)?;
    }
    Ok(Look { encoding, bom, digest: format!("{:032x}", hash.digest128()) })
}

fn mark(bytes: &[u8]) -> (&'static Encoding, u64) {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => (UTF_8, 3),
        [0xff, 0xfe, ..] => (UTF_16LE, 2),
        [0xfe, 0xff, ..] => (UTF_16BE, 2),
        _ => (UTF_8, 0),
    }
}

/// Checks a block that may begin and end within a character; says where it is none.
fn check_utf8(tail: &mut Vec<u8>, bytes: &[u8]) -> Option<usize> {
    let joined;
    let block = if tail.is_empty() {
        bytes
    } else {
        joined = [tail.as_slice(), bytes].concat();
        joined.as_slice()
    };
    let (rest, wrong) = match std::str::from_utf8(block) {
        Ok(_) => (Vec::new(), None),
        Err(error) if error.error_len().is_none() => (block[error.valid_up_to()..].to_vec(), None),
        Err(error) => (Vec::new(), Some(error.valid_up_to())),
    };
    *tail = rest;
    wrong
}

fn check_gb18030(file: &mut File) -> Result<(), FileError> {
    file.seek(SeekFrom::Start(0)).map_err(FileError::Io)?;
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let (mut from, mut to) = (vec![0; BUFFER], vec![0; BUFFER * 3]);
    let (mut at, mut runs) = (0_u64, Runs::default());
    loop {
        let read = fill(file, &mut from)?;
        runs.read(&from[..read]);
        let mut rest = &from[..read];
        loop {
            let (result, used, _) = decoder.decode_to_utf8_without_replacement(rest, &mut to, read == 0);
            at += used as u64;
            rest = &rest[used..];
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return Err(FileError::Encoding(at.saturating_sub(1))),
            }
        }
        if read == 0 {
            return runs.verdict();
        }
    }
}

fn fill(file: &mut File, buffer: &mut [u8]) -> Result<usize, FileError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(FileError::Io(error)),
        }
    }
    Ok(filled)
}

/// Reads a file as UTF-8, whatever it is written in.
pub struct Utf8Reader {
    file: File,
    decoder: Option<Decoder>,
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
    finished: bool,
    done: bool,
}

impl Utf8Reader {
    /// Reads from the beginning, after the mark.
    pub fn new(mut file: File, look: &Look) -> Result<Self, FileError> {
        file.seek(SeekFrom::Start(look.bom)).map_err(FileError::Io)?;
        let decoder = (look.encoding != UTF_8).then(|| look.encoding.new_decoder_without_bom_handling());
        let buffer = if decoder.is_some() { vec![0; BUFFER] } else { Vec::new() };
        Ok(Self { file, decoder, buffer, begin: 0, end: 0, finished: false, done: false })
    }
}

impl Read for Utf8Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else { return self.file.read(out) };
        // A character takes up to four bytes.
        if out.len() < 4 {
            return Err(io::Error::other("the reader's buffer is too small"));
        }
        loop {
            if self.begin == self.end && !self.finished {
                self.begin = 0;
                self.end = self.file.read(&mut self.buffer)?;
                self.finished = self.end == 0;
            }
            if self.done {
                return Ok(0);
            }
            let (result, used, written, _) =
                decoder.decode_to_utf8(&self.buffer[self.begin..self.end], out, self.finished);
            self.begin += used;
            // A decoder that has said its last may not be asked again.
            self.done = self.finished && result == CoderResult::InputEmpty;
            if written > 0 || result == CoderResult::OutputFull || self.finished {
                return Ok(written);
            }
        }
    }
}
