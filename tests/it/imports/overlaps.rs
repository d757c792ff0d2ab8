//! Files over each other: the same again, some of it changed, and what a removal brings back.

use foredeck_engine::domain::shop::ShopKind;
use foredeck_engine::error::Problem;

use super::Store;

#[test]
fn what_is_imported_again_changes_nothing() {
    let store = Store::open();
    // Rows without an id, two of them the same.
    let text = "user_id,type,credits\nu1,spend,5\nu1,spend,5\nu2,grant,7\n";
    let first = store.import(ShopKind::WalletEntries, text);
    assert_eq!((first.new, first.loaded, first.batch), (3, 3, Some(1)));
    let before = store.in_force();
    for _ in 0..2 {
        let again = store.import(ShopKind::WalletEntries, text);
        assert_eq!((again.same, again.new, again.loaded, again.batch), (3, 0, 0, None));
    }
    let more = store.import(ShopKind::WalletEntries, format!("{text}u1,spend,5\n"));
    assert_eq!((more.same, more.new), (3, 1), "a third of the same is a new one");
    store.remove(more.batch.unwrap()).unwrap();
    assert_eq!(store.in_force(), before);
    assert_eq!(store.rows("SELECT count(*) FROM import_batch"), ["2"], "removed batches are kept");
}

#[test]
fn a_removal_brings_back_what_older_batches_said() {
    let store = Store::open();
    let first = "id,user_id,payment_intent,credits\np1,u1,pi_1,5\np2,u1,pi_2,5\np3,u1,pi_3,5\n";
    store.import(ShopKind::Purchases, first);
    let one = store.in_force();
    let second =
        store.import(ShopKind::Purchases, "id,user_id,payment_intent,credits\np2,u1,pi_2,6\np4,u1,pi_4,5\n");
    assert_eq!((second.new, second.changed), (1, 1));
    let two = store.in_force();
    let third =
        store.import(ShopKind::Purchases, "id,user_id,payment_intent,credits\np2,u9,pi_2,7\np3,u1,pi_3,5\n");
    assert_eq!((third.changed, third.same), (1, 1));
    let three = store.in_force();
    store.rebuild();
    assert_eq!(store.in_force(), three, "a rebuild makes the same");

    let gone = store.remove(3).unwrap();
    assert_eq!((gone.removed, gone.restored), (1, 1));
    assert_eq!(store.in_force(), two);
    let gone = store.remove(2).unwrap();
    assert_eq!((gone.removed, gone.restored), (2, 1));
    assert_eq!(store.in_force(), one);
    store.rebuild();
    assert_eq!(store.in_force(), one, "removed facts stay removed in a rebuild");
    store.remove(1).unwrap();
    assert!(store.in_force().is_empty());
    for batch in [1, 9] {
        assert_eq!(Problem::from(store.remove(batch).unwrap_err()).code, "NO_BATCH");
    }
    assert_eq!(store.rows("SELECT removed_at IS NOT NULL FROM import_batch"), ["1", "1", "1"]);
    let again = store.import(ShopKind::Purchases, first);
    assert_eq!((again.new, again.batch), (3, Some(4)));
}

#[test]
fn a_large_batch_is_stored_as_small_ones_are() {
    let (large, small) = (Store::open(), Store::open());
    let row = |number: u32, credits: u32| format!("p{number},u{},pi_{number},{credits}\n", number % 700);
    let text = |numbers: std::ops::Range<u32>, credits: u32| {
        let rows: String = numbers.map(|number| row(number, credits)).collect();
        format!("id,user_id,payment_intent,credits\n{rows}")
    };
    // Past the size from which on indexes are made last, into an empty table and into a full one.
    large.import(ShopKind::Purchases, text(0..30_000, 1));
    large.import(ShopKind::Purchases, text(15_000..45_000, 2));
    for (from, to) in [(0, 10_000), (10_000, 15_000)] {
        small.import(ShopKind::Purchases, text(from..to, 1));
    }
    for from in [15_000, 25_000, 35_000] {
        small.import(ShopKind::Purchases, text(from..from + 10_000, 2));
    }
    let sql = "SELECT row_key, object, user_id, credits FROM shop_purchase ORDER BY row_key";
    assert_eq!(large.rows(sql), small.rows(sql));
    let indexes = "SELECT name FROM sqlite_master WHERE tbl_name = 'shop_purchase' ORDER BY name";
    assert_eq!(large.rows(indexes), small.rows(indexes));
    let before = large.in_force();
    large.rebuild();
    assert_eq!(large.in_force(), before);
    assert_eq!(large.rows(indexes), small.rows(indexes));
    large.remove(2).unwrap();
    assert_eq!(large.rows("SELECT count(*), sum(credits) FROM shop_purchase"), ["30000 30000"]);
    large.remove(1).unwrap();
    assert!(large.in_force().is_empty());
    assert_eq!(large.rows(indexes), small.rows(indexes));
}

#[test]
fn a_mirror_of_the_version_before_keeps_its_batches() {
    use foredeck_engine::db::rusqlite::Connection;
    use foredeck_engine::db::{Db, MIGRATIONS, latest_version, schema_version};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.mirror");
    let old = Connection::open(&path).unwrap();
    old.execute_batch("PRAGMA application_id = 1178878795").unwrap();
    old.execute_batch(MIGRATIONS[0].1).unwrap();
    old.execute_batch(
        "PRAGMA user_version = 1;
         INSERT INTO import_batch (batch, made_at, kind, file_name, file_digest, mapping) VALUES (3, 1, 'users', 'x', '', '{}');
         INSERT INTO import_row (batch, line, row_key, body) VALUES (3, 2, 'u1', '{\"user_id\":\"u1\"}');",
    )
    .unwrap();
    drop(old);
    let db = Db::open(&path).unwrap();
    assert_eq!(db.read_now(schema_version).unwrap(), latest_version());
    let found = db.read_now(foredeck_engine::facts::imports::list_batches).unwrap();
    assert!(found.len() == 1 && found[0].state.is_in_force(), "{found:?}");
}
