//! A mirror of the version before: migrated where it is written, and read as it is where it is not.

use foredeck_engine::db::Db;
use foredeck_engine::queries::health::SyncFacts;
use foredeck_engine::queries::overview::overview;
use foredeck_engine::queries::webhooks::webhooks;

use super::hand::{COMPLETED, endpoint, look, never, paid, said};
use crate::it::shop::{DAY, NOON, Shop};

/// The number of the migration that webhooks came with.
fn version_before() -> i64 {
    let migrations = foredeck_engine::db::MIGRATIONS;
    let place = migrations.iter().position(|(name, _)| name.ends_with("_webhooks.sql")).unwrap();
    i64::try_from(place).unwrap()
}

fn take_back(shop: &Shop) {
    let before = version_before();
    shop.write(move |transaction| {
        transaction.execute_batch(
            "DROP INDEX stripe_event_type; DROP INDEX stripe_delivery_created; DROP INDEX stripe_id_endpoint;",
        )?;
        Ok(transaction.pragma_update(None, "user_version", before)?)
    });
}

#[test]
fn a_file_of_before_is_read_without_its_indexes_and_says_that_nobody_looked() {
    let shop = Shop::open();
    paid(&shop, "evt_1", NOON);
    take_back(&shop);
    let file = Db::open_read_only(shop.db.path()).unwrap();
    let found = file.read_now(|connection| webhooks(connection, NOON + DAY)).unwrap();
    assert_eq!((found.as_of, found.never_deliverable.total), (None, 0));
    let sync = SyncFacts::default();
    let seen = file.read_now(|connection| overview(connection, chrono_tz::Tz::UTC, NOON, &sync)).unwrap();
    assert_eq!(seen.latest[0].id, "pre_evt_1");
}

#[test]
fn a_file_of_before_with_facts_is_migrated_and_looked_through() {
    let shop = Shop::open();
    paid(&shop, "evt_1", NOON);
    take_back(&shop);
    let place = usize::try_from(version_before()).unwrap();
    shop.write(move |transaction| Ok(transaction.execute_batch(foredeck_engine::db::MIGRATIONS[place].1)?));
    look(&shop, NOON + 60, &[]);
    assert_eq!(never(&shop, NOON + DAY), [said("evt_1", "no_endpoint")]);
    look(&shop, NOON + 120, &[endpoint("we_1", "/hook", &[COMPLETED])]);
    assert!(never(&shop, NOON + DAY).is_empty());
}
