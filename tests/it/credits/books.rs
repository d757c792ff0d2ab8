//! A desk in front of a shop that sells credits, and the shop's own tables as files.

use std::collections::BTreeMap;

use foredeck_engine::api::{self, Call};
use foredeck_engine::db::types::ValueRef;
use foredeck_sandbox::Config;
use foredeck_sandbox::backoffice::{Books, Faults, Table};
use foredeck_sandbox::shop::credit_shop;
use serde_json::{Value, json};

use crate::it::sync::desk::Desk;

/// A desk whose mirror holds everything a shop of so many buyers did.
pub async fn desk(seed: u64, buyers: u32) -> Desk {
    let desk = Desk::with(Config { seed, ..Config::default() }).await;
    desk.world.with_world(|world| *world = credit_shop(seed, buyers));
    desk.sync().await;
    desk
}

impl Desk {
    pub async fn ask(&self, name: &str, args: Value) -> Result<Value, foredeck_engine::error::Problem> {
        let call = Call::new(self.engine.clone(), Some(self.store.public_id().to_owned()));
        api::call(call, name, args).await
    }

    pub async fn get(&self, name: &str, args: Value) -> Value {
        self.ask(name, args).await.unwrap_or_else(|problem| panic!("{name}: {problem:?}"))
    }

    /// Takes the rules that the account's prices suggest.
    pub async fn take_suggested_plans(&self) {
        let catalogue = self.get("plan_catalogue", json!({})).await;
        let rules: Vec<Value> = catalogue["prices"]
            .as_array()
            .unwrap()
            .iter()
            .map(|price| price["suggestion"].clone())
            .filter(|rule| !rule.is_null())
            .collect();
        assert_eq!(rules.len(), 12, "three packs in four currencies");
        let preview = self.get("plan_preview", json!({"rules": rules})).await;
        let args = json!({"rules": rules, "revision": preview["revision"]});
        self.get("plan_set", args).await;
    }

    /// The shop's tables as they are now.
    pub fn books(&self, faults: &Faults) -> Books {
        self.world.with_world(|world| Books::of(world, faults))
    }

    /// Imports every table of the shop; hands back the batches.
    pub async fn import(&self, books: &Books) -> Vec<i64> {
        let mut batches = Vec::new();
        for table in Table::ALL {
            let path = self.folder.path().join(format!("{}.csv", table.name()));
            let text = books.csv(table);
            if text.lines().count() < 2 {
                continue;
            }
            std::fs::write(&path, text).unwrap();
            let map = match table {
                Table::Purchases | Table::Preorders => json!({"amount_minor": "amount"}),
                _ => json!({}),
            };
            let args = json!({"kind": table.name(), "path": path, "map": map, "dry_run": false, "accept_bad": false});
            let report = self.get("import_run", args).await;
            assert_eq!(report["bad"], 0, "{}: {report}", table.name());
            batches.extend(report["batch"].as_i64());
        }
        batches
    }

    pub async fn remove(&self, batches: Vec<i64>) {
        for batch in batches.into_iter().rev() {
            self.get("import_remove", json!({"batch": batch})).await;
        }
    }

    /// Everything that purchases and wallets hold, by ids.
    pub async fn credits(&self) -> BTreeMap<&'static str, Vec<String>> {
        self.rows(&[
            (
                "purchase",
                "SELECT d.id, u.status, u.coverage, u.plan, u.rule, u.credits, u.clawed, u.reversed, u.amount, u.currency, u.refunded,
                   u.owner, u.at, e.id FROM purchase u JOIN stripe_id d ON d.key = u.payment LEFT JOIN stripe_event e ON e.seq = u.event
                 ORDER BY d.id",
            ),
            (
                "wallet_entry",
                "SELECT owner, email, at, kind, credits, cause, local FROM wallet_entry ORDER BY owner, at, kind, cause",
            ),
            ("wallet", "SELECT * FROM wallet ORDER BY owner"),
            ("identity", "SELECT * FROM identity ORDER BY email"),
            ("purchase_count", "SELECT * FROM purchase_count ORDER BY status, coverage"),
            ("basis", "SELECT * FROM basis ORDER BY key"),
        ])
        .await
    }

    pub async fn rows(&self, tables: &[(&'static str, &'static str)]) -> BTreeMap<&'static str, Vec<String>> {
        let tables = tables.to_vec();
        self.store
            .db()
            .read(move |connection| {
                let mut all = BTreeMap::new();
                for (name, sql) in tables {
                    let mut statement = connection.prepare(sql)?;
                    let columns = statement.column_count();
                    let mut rows = statement.query([])?;
                    let mut lines = Vec::new();
                    while let Some(row) = rows.next()? {
                        let mut cells = Vec::new();
                        for column in 0..columns {
                            cells.push(match row.get_ref(column)? {
                                ValueRef::Null => "-".to_owned(),
                                ValueRef::Integer(number) => number.to_string(),
                                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                                other => format!("{other:?}"),
                            });
                        }
                        lines.push(cells.join(" | "));
                    }
                    all.insert(name, lines);
                }
                Ok(all)
            })
            .await
            .unwrap()
    }
}
