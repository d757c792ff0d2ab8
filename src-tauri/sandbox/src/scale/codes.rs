//! Ids that hold their order's number, scrambled, so that no map from id to number is needed.

use crate::objects::Kind;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BITS: u64 = 40;
const MASK: u64 = (1 << BITS) - 1;
/// Odd, so that multiplication modulo 2^40 can be undone.
const FACTOR: u64 = 0x5D_3C1B_97A5;
/// Keeps the first ids from being all zeros.
const OFFSET: u64 = 0x3A_7F19_C0DE;
/// Base-62 characters that hold 40 bits.
const CODE: usize = 7;

/// A well-mixed number of (seed, order, purpose).
pub(super) fn hash(seed: u64, n: u64, purpose: u64) -> u64 {
    let mut x = seed ^ n.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ purpose.wrapping_mul(0xD1B5_4A32_D192_ED03);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// An id: prefix, the scrambled number, then `tail` characters that follow from (seed, number).
pub(super) fn id(prefix: &str, seed: u64, n: u64, length: usize) -> String {
    let mut id = String::with_capacity(prefix.len() + length);
    id.push_str(prefix);
    let mut code = n.wrapping_add(OFFSET).wrapping_mul(FACTOR) & MASK;
    for _ in 0..CODE {
        id.push(ALPHABET[(code % 62) as usize] as char);
        code /= 62;
    }
    let mut left = length - CODE;
    let mut round =
        prefix.len() as u64 * 131 + u64::from(prefix.as_bytes()[0]) * 7 + u64::from(prefix.as_bytes()[1]);
    while left > 0 {
        let mut drawn = hash(seed, n, round);
        for _ in 0..left.min(10) {
            id.push(ALPHABET[(drawn % 62) as usize] as char);
            drawn /= 62;
        }
        left -= left.min(10);
        round += 1 << 20;
    }
    id
}

/// A request's id.
pub(crate) fn request_id(seed: u64, number: u64) -> String {
    id("req_", seed ^ 0x5EED, number, 14)
}

/// The number in an id, which may be any number if the id is not one of ours.
pub(super) fn number_in(kind: Kind, id: &str) -> Option<u64> {
    let skip = match kind {
        Kind::Session => 10,
        Kind::Customer => 4,
        Kind::Intent | Kind::Charge | Kind::Refund | Kind::Dispute => 4,
        Kind::Product | Kind::Price | Kind::Endpoint => return None,
    };
    let code = id.as_bytes().get(skip..skip + CODE)?;
    let mut value: u64 = 0;
    for byte in code.iter().rev() {
        let digit = ALPHABET.iter().position(|a| a == byte)? as u64;
        value = value.checked_mul(62)?.checked_add(digit)?;
    }
    (value <= MASK).then(|| value.wrapping_mul(inverse()).wrapping_sub(OFFSET) & MASK)
}

/// The inverse of `FACTOR` modulo 2^40, by Newton's iteration.
const fn inverse() -> u64 {
    let mut x: u64 = FACTOR;
    let mut round = 0;
    while round < 6 {
        x = x.wrapping_mul(2u64.wrapping_sub(FACTOR.wrapping_mul(x)));
        round += 1;
    }
    x & MASK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_gives_its_number_back() {
        for n in [0, 1, 61, 62, 999_999, 4_294_967_295] {
            for (kind, prefix, length) in
                [(Kind::Session, "cs_test_a1", 56), (Kind::Intent, "pi_3", 23), (Kind::Customer, "cus_", 14)]
            {
                let id = id(prefix, 7, n, length);
                assert_eq!(id.len(), prefix.len() + length);
                assert_eq!(number_in(kind, &id), Some(n), "{id}");
            }
        }
    }
}
