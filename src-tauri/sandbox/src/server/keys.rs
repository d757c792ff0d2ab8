//! Who may ask: keys, their account and mode, and the permissions a restricted key lacks.

use crate::config::KeySpec;
use crate::world::{Refusal, Told};

/// The key in an `Authorization` header, bearer or basic.
pub(crate) fn key_in(authorization: Option<&str>) -> Option<String> {
    let (scheme, value) = authorization?.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(value.trim().to_owned()),
        "basic" => {
            let text = base64(value.trim())?;
            Some(text.split(':').next().unwrap_or_default().to_owned())
        }
        _ => None,
    }
    .filter(|key| !key.is_empty())
}

/// The key as it may be shown.
pub(crate) fn masked(key: &str) -> String {
    let start = key.match_indices('_').nth(1).map_or(key.len().min(3), |(at, _)| at + 1);
    let tail: String = key.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{}****{tail}", &key[..start])
}

/// Finds the key, or says what Stripe says.
pub(crate) fn known<'a>(keys: &'a [KeySpec], given: Option<&str>) -> Told<&'a KeySpec> {
    let refuse = |message: String| Refusal::invalid(message).status(401);
    let Some(given) = given else {
        return Err(refuse(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.".to_owned(),
        ));
    };
    if given.starts_with("pk_") {
        return Err(refuse(
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.".to_owned(),
        )
        .status(403)
        .code("secret_key_required"));
    }
    match keys.iter().find(|spec| spec.key == given) {
        Some(spec) if spec.revoked => {
            Err(refuse(format!("Expired API Key provided: {}", masked(given))).code("api_key_expired"))
        }
        Some(spec) => Ok(spec),
        None => Err(refuse(format!("Invalid API Key provided: {}", masked(given)))),
    }
}

/// Refuses a key that lacks the permission an operation needs. Write permission includes reading.
pub(crate) fn permitted(key: &KeySpec, resource: &str, writes: bool) -> Told<()> {
    let permission = format!("rak_{resource}_{}", if writes { "write" } else { "read" });
    if !key.denied.contains(&permission) {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "The provided key '{}' does not have the required permissions for this endpoint on account '{}'. Having the '{permission}' permission would allow this request to continue.",
        masked(&key.key),
        key.account
    ))
    .status(403))
}

/// Stripe's name of what a path is about, as permissions spell it.
pub(crate) fn resource(segments: &[&str]) -> &'static str {
    match segments {
        ["checkout", ..] => "checkout_session",
        ["payment_intents", ..] => "payment_intent",
        ["charges" | "refunds", ..] => "charge",
        ["disputes", ..] => "dispute",
        ["customers", ..] => "customer",
        ["products", ..] => "product",
        ["prices", ..] => "plan",
        ["events", ..] => "event",
        ["webhook_endpoints", ..] => "webhook",
        ["balance", ..] => "balance",
        ["account", ..] => "accounts_kyc_basic",
        _ => "unknown",
    }
}

fn base64(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let (mut held, mut bits) = (0u32, 0);
    for byte in text.bytes().filter(|b| *b != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_masked_as_stripe_masks_it() {
        assert_eq!(masked("rk_test_51HabcdefqS8Kgd"), "rk_test_****qS8Kgd");
    }

    #[test]
    fn basic_authorization_carries_the_key_as_user_name() {
        assert_eq!(key_in(Some("Basic c2tfdGVzdF8xOg==")).as_deref(), Some("sk_test_1"));
    }
}
