//! E-mail addresses as keys: trimmed, lower-cased, nothing cleverer.

/// Longest address accepted as a key (RFC 5321 allows 254 octets).
const MAX_LEN: usize = 254;

/// Normalises an e-mail to the key that joins a person across systems.
///
/// Trims, lower-cases, and refuses what cannot be an address: without exactly one `@` between two
/// non-empty parts, with white space or control characters inside, or longer than 254 bytes. Dots and
/// `+tags` are kept: two addresses that a mail server may tell apart are two people here.
pub fn normalize(raw: &str) -> Option<String> {
    let trimmed = raw.trim();
    if trimmed.is_empty() || trimmed.len() > MAX_LEN {
        return None;
    }
    let (local, host) = trimmed.split_once('@')?;
    if local.is_empty() || host.is_empty() || host.contains('@') {
        return None;
    }
    if trimmed.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    Some(trimmed.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn addresses_become_keys_and_other_text_does_not() {
        assert_eq!(normalize("  Ann@Example.COM "), Some("ann@example.com".to_owned()));
        assert_eq!(normalize("a+b@x.org"), Some("a+b@x.org".to_owned()));
        for bad in ["", "   ", "ann", "@x", "ann@", "a@b@c", "a b@c.d", "a\u{0}@b.c"] {
            assert_eq!(normalize(bad), None, "{bad:?}");
        }
    }
}
