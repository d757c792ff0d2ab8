//! Klaviyo: the client against the sandbox's, the connection with its states, and what real accounts answered.

mod client;
mod connection;
mod elsewhere;
mod events;
mod great;
mod keychain;
mod meanwhile;
mod prism;
mod real;
mod rules;
mod stand;
mod troubles;
mod wakes;
mod words;

use foredeck_engine::clock::SharedClock;
use foredeck_engine::klaviyo::Klaviyo as Client;
use foredeck_engine::secrets::KlaviyoKey;
use foredeck_sandbox::klaviyo::{KlaviyoControl, Mail, SentBy};
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, Klaviyo, KlaviyoConfig, ShopPlan};
use serde_json::{Value, json};

use crate::it::sync::desk::Desk;

/// A desk with a Klaviyo beside its shop.
struct Post {
    desk: Desk,
    klaviyo: Klaviyo,
    control: KlaviyoControl,
}

impl Post {
    async fn open(config: KlaviyoConfig) -> Self {
        let desk = Desk::with_shop(ShopPlan::Empty).await;
        let klaviyo = desk.sandbox.open_klaviyo(config).await.unwrap();
        Self { control: klaviyo.control(), klaviyo, desk }
    }

    /// Connected by Shopify's "Placed Order".
    async fn connected() -> Self {
        let post = Self::open(KlaviyoConfig::default()).await;
        let metric = post.control.metric_id("Placed Order", "shopify").unwrap();
        post.get("klaviyo_connect", post.with_key(json!({"metric_id": metric}))).await;
        post
    }

    fn url(&self) -> String {
        self.klaviyo.base_url()
    }

    /// Arguments with the good key and this Klaviyo's address.
    fn with_key(&self, mut args: Value) -> Value {
        args["key"] = DEFAULT_KLAVIYO_KEY.into();
        args["klaviyo_url"] = self.url().into();
        args
    }

    async fn get(&self, name: &str, args: Value) -> Value {
        self.desk.get(name, args).await
    }

    /// The code of a refusal.
    async fn refused(&self, name: &str, args: Value) -> String {
        match self.desk.ask(name, args).await {
            Err(problem) => {
                assert!(!problem.message.is_empty() && !problem.hint.is_empty(), "{problem:?}");
                assert!(!problem.message.contains("pk_sandbox"), "{problem:?}");
                problem.code.to_owned()
            }
            Ok(reply) => panic!("{name} was done: {reply}"),
        }
    }

    async fn status(&self) -> Value {
        self.get("klaviyo_status", json!({})).await
    }

    /// A client of the engine's own, with the good key.
    fn client(&self) -> Client {
        let clock: SharedClock = self.desk.clock.clone();
        Client::new(&self.url(), &key(DEFAULT_KLAVIYO_KEY), None, clock).unwrap()
    }

    /// Who was mailed because of what Foredeck sent.
    fn mailed(&self) -> Vec<String> {
        let ours = |mail: &Mail| mail.by == SentBy::Api && mail.sent;
        self.control.truth().mails.into_iter().filter(ours).map(|mail| mail.email).collect()
    }

    /// How often a path was asked.
    fn asked(&self, path: &str) -> usize {
        self.control.requests().iter().filter(|request| request.path.trim_end_matches('/') == path).count()
    }
}

impl Desk {
    fn clock_now(&self) -> i64 {
        use foredeck_engine::clock::Clock;
        self.clock.now()
    }

    /// The first column of a question to the mirror.
    async fn text(&self, sql: &str) -> Vec<String> {
        let sql = sql.to_owned();
        let read = self.store.db().read(move |connection| {
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        });
        read.await.unwrap()
    }

    async fn change(&self, sql: &'static str) {
        self.store.db().write(move |transaction| Ok(transaction.execute_batch(sql)?)).await.unwrap();
    }
}

fn key(text: &str) -> KlaviyoKey {
    KlaviyoKey::parse(text).unwrap()
}
