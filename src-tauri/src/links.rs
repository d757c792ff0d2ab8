//! Which addresses the window may open in a browser.

use foredeck_engine::error::Problem;
use url::Url;

/// Stripe's pages about an order: the Dashboard, and what customers pay on.
const HOSTS: [&str; 5] =
    ["dashboard.stripe.com", "checkout.stripe.com", "buy.stripe.com", "pay.stripe.com", "invoice.stripe.com"];

/// Reads an address, and refuses every one that is not a page of Stripe.
///
/// # Errors
/// It is not https, or of another host.
pub(crate) fn check(text: &str) -> Result<Url, Problem> {
    let refused = || {
        Problem::new(
            "LINK_REFUSED",
            "only Stripe's own pages are opened from here",
            "Copy the address and open it yourself if you trust it.",
        )
    };
    let url = Url::parse(text).map_err(|_| refused())?;
    let plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let known = url.host_str().is_some_and(|host| HOSTS.contains(&host));
    if plain && known { Ok(url) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_stripe_are_opened() {
        for good in
            ["https://dashboard.stripe.com/test/payments/pi_1", "https://checkout.stripe.com/c/pay/cs_1#x"]
        {
            assert_eq!(check(good).unwrap().as_str(), good);
        }
        for bad in [
            "http://dashboard.stripe.com/",
            "https://dashboard.stripe.com.example.org/",
            "https://dashboard.stripe.com@example.org/",
            "https://user:word@dashboard.stripe.com/",
            "https://dashboard.stripe.com:8443/",
            "https://stripe.com.evil/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "dashboard.stripe.com",
            "",
        ] {
            assert_eq!(check(bad).unwrap_err().code, "LINK_REFUSED", "{bad}");
        }
    }
}
