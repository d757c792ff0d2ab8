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

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn minor_units_follow_the_currency() {
        assert_eq!(decimal(1234, "usd"), "12.34");
        assert_eq!(decimal(5, "EUR"), "0.05");
        assert_eq!(decimal(-5, "eur"), "-0.05");
        assert_eq!(decimal(500, "jpy"), "500");
        assert_eq!(decimal(5120, "kwd"), "5.120");
        assert_eq!(decimal(100, "isk"), "1.00");
    }
}
