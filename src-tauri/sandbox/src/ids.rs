//! Ids that look like Stripe's: right prefix, right length, and no order to lean on.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Appends `count` random base-62 characters.
pub(crate) fn tail(rng: &mut ChaCha8Rng, prefix: &str, count: usize) -> String {
    let mut id = String::with_capacity(prefix.len() + count);
    id.push_str(prefix);
    for _ in 0..count {
        id.push(ALPHABET[rng.random_range(0..62)] as char);
    }
    id
}

/// A checkout session's id, 66 characters.
pub(crate) fn session(rng: &mut ChaCha8Rng, livemode: bool) -> String {
    tail(rng, if livemode { "cs_live_a1" } else { "cs_test_a1" }, 56)
}

/// An idempotency key as Stripe's own front end sends one.
pub(crate) fn uuid(rng: &mut ChaCha8Rng) -> String {
    let a: u128 = rng.random();
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        (a >> 96) as u32,
        (a >> 80) as u16,
        (a >> 64) as u16 & 0xfff,
        ((a >> 48) as u16 & 0x3fff) | 0x8000,
        a as u64 & 0xffff_ffff_ffff
    )
}
