//! The key that the audit is chained with. It lives in the keychain and leaves this room only as tags.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Keychain;

/// Bytes of a key and of a tag.
const BYTES: usize = 32;

/// A key for one store's audit; without a keychain there is none, and tags are plain digests.
#[derive(Clone)]
pub struct AuditKey(Option<Arc<Zeroizing<[u8; BYTES]>>>);

/// How far the audit had come when its head was last kept in the keychain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// Rows.
    pub count: i64,
    /// The last row's tag, hexadecimal.
    pub hash: String,
}

impl AuditKey {
    /// No key: whoever can write the file can write the audit anew.
    pub const NONE: Self = Self(None);

    /// Finds the store's key, or makes one; [`Self::NONE`] where no keychain works.
    pub fn find_or_make(keychain: Keychain, store: &str) -> Self {
        let name = format!("audit:{store}");
        // A key that cannot be read now must not be written over: the rows it made would belong to nobody. A locked keychain
        // may answer as if it were empty, so that it is seen to work before it is believed.
        let found = match keychain.look_up(&name) {
            Ok(None) => keychain.probe().and_then(|()| keychain.look_up(&name)),
            found => found,
        };
        match found {
            Ok(Some(text)) => {
                if let Some(key) = Self::parse(&text) {
                    return key;
                }
            }
            Ok(None) => {}
            Err(_) => return Self::NONE,
        }
        let made = Zeroizing::new(rand::random::<[u8; BYTES]>());
        if keychain.set(&name, &Zeroizing::new(hex(&*made))).is_err() {
            return Self::NONE;
        }
        // Another process may have made one at the same time: what the keychain now holds is the key.
        keychain.get(&name).and_then(|text| Self::parse(&text)).unwrap_or(Self::NONE)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != BYTES * 2 || !text.is_ascii() {
            return None;
        }
        let mut key = Zeroizing::new([0; BYTES]);
        for (index, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
        }
        Some(Self(Some(Arc::new(key))))
    }

    /// Whether there is a key.
    pub fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// A name for the key that tells nothing of it; `none` where there is none.
    pub fn id(&self) -> String {
        if self.0.is_some() { hex(&self.tag(&[b"foredeck audit key"])[..6]) } else { "none".to_owned() }
    }

    /// The tag of these parts, in their order; each goes in with its length.
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; BYTES] {
        match &self.0 {
            Some(key) => {
                let mut mac =
                    Hmac::<Sha256>::new_from_slice(key.as_slice()).expect("HMAC takes a key of any length");
                for part in parts {
                    mac.update(&(part.len() as u64).to_le_bytes());
                    mac.update(part);
                }
                mac.finalize().into_bytes().into()
            }
            None => {
                let mut digest = Sha256::new();
                for part in parts {
                    digest.update((part.len() as u64).to_le_bytes());
                    digest.update(part);
                }
                digest.finalize().into()
            }
        }
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditKey({})", self.id())
    }
}

impl AuditHead {
    /// The head last kept for a store; None where there is none.
    pub fn find(keychain: Keychain, store: &str) -> Option<Self> {
        let text = keychain.get(&entry_name(store))?;
        let (count, hash) = text.split_once(' ')?;
        Some(Self { count: count.parse().ok()?, hash: hash.to_owned() })
    }

    /// Keeps a head that is further on than the one kept; where no keychain works nothing is kept.
    pub fn keep(&self, keychain: Keychain, store: &str) {
        if Self::find(keychain, store).is_none_or(|kept| kept.count < self.count)
            && let Err(error) = keychain.set(&entry_name(store), &format!("{} {}", self.count, self.hash))
        {
            tracing::debug!(store, %error, "the audit's head is not kept");
        }
    }
}

fn entry_name(store: &str) -> String {
    format!("audit-head:{store}")
}

/// Bytes as hexadecimal text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other_and_another_key_makes_another_tag() {
        let one = AuditKey::parse(&"0a".repeat(32)).unwrap();
        let other = AuditKey::parse(&"0b".repeat(32)).unwrap();
        assert_ne!(one.tag(&[b"ab", b"c"]), one.tag(&[b"a", b"bc"]));
        assert_ne!(one.tag(&[b"a"]), other.tag(&[b"a"]));
        assert_ne!(one.tag(&[b"a"]), AuditKey::NONE.tag(&[b"a"]));
        assert_eq!(one.id(), one.clone().id());
        assert_ne!(one.id(), other.id());
        assert_eq!(AuditKey::NONE.id(), "none");
        assert!(AuditKey::parse("zz").is_none() && AuditKey::parse(&"zz".repeat(32)).is_none());
        assert!(!format!("{one:?}").contains("0a0a"));
    }
}
