//! Text inside an address, and addresses that a server names: followed only where they stay with the same server.

use reqwest::Url;

use super::Http;

/// Ids come from answers and from people: nothing in them may leave their path segment.
pub fn encode_segment(id: &str) -> String {
    id.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

impl Http {
    /// The path and query of a link that an answer names; the host it leads to where that is another one. The headers of
    /// this client, the key among them, go to its own server only.
    ///
    /// # Errors
    /// The link leads elsewhere, or is none.
    pub fn own_link(&self, link: &str) -> Result<(String, String), String> {
        own_link(&self.base, link)
    }
}

fn own_link(base: &str, link: &str) -> Result<(String, String), String> {
    let nowhere = || "nowhere".to_owned();
    let base = Url::parse(base).map_err(|_| nowhere())?;
    let link = base.join(link).map_err(|_| nowhere())?;
    let same = link.origin() == base.origin() && link.username().is_empty() && link.password().is_none();
    if !same {
        return Err(link.host_str().map_or_else(nowhere, str::to_owned));
    }
    Ok((link.path().to_owned(), link.query().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::own_link;

    #[test]
    fn only_the_same_server_is_followed() {
        let base = "https://a.klaviyo.com";
        let followed = own_link(base, "https://a.klaviyo.com/api/metrics/?page%5Bcursor%5D=x").unwrap();
        assert_eq!(followed, ("/api/metrics/".to_owned(), "page%5Bcursor%5D=x".to_owned()));
        assert_eq!(own_link(base, "/api/x").unwrap().0, "/api/x");
        assert_eq!(own_link(base, "https://a.klaviyo.com:443/api/x").unwrap().0, "/api/x");
        for (elsewhere, host) in [
            ("https://evil.example/api/metrics", "evil.example"),
            ("http://a.klaviyo.com/api/metrics", "a.klaviyo.com"),
            ("https://a.klaviyo.com:8443/api/metrics", "a.klaviyo.com"),
            ("https://a.klaviyo.com@evil.example/", "evil.example"),
            ("https://u:p@a.klaviyo.com/", "a.klaviyo.com"),
            ("//evil.example/api", "evil.example"),
            ("https://a.klaviyo.com.evil.example/", "a.klaviyo.com.evil.example"),
            ("http://", "nowhere"),
        ] {
            assert_eq!(own_link(base, elsewhere), Err(host.to_owned()), "{elsewhere}");
        }
    }
}
