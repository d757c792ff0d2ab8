//! The OS keychain, probed before it is trusted, never waited for too long.

use std::sync::mpsc;
use std::time::Duration;

/// The service name of every entry.
const SERVICE: &str = "com.foredeck.console";
/// A locked keyring may pop a prompt and wait for a person.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why the keychain cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainProblem {
    /// No keychain service runs here.
    #[error("no keychain service runs on this machine")]
    Absent,
    /// It is locked and did not open.
    #[error("the keychain is locked")]
    Locked,
    /// It did not answer.
    #[error("the keychain did not answer")]
    Silent,
    /// It was switched off for this process.
    #[error("the keychain is switched off for this run")]
    Off,
    /// Anything else it says.
    #[error("the keychain refused: {0}")]
    Other(String),
}

/// The OS keychain, or none on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keychain {
    /// The one of the operating system.
    System,
    /// None: keys live in memory or the environment.
    Off,
}

impl Keychain {
    /// Writes, reads and deletes an entry to see whether the keychain really works: a locked one answers
    /// reads as if it were empty.
    ///
    /// # Errors
    /// [`KeychainProblem`].
    pub fn probe(self) -> Result<(), KeychainProblem> {
        let name = "probe";
        self.set(name, "works")?;
        let read = self.get(name);
        self.delete(name);
        if read.as_deref() == Some("works") { Ok(()) } else { Err(KeychainProblem::Locked) }
    }

    /// Reads an entry; None when there is none or the keychain does not work.
    pub fn get(self, name: &str) -> Option<String> {
        self.with_entry(name, |entry| entry.get_password()).ok()
    }

    /// Reads an entry; None only where the keychain works and has none.
    ///
    /// # Errors
    /// [`KeychainProblem`]: nobody can say whether there is one.
    pub fn look_up(self, name: &str) -> Result<Option<String>, KeychainProblem> {
        self.with_entry(name, |entry| match entry.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// [`KeychainProblem`].
    pub fn set(self, name: &str, secret: &str) -> Result<(), KeychainProblem> {
        let secret = zeroize::Zeroizing::new(secret.to_owned());
        self.with_entry(name, move |entry| entry.set_password(&secret))
    }

    /// Deletes an entry; nothing happens when there is none.
    pub fn delete(self, name: &str) {
        let _gone_either_way = self.with_entry(name, |entry| entry.delete_credential());
    }

    fn with_entry<T: Send + 'static>(
        self,
        name: &str,
        work: impl FnOnce(&keyring::Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<T, KeychainProblem> {
        if self == Self::Off {
            return Err(KeychainProblem::Off);
        }
        let name = name.to_owned();
        let (answer, answered) = mpsc::channel();
        // The call may wait for a prompt: a thread of its own, left behind when it takes too long.
        let spawned = std::thread::Builder::new().name("keychain".to_owned()).spawn(move || {
            let result = keyring::Entry::new(SERVICE, &name).and_then(|entry| work(&entry));
            let _caller_left = answer.send(result);
        });
        spawned.map_err(|error| KeychainProblem::Other(error.to_string()))?;
        match answered.recv_timeout(PATIENCE) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(problem(&error)),
            Err(_) => Err(KeychainProblem::Silent),
        }
    }
}

fn problem(error: &keyring::Error) -> KeychainProblem {
    match error {
        keyring::Error::NoDefaultStore => KeychainProblem::Absent,
        keyring::Error::NoStorageAccess(_) => KeychainProblem::Locked,
        keyring::Error::NoEntry => KeychainProblem::Other("there is no such entry".to_owned()),
        other => KeychainProblem::Other(other.to_string()),
    }
}
