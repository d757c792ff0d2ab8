//! Passphrases: typed, hashed with Argon2id, compared. A text of one never leaves this file.

use std::fmt;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::OperatorError;

/// OWASP's first choice for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SHORTEST: usize = 8;
const LONGEST: usize = 200;
const SALT_BYTES: usize = 16;

/// A passphrase as typed; wiped from memory when dropped.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a text as it was typed.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Hashes a new one; the PHC string comes back. Takes tens of milliseconds.
    ///
    /// # Errors
    /// It is too short, or far too long.
    pub(super) async fn hash(self) -> Result<String, OperatorError> {
        if !(SHORTEST..=LONGEST).contains(&self.0.chars().count()) {
            return Err(OperatorError::WeakPassphrase);
        }
        let work = tokio::task::spawn_blocking(move || {
            let salt = SaltString::encode_b64(&rand::random::<[u8; SALT_BYTES]>())?;
            let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            Ok::<_, argon2::password_hash::Error>(argon.hash_password(self.0.as_bytes(), &salt)?.to_string())
        });
        let hashed = work.await.map_err(|error| OperatorError::Hash(error.to_string()))?;
        hashed.map_err(|error| OperatorError::Hash(error.to_string()))
    }

    /// Whether it is the one of a PHC string, whose own costs are used.
    ///
    /// # Errors
    /// The PHC string is none.
    pub(super) async fn is(self, phc: String) -> Result<bool, OperatorError> {
        if self.0.chars().count() > LONGEST {
            return Ok(false);
        }
        let work = tokio::task::spawn_blocking(move || {
            let kept = PasswordHash::new(&phc)?;
            match Argon2::default().verify_password(self.0.as_bytes(), &kept) {
                Ok(()) => Ok(true),
                Err(argon2::password_hash::Error::Password) => Ok(false),
                Err(error) => Err(error),
            }
        });
        let found = work.await.map_err(|error| OperatorError::Hash(error.to_string()))?;
        found.map_err(|error| OperatorError::Hash(error.to_string()))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(...)")
    }
}

impl<'de> Deserialize<'de> for Passphrase {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Serde's own words would repeat what is there instead of a text.
        let text = String::deserialize(from)
            .map_err(|_| <D::Error as serde::de::Error>::custom("a passphrase is a text"))?;
        Ok(Self::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_passphrase_is_told_from_any_other_and_never_printed() {
        let phc = typed("correct horse").hash().await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(!phc.contains("horse"));
        assert!(typed("correct horse").is(phc.clone()).await.unwrap());
        for other in ["correct horsf", "", "correct horse ", &"x".repeat(100_000)] {
            assert!(!typed(other).is(phc.clone()).await.unwrap());
        }
        assert_ne!(typed("correct horse").hash().await.unwrap(), phc, "salted");
        assert!(typed("x").is("not a hash".to_owned()).await.is_err());
        assert_eq!(format!("{:?}", typed("correct horse")), "Passphrase(...)");
        let wrong = serde_json::from_value::<Passphrase>(serde_json::json!(12_345_678)).unwrap_err();
        assert!(!wrong.to_string().contains("1234"), "{wrong}");
    }

    #[tokio::test]
    async fn a_new_one_has_a_length() {
        for bad in ["", "seven77", &"x".repeat(201)] {
            assert!(matches!(typed(bad).hash().await, Err(OperatorError::WeakPassphrase)), "{bad}");
        }
        assert!(typed("密码密码密码密码").hash().await.is_ok(), "characters, not bytes");
    }
}
