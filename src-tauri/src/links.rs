//! Which addresses the window may open in a browser.

use foredeck_engine::error::Problem;
use url::Url;

/// Stripe's pages about an order: the Dashboard, and what customers pay on.
const HOSTS: [&str; 5] =
    ["dashboard.stripe.com", "checkout.stripe.com", "buy.stripe.com", "pay.stripe.com", "invoice.stripe.com"];

/// Reads an address, and refuses every one that is neither a page of Stripe nor a mail draft to one person.
///
/// # Errors
/// It is not https, of another host, or a draft with more than a recipient, a subject and a body.
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
    if (plain && known) || is_draft(&url) { Ok(url) } else { Err(refused()) }
}

/// Whether it opens a draft to one address, with nothing but a subject and a body: a page cannot add recipients or files.
fn is_draft(url: &Url) -> bool {
    let to = url.path().to_ascii_lowercase();
    url.scheme() == "mailto"
        && to.matches('@').count() == 1
        && ![",", ";", "%2c", "%3b", "%40"].iter().any(|more| to.contains(more))
        && url.query_pairs().all(|(name, _)| name == "subject" || name == "body")
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
        let draft = "mailto:noor%2Bx@example.org?subject=Your%20preorder&body=Hello%0A";
        assert_eq!(check(draft).unwrap().scheme(), "mailto");
        for bad in [
            "mailto:",
            "mailto:a@example.org,b@example.org?subject=x",
            "mailto:a@example.org%2Cb@example.org",
            "mailto:a@example.org?bcc=b@example.org",
            "mailto:a@example.org?attach=/etc/passwd",
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
