//! The Klaviyo, asked over real HTTP.

mod door;
mod events;
mod lists;
mod profiles;
mod reports;
mod shop;

use crate::client::{Reply, Shop, exchange};
use foredeck_sandbox::klaviyo::{KLAVIYO_REVISION, KlaviyoControl};
use foredeck_sandbox::{Config, Control, DEFAULT_KLAVIYO_KEY, Klaviyo, KlaviyoConfig};
use serde_json::{Value, json};

/// A Klaviyo, the sandbox beside it, and a client.
pub struct Post {
    shop: Shop,
    klaviyo: Klaviyo,
    pub headers: Vec<(String, String)>,
}

impl Post {
    pub async fn open(config: KlaviyoConfig) -> Post {
        Post::beside(Config::default(), config).await
    }

    pub async fn beside(sandbox: Config, config: KlaviyoConfig) -> Post {
        let shop = Shop::open(sandbox).await;
        let klaviyo = shop.open_klaviyo(config).await;
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![
            header("Authorization", &format!("Klaviyo-API-Key {DEFAULT_KLAVIYO_KEY}")),
            header("revision", KLAVIYO_REVISION),
            header("Content-Type", "application/vnd.api+json"),
        ];
        Post { shop, klaviyo, headers }
    }

    /// The same client with another header.
    pub fn header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    pub fn control(&self) -> KlaviyoControl {
        self.klaviyo.control()
    }

    pub fn stripe(&self) -> Control {
        self.shop.control()
    }

    pub fn url(&self) -> String {
        self.klaviyo.base_url()
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &Value::Null).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, body).await.unwrap()
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Result<Reply, String> {
        let address = self.url().trim_start_matches("http://").to_owned();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut request = format!(
            "{method} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n",
            path.replace('"', "%22").replace(' ', "%20").replace('[', "%5B").replace(']', "%5D"),
            body.len()
        );
        for (name, value) in &self.headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("\r\n{body}");
        tokio::task::spawn_blocking(move || exchange(&address, &request)).await.unwrap()
    }

    /// Sends an event, which has to be accepted.
    pub async fn tell(&self, email: &str, metric: &str, more: Value) {
        let reply = self.post("/api/events", &event(email, metric, more)).await;
        assert_eq!((reply.status, reply.body.as_str()), (202, ""), "{}", reply.body);
    }
}

/// The body that sends an event.
pub fn event(email: &str, metric: &str, more: Value) -> Value {
    let mut attributes = json!({
        "properties": {"color": "moss"},
        "metric": {"data": {"type": "metric", "attributes": {"name": metric}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": email}}},
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        attributes[name] = value.clone();
    }
    json!({"data": {"type": "event", "attributes": attributes}})
}

/// The first error of an answer.
pub fn error(reply: &Reply) -> Value {
    reply.json()["errors"][0].clone()
}

/// What a list answer holds, by one attribute.
pub fn listed(answer: &Value, attribute: &str) -> Vec<String> {
    let data = answer["data"].as_array().unwrap();
    data.iter().map(|one| one["attributes"][attribute].as_str().unwrap_or_default().to_owned()).collect()
}
