//! The command line of the window.

use std::path::{Path, PathBuf};

use clap::Parser;

/// Opens the Foredeck window.
#[derive(Debug, Clone, Parser)]
#[command(name = "foredeck", version, about)]
pub(crate) struct Options {
    /// Open the practice store; it is made when there is none. Needs no key.
    #[arg(long, conflicts_with_all = ["no_sandbox", "store", "file"])]
    pub sandbox: bool,
    /// Leave the practice store's Stripe switched off.
    #[arg(long)]
    pub no_sandbox: bool,
    /// Where stores, mirrors and logs are kept.
    #[arg(long, value_name = "DIR", env = "FOREDECK_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// The store to open, by id or name.
    #[arg(long, value_name = "STORE", conflicts_with = "file")]
    pub store: Option<String>,
    /// A mirror file to open for reading: no key, no network.
    #[arg(long, value_name = "PATH")]
    pub file: Option<PathBuf>,
}

impl Options {
    /// With every path absolute.
    pub fn absolute(self) -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        self.absolute_in(&here)
    }

    /// With every path absolute, as seen from a folder.
    pub fn absolute_in(mut self, folder: &Path) -> Self {
        self.data_dir = self.data_dir.map(|path| folder.join(path));
        self.file = self.file.map(|path| folder.join(path));
        self
    }

    /// The data folder, the usual one where none was named.
    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(foredeck_engine::registry::default_folder)
    }

    /// What the desktop knows this data folder's window by. It lasts: a second start finds the first one by it.
    pub fn instance_id(&self, identifier: &str) -> String {
        let folder = self.data_dir();
        if folder == foredeck_engine::registry::default_folder() {
            return identifier.to_owned();
        }
        let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
        format!("{identifier}.d{:016x}", fnv1a(folder.to_string_lossy().as_bytes()))
    }
}

/// FNV-1a, 64 bits: the same on every machine and in every version.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Options {
        Options::try_parse_from([&["foredeck"], arguments].concat()).unwrap().absolute_in(Path::new("/x"))
    }

    #[test]
    fn two_data_folders_are_two_instances() {
        let (one, other) = (read(&["--data-dir", "one"]), read(&["--data-dir", "other"]));
        assert_eq!(one.instance_id("a.b"), read(&["--data-dir", "/x/one"]).instance_id("a.b"));
        assert_ne!(one.instance_id("a.b"), other.instance_id("a.b"));
        assert!(one.instance_id("a.b").starts_with("a.b.d"));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for bad in [
            &["--sandbox", "--no-sandbox"][..],
            &["--sandbox", "--file", "x"],
            &["--store", "a", "--file", "x"],
        ] {
            assert!(Options::try_parse_from([&["foredeck"], bad].concat()).is_err(), "{bad:?}");
        }
        assert_eq!(read(&["--file", "a.mirror"]).file, Some(PathBuf::from("/x/a.mirror")));
    }
}
