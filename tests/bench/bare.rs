//! The bare reader: every list page by page, each object's id and bytes into one SQLite table. Nothing else.

use foredeck_engine::db::rusqlite::Connection;
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::domain::wire::{HeadWire, ListWire};

use super::{Pass, Start};

pub async fn read_all(url: &str) -> Pass {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = Connection::open(folder.path().join("bare.db")).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE object (id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID;")
        .unwrap();
    let _already_there = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().build().unwrap();
    let start = Start::now();
    let mut objects = 0;
    for kind in Kind::FOLDED {
        let mut after: Option<String> = None;
        loop {
            let cursor = after.as_ref().map(|id| format!("&starting_after={id}")).unwrap_or_default();
            let request = client.get(format!("{url}{}?limit=100{cursor}", kind.list_path()));
            let answer = request.bearer_auth("sk_test_sandbox000000000000000000").send().await.unwrap();
            let body = answer.bytes().await.unwrap();
            let page: ListWire<'_> = serde_json::from_slice(&body).unwrap();
            let transaction = connection.transaction().unwrap();
            for raw in &page.data {
                let head: HeadWire<'_> = serde_json::from_str(raw.get()).unwrap();
                let id = head.id.owned().unwrap();
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO object (id, body) VALUES (?1, ?2)")
                    .unwrap()
                    .execute((&id, raw.get().as_bytes()))
                    .unwrap();
                after = Some(id);
                objects += 1;
            }
            transaction.commit().unwrap();
            if !page.has_more || page.data.is_empty() {
                break;
            }
        }
    }
    Pass::since(&start, objects)
}
