//! Money: minor units and a currency, never a float.

/// The number of decimal digits of a currency's minor unit, as Stripe's API counts it.
///
/// ISK and UGX are zero-decimal in life but two-decimal in the API
/// (docs.stripe.com/currencies, special cases).
pub fn exponent(currency: &str) -> u32 {
    match currency.to_ascii_lowercase().as_str() {
        "bif" | "clp" | "djf" | "gnf" | "jpy" | "kmf" | "krw" | "mga" | "pyg" | "rwf" | "vnd" | "vuv"
        | "xaf" | "xof" | "xpf" => 0,
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 3,
        _ => 2,
    }
}

/// Writes minor units as a plain decimal (`1234`, `usd` -> `12.34`), for exports and logs.
pub fn decimal(minor: i64, currency: &str) -> String {
    let digits = exponent(currency) as usize;
    if digits == 0 {
        return minor.to_string();
    }
    let sign = if minor < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, part) = text.split_at(text.len() - digits);
    format!("{sign}{whole}.{part}")
}

/// Reads a plain decimal as minor units (`12.34`, `usd` -> `1234`); None for any other text, and for more digits than the currency has.
pub fn parse_decimal(text: &str, currency: &str) -> Option<i64> {
    let digits = exponent(currency) as usize;
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(part) || part.len() > digits {
        return None;
    }
    format!("{whole}{part:0<digits$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{decimal, parse_decimal};

    #[test]
    fn minor_units_follow_the_currency() {
        assert_eq!(decimal(1234, "usd"), "12.34");
        assert_eq!(decimal(5, "EUR"), "0.05");
        assert_eq!(decimal(-5, "eur"), "-0.05");
        assert_eq!(decimal(500, "jpy"), "500");
        assert_eq!(decimal(5120, "kwd"), "5.120");
        assert_eq!(decimal(100, "isk"), "1.00");
        for (text, currency, minor) in [
            ("12.34", "usd", Some(1234)),
            ("12.3", "usd", Some(1230)),
            ("7", "eur", Some(700)),
            ("500", "jpy", Some(500)),
            ("5.0", "jpy", None),
            ("1.234", "usd", None),
            ("-1", "usd", None),
            ("1,5", "eur", None),
            ("", "eur", None),
        ] {
            assert_eq!(parse_decimal(text, currency), minor, "{text} {currency}");
        }
    }
}
