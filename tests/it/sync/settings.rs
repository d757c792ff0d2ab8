//! Settings that another process sets: what is derived stays what a rebuild would derive, and what acts goes by them.

use foredeck_engine::api::{self, Call};
use foredeck_engine::db::types::Value as Cell;
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::domain::settings::{MetadataNames, Settings};
use foredeck_engine::facts::settings::append_settings;
use foredeck_engine::projections::{rebuild, rollups};
use foredeck_engine::tasks::replay::replay_if_due;
use foredeck_engine::topic::Topic;
use foredeck_sandbox::ShopPlan;
use serde_json::{Value, json};

use super::desk::Desk;
use crate::it::actions::desk::spec;
use crate::it::shop::{NOON, Shop, session};

/// Sets settings as another process does.
async fn set_elsewhere(desk: &Desk, change: impl FnOnce(&mut Value)) -> Value {
    let other = Desk::engine_at(desk.folder.path(), &desk.clock);
    let call = || Call::new(other.clone(), Some("Shop".to_owned()));
    let mut settings = api::call(call(), "settings_get", json!({})).await.unwrap();
    change(&mut settings);
    api::call(call(), "settings_set", settings).await.unwrap()
}

/// Every row of the roll-ups.
async fn rolled_up(desk: &Desk) -> Vec<String> {
    let read = desk.store.db().read(|connection| {
        let mut all = Vec::new();
        for table in rollups::TABLES.iter().filter(|table| **table != "facet") {
            let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let cells: Result<Vec<Cell>, _> = (0..columns).map(|at| row.get(at)).collect();
                all.push(format!("{table} {:?}", cells?));
            }
        }
        all.sort();
        Ok(all)
    });
    read.await.unwrap()
}

fn order(desk: &Desk, number: usize) {
    desk.world.with_world(|world| {
        let session = world
            .open_checkout(spec(&format!("pre_new_{number}"), &format!("new{number}@example.com")))
            .unwrap();
        if number.is_multiple_of(2) {
            world.pay(&session).unwrap();
        }
    });
}

#[tokio::test]
async fn days_are_counted_in_the_time_zone_that_another_process_set() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 120, days: 6, faults: 0.0 }).await;
    desk.sync().await;
    let utc = rolled_up(&desk).await;
    set_elsewhere(&desk, |settings| settings["time_zone"] = json!("Asia/Shanghai")).await;
    assert_eq!(desk.store.zone(), chrono_tz::Tz::Asia__Shanghai);
    // Orders come in, and old ones change, for a day in which both zones change theirs.
    for number in 0..24 {
        order(&desk, number);
        desk.advance(3_600);
        desk.sync().await;
    }
    let told = rolled_up(&desk).await;
    assert_ne!(told, utc);
    desk.store.rebuild().await.unwrap();
    assert_eq!(told, rolled_up(&desk).await, "as if it had been so from the beginning");
}

#[tokio::test]
async fn names_that_another_process_set_are_read_by() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 30, days: 3, faults: 0.0 }).await;
    desk.sync().await;
    let colored = "SELECT count(*) FROM preorder WHERE color IS NOT NULL";
    assert!(desk.count(colored).await > 0);
    set_elsewhere(&desk, |settings| settings["metadata"]["color"] = json!(["shade"])).await;
    order(&desk, 1);
    desk.advance(60);
    desk.sync().await;
    assert_eq!(desk.count(colored).await, 0, "nothing is named so");
    set_elsewhere(&desk, |settings| settings["metadata"]["color"] = json!(["color"])).await;
    order(&desk, 2);
    desk.advance(60);
    desk.sync().await;
    assert!(desk.count(colored).await > 0);
    let told = rolled_up(&desk).await;
    desk.store.rebuild().await.unwrap();
    assert_eq!(told, rolled_up(&desk).await);
}

#[test]
fn what_was_read_by_other_names_is_read_again() {
    let shop = Shop::open();
    let sold = |id: &str| {
        session(
            id,
            NOON,
            json!({"metadata": {"preorderId": format!("pre_{id}"), "color": "red", "shade": "blue"}}),
        )
    };
    let colors = |shop: &Shop| -> Vec<Option<String>> {
        shop.read(|connection| {
            let mut statement = connection.prepare("SELECT color FROM preorder ORDER BY id")?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    };
    shop.list(Kind::Session, NOON, &[sold("cs_1")]);
    assert_eq!(colors(&shop), [Some("red".to_owned())]);
    // Somebody sets other names, and makes everything anew, between the reading of a page and its commit.
    let metadata = MetadataNames { color: vec!["shade".to_owned()], ..MetadataNames::default() };
    shop.write(move |transaction| {
        let revision = append_settings(transaction, NOON, &Settings { metadata, ..Settings::default() })?;
        rebuild::begin(transaction, revision)
    });
    let renew = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(replay_if_due(&shop.db, NOON, |_| {})).unwrap()
    };
    assert!(renew());
    shop.list(Kind::Session, NOON, &[sold("cs_2")]);
    assert!(renew(), "the page was read by the names of before");
    assert_eq!(colors(&shop), [Some("blue".to_owned()), Some("blue".to_owned())]);
}

#[tokio::test]
async fn settings_of_another_process_are_announced_here() {
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    desk.sync().await;
    let mut heard = desk.engine.announcer().listen();
    desk.sync().await;
    let topics = |heard: &mut tokio::sync::broadcast::Receiver<_>| {
        let mut all = Vec::new();
        while let Ok(foredeck_engine::topic::Announcement { topic, .. }) = heard.try_recv() {
            all.push(topic);
        }
        all
    };
    assert!(!topics(&mut heard).contains(&Topic::Settings));
    let kept = set_elsewhere(&desk, |settings| settings["poll_front_s"] = json!(9)).await;
    desk.sync().await;
    assert!(topics(&mut heard).contains(&Topic::Settings));
    assert_eq!(desk.get("settings_get", json!({})).await, kept);
    desk.sync().await;
    assert!(!topics(&mut heard).contains(&Topic::Settings), "once");
}
