//! Tells Chinese text from Latin text that reads as Chinese by chance: in Windows-1252 an accented letter and what follows it are two
//! bytes that GB18030 has a character for.

use super::FileError;

/// Characters of more than one byte, run by run. Chinese ones stand beside others of their kind, or apart from letters; one that is a
/// letter and an accented letter, or two accented ones between letters, stands within a Latin word.
#[derive(Debug, Default)]
pub(super) struct Runs {
    at: u64,
    /// The byte before the run.
    before: u8,
    /// Characters of the run, and where it began.
    length: u64,
    began: u64,
    lead: u8,
    trail: u8,
    /// Bytes of the character that were read.
    read: u8,
    /// A character of four bytes is in the run: nothing else writes that.
    four: bool,
    chinese: u64,
    latin: u64,
    first_latin: u64,
}

impl Runs {
    /// Reads the next bytes of a text that is valid GB18030.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.take(*byte);
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) {
        match self.read {
            // 0x80 alone is the euro sign.
            0 if byte > 0x80 => {
                if self.length == 0 {
                    self.began = self.at;
                }
                (self.lead, self.read) = (byte, 1);
            }
            0 => self.end(byte),
            1 if byte.is_ascii_digit() => (self.four, self.read) = (true, 2),
            2 => self.read = 3,
            _ => {
                self.trail = byte;
                self.length += 1;
                self.read = 0;
            }
        }
    }

    fn end(&mut self, next: u8) {
        if self.length > 0 {
            let within = self.before.is_ascii_alphabetic() && next.is_ascii_alphabetic();
            let accented = is_accented(self.lead) && is_accented(self.trail);
            let latin = self.trail.is_ascii_alphabetic() || accented && within;
            if self.length == 1 && !self.four && latin {
                if self.latin == 0 {
                    self.first_latin = self.began;
                }
                self.latin += 1;
            } else {
                self.chinese += 1;
            }
        }
        (self.before, self.length, self.four) = (next, 0, false);
    }

    /// Says whether the text is Chinese.
    ///
    /// # Errors
    /// [`FileError::Latin`] where it looks Latin more often, or as often.
    pub(super) fn verdict(&mut self) -> Result<(), FileError> {
        self.end(0);
        if self.latin > 0 && self.latin >= self.chinese {
            return Err(FileError::Latin(self.first_latin));
        }
        Ok(())
    }
}

/// Letters of Windows-1252 beyond ASCII.
const fn is_accented(byte: u8) -> bool {
    byte >= 0xc0 || matches!(byte, 0x8a | 0x8c | 0x8e | 0x9a | 0x9c | 0x9e | 0x9f)
}

#[cfg(test)]
mod tests {
    use encoding_rs::{GB18030, WINDOWS_1252};

    use super::*;

    fn verdict(bytes: &[u8]) -> Result<(), u64> {
        let mut runs = Runs::default();
        for half in bytes.chunks(3) {
            runs.read(half);
        }
        runs.verdict().map_err(|error| match error {
            FileError::Latin(at) => at,
            _ => u64::MAX,
        })
    }

    #[test]
    fn accented_letters_within_words_are_not_chinese() {
        for text in
            ["M\u{fc}ller", "Gr\u{f6}\u{df}e", "\u{c5}ngstr\u{f6}m,Stra\u{df}e", "na\u{ef}ve", "\u{201c}so"]
        {
            let latin = WINDOWS_1252.encode(text).0;
            assert!(verdict(&latin).is_err(), "{text}");
        }
        assert_eq!(verdict(b"id,name\n1,M\xfcller\n"), Err(11));
    }

    #[test]
    fn chinese_text_is_chinese_with_latin_words_in_it_and_accents() {
        for text in [
            "\u{59d3}\u{540d},id",
            "u1,\u{738b}",
            "Li\u{674e}\u{56cd}",
            "M\u{fc}ller",
            "Gr\u{f6}\u{df}e",
            "\u{20ac}5",
            "plain",
            "",
        ] {
            let chinese = GB18030.encode(text).0;
            assert_eq!(verdict(&chinese), Ok(()), "{text}");
        }
        let mixed = [GB18030.encode("\u{59d3}\u{540d},\u{5907}\u{6ce8}\n").0.as_ref(), b"M\xfcller"].concat();
        assert_eq!(verdict(&mixed), Ok(()), "mostly Chinese");
    }
}
