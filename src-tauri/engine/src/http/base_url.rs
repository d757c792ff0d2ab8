//! Which base URLs may be called at all.

/// A base URL that must not be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It does not parse, or carries a path, a query or credentials.
    #[error("{0} is not a base URL")]
    Malformed(String),
    /// Plain http to a host that is not this machine.
    #[error("{0} is neither https nor http on this machine")]
    NotPrivate(String),
}

/// Checks a base URL: https, or http on loopback; no path, query or credentials.
///
/// # Errors
/// [`BaseUrlError`].
pub fn check_base_url(url: &str) -> Result<String, BaseUrlError> {
    let malformed = || BaseUrlError::Malformed(url.to_owned());
    let parsed = reqwest::Url::parse(url.trim()).map_err(|_| malformed())?;
    let bare = parsed.query().is_none()
        && parsed.fragment().is_none()
        && parsed.username().is_empty()
        && parsed.password().is_none();
    let host = parsed.host_str().ok_or_else(malformed)?;
    if !bare || !matches!(parsed.path(), "" | "/") {
        return Err(malformed());
    }
    let loopback = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    match parsed.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err(BaseUrlError::NotPrivate(url.to_owned())),
        _ => return Err(malformed()),
    }
    Ok(parsed.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::check_base_url;

    #[test]
    fn only_https_or_loopback_is_called() {
        for good in [
            "https://api.stripe.com",
            "https://api.stripe.com/",
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:9",
        ] {
            assert!(check_base_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.stripe.com",
            "ftp://x",
            "https://u:p@x.org",
            "https://x.org/v1",
            "http://127.0.0.1.evil.org",
            "x",
            "",
        ] {
            assert!(check_base_url(bad).is_err(), "{bad}");
        }
    }
}
