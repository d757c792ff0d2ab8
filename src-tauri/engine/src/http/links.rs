//! Text inside an address, and addresses that a server names: read for their cursor, and never followed.

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

/// What the link to a list's next page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextLink {
    /// Its `page[cursor]`; None where it has none.
    pub cursor: Option<String>,
    /// The host it leads to, where that is not our own server.
    pub foreign: Option<String>,
}

impl Http {
    /// Reads the link to a list's next page. Nothing but the cursor is taken from it: whatever is asked next is asked of this
    /// client's own server, and its headers, the key among them, go nowhere else.
    pub fn next_link(&self, link: &str) -> NextLink {
        next_link(&self.base, link)
    }
}

fn next_link(base: &str, link: &str) -> NextLink {
    let nowhere = || NextLink { cursor: None, foreign: Some("nowhere".to_owned()) };
    let Ok(base) = Url::parse(base) else { return nowhere() };
    let Ok(link) = base.join(link) else { return nowhere() };
    let own = link.origin() == base.origin() && link.username().is_empty() && link.password().is_none();
    let host = || link.host_str().unwrap_or("nowhere").to_owned();
    let cursor = link.query_pairs().find(|(name, value)| name == "page[cursor]" && !value.is_empty());
    NextLink { cursor: cursor.map(|(_, value)| value.into_owned()), foreign: (!own).then(host) }
}

#[cfg(test)]
mod tests {
    use super::next_link;

    #[test]
    fn only_the_cursor_is_taken_and_another_server_is_named() {
        let base = "https://a.klaviyo.com";
        let read = |link: &str| {
            let next = next_link(base, link);
            (next.cursor, next.foreign)
        };
        let own = (Some("x y".to_owned()), None);
        assert_eq!(read("https://a.klaviyo.com/api/metrics/?page%5Bcursor%5D=x%20y&filter=z"), own);
        assert_eq!(read("/api/x?page[cursor]=x+y"), own);
        assert_eq!(read("https://a.klaviyo.com:443/api/x?page[cursor]=x+y"), own);
        for nothing in ["/api/x", "/api/x?page[cursor]=", "/api/x?cursor=x", "/api/x?page%5Bsize%5D=1"] {
            assert_eq!(read(nothing), (None, None), "{nothing}");
        }
        for (elsewhere, host) in [
            ("https://evil.example/api/metrics", "evil.example"),
            ("http://a.klaviyo.com/api/metrics", "a.klaviyo.com"),
            ("https://a.klaviyo.com:8443/api/metrics", "a.klaviyo.com"),
            ("https://a.klaviyo.com@evil.example/", "evil.example"),
            ("https://u:p@a.klaviyo.com/", "a.klaviyo.com"),
            ("//evil.example/api", "evil.example"),
            ("https://a.klaviyo.com.evil.example/", "a.klaviyo.com.evil.example"),
            ("data:text/plain,x", "nowhere"),
            ("http://", "nowhere"),
        ] {
            assert_eq!(read(elsewhere), (None, Some(host.to_owned())), "{elsewhere}");
        }
        let led = read("https://evil.example/api?page%5Bcursor%5D=c1");
        assert_eq!(led, (Some("c1".to_owned()), Some("evil.example".to_owned())));
    }
}
