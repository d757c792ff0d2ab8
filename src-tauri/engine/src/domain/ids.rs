//! Ids: which texts can be a preorderId, and what a pasted id may be.

/// Longest preorderId that joins objects (Stripe's metadata values hold 500 characters).
const MAX_PREORDER_ID: usize = 200;

/// Ids of Stripe's and our own objects. An order without a preorderId has one of these as its id.
const OBJECT_PREFIXES: [&str; 12] =
    ["cs_", "pi_", "ch_", "py_", "re_", "pyr_", "dp_", "du_", "cus_", "prod_", "price_", "local_"];

/// Says whether a metadata value can join objects as a preorderId.
///
/// Empty text and what JavaScript writes for a missing value join nothing; neither does a text with
/// control characters, one longer than 200 characters, or the id of an object (those link by
/// Stripe's own fields).
pub fn usable_preorder_id(raw: &str) -> Option<&str> {
    let id = raw.trim();
    let absent = ["undefined", "null", "none", "nan"];
    if id.is_empty()
        || id.len() > MAX_PREORDER_ID
        || absent.iter().any(|word| id.eq_ignore_ascii_case(word))
        || id.chars().any(char::is_control)
        || OBJECT_PREFIXES.iter().any(|prefix| id.starts_with(prefix))
    {
        return None;
    }
    Some(id)
}

/// How many different e-mails may carry one preorderId before it stops joining.
pub const MAX_EMAILS_PER_PREORDER_ID: usize = 3;

#[cfg(test)]
mod tests {
    use super::usable_preorder_id;

    #[test]
    fn missing_values_join_nothing() {
        for bad in ["", "  ", "undefined", "NULL", "null", "a\nb", "cs_test_a1", "pi_3"] {
            assert_eq!(usable_preorder_id(bad), None, "{bad:?}");
        }
        assert_eq!(usable_preorder_id(" pre_1 "), Some("pre_1"));
        assert_eq!(usable_preorder_id("=1+1"), Some("=1+1"));
    }
}
