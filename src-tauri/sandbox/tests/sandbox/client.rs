//! A small HTTP client: one connection a request, nothing hidden.

use foredeck_sandbox::{Config, Control, DEFAULT_KEY, Klaviyo, KlaviyoConfig, Sandbox};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

/// A sandbox and a client of it.
pub struct Shop {
    sandbox: Sandbox,
    pub key: String,
}

/// One answer.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub fn error(&self) -> Value {
        self.json()["error"].clone()
    }

    /// The ids of a list answer.
    pub fn ids(&self) -> Vec<String> {
        let data =
            self.json()["data"].as_array().cloned().unwrap_or_else(|| panic!("no list: {}", self.body));
        data.iter().map(|o| o["id"].as_str().unwrap().to_owned()).collect()
    }
}

impl Shop {
    pub async fn open(config: Config) -> Shop {
        Shop { sandbox: Sandbox::start(config).await.unwrap(), key: DEFAULT_KEY.to_owned() }
    }

    /// A client of a sandbox that was started in another way.
    pub fn around(sandbox: Sandbox) -> Shop {
        Shop { sandbox, key: DEFAULT_KEY.to_owned() }
    }

    pub async fn empty() -> Shop {
        Shop::open(Config::default()).await
    }

    pub fn control(&self) -> Control {
        self.sandbox.control()
    }

    /// A Klaviyo beside it.
    pub async fn open_klaviyo(&self, config: KlaviyoConfig) -> Klaviyo {
        self.sandbox.open_klaviyo(config).await.unwrap()
    }

    pub fn url(&self) -> String {
        self.sandbox.base_url()
    }

    pub async fn close(self) {
        self.sandbox.shutdown().await;
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, "", &[]).await.unwrap()
    }

    pub async fn post(&self, path: &str, form: &str) -> Reply {
        self.send("POST", path, form, &[]).await.unwrap()
    }

    pub async fn post_keyed(&self, path: &str, form: &str, key: &str) -> Reply {
        self.send("POST", path, form, &[("Idempotency-Key", key)]).await.unwrap()
    }

    /// Sends one request. An error is a connection that ended without a whole answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Result<Reply, String> {
        let (address, request) = self.request(method, path, body, headers);
        tokio::task::spawn_blocking(move || exchange(&address, &request)).await.unwrap()
    }

    /// Sends a keyed POST and hangs up without an answer once something has happened.
    pub async fn hang_up_after(&self, path: &str, body: &str, key: &str, happened: impl Future<Output = ()>) {
        let (address, request) = self.request("POST", path, body, &[("Idempotency-Key", key)]);
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        happened.await;
    }

    fn request(&self, method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> (String, String) {
        let address = self.url().trim_start_matches("http://").to_owned();
        let content =
            if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: {content}\r\nContent-Length: {}\r\n",
            self.key,
            body.len()
        );
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("\r\n{body}");
        (address, request)
    }
}

pub fn exchange(address: &str, request: &str) -> Result<Reply, String> {
    let mut stream = TcpStream::connect(address).map_err(|e| e.to_string())?;
    stream.write_all(request.as_bytes()).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").ok_or("no answer")?;
    let mut lines = head.lines();
    let status =
        lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok()).ok_or("no status")?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let reply = Reply { status, headers, body: body.to_owned() };
    let promised = reply.header("content-length").and_then(|l| l.parse::<usize>().ok());
    if promised.is_some_and(|length| length != reply.body.len()) {
        return Err("the body was cut".to_owned());
    }
    Ok(reply)
}
