//! Imports and removals that were cut short: all of a batch is in force in the end, or nothing is.

use std::future::Future;
use std::task::Poll;

use foredeck_engine::domain::shop::ShopKind;
use foredeck_engine::error::Problem;
use foredeck_engine::tasks::import;
use foredeck_engine::tasks::lease::Lease;

use super::Store;

fn text(rows: u32) -> String {
    let rows: String = (0..rows).map(|row| format!("p{row},u{row},pi_{row},5\n")).collect();
    format!("id,user_id,payment_intent,credits\n{rows}")
}

/// Polls work so many times and drops it; says whether it had ended.
async fn cut_short<T>(work: impl Future<Output = T>, polls: usize) -> bool {
    let mut work = Box::pin(work);
    let mut left = polls;
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if left == 0 => Poll::Ready(false),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

#[test]
fn an_import_dropped_anywhere_is_in_force_whole_or_not_at_all() {
    let whole = Store::open();
    whole.import(ShopKind::Purchases, text(12_000));
    let mut ended = false;
    let mut outcomes = [0, 0];
    for polls in 0..200 {
        let store = Store::open();
        let job = store.job(ShopKind::Purchases, text(12_000));
        ended = store.runtime.block_on(cut_short(import::run(&store.db, job.clone()), polls));
        // As when the store is opened again.
        store.runtime.block_on(import::sweep(&store.db)).unwrap();
        let found = store.rows("SELECT count(*) FROM shop_purchase");
        let stored = store.rows("SELECT count(*) FROM import_row");
        assert!(
            found == stored && (found == ["0"] || found == ["12000"]),
            "after {polls}: {found:?} {stored:?}"
        );
        outcomes[usize::from(found == ["12000"])] += 1;
        store.run(job).unwrap();
        assert_eq!(
            store.rows("SELECT row_key, object FROM shop_purchase ORDER BY row_key"),
            whole.rows("SELECT row_key, object FROM shop_purchase ORDER BY row_key")
        );
        if ended {
            break;
        }
    }
    assert!(ended, "it was let run to its end at last");
    assert!(outcomes.iter().all(|count| *count > 0), "cut before and after it was a fact: {outcomes:?}");
}

#[test]
fn a_removal_dropped_anywhere_goes_on() {
    let change = "id,user_id,payment_intent,credits\np1,u1,pi_1,9\np90000,u1,pi_9,9\n";
    for polls in 0..40 {
        let store = Store::open();
        store.import(ShopKind::Purchases, text(50));
        let before = store.in_force();
        store.import(ShopKind::Purchases, change);
        let after = store.in_force();
        let ended = store.runtime.block_on(cut_short(import::remove(&store.db, 2, 1), polls));
        store.runtime.block_on(import::sweep(&store.db)).unwrap();
        let found = store.in_force();
        assert!(found == before || (!ended && found == after), "after {polls} polls");
        if ended {
            return;
        }
    }
    panic!("a removal of two rows never ended");
}

#[test]
fn rows_of_a_killed_process_are_swept_and_those_of_a_living_one_are_not() {
    let store = Store::open();
    let sql = "INSERT INTO import_batch (made_at, kind, file_name, file_digest, mapping, state) VALUES (1, 'users', 'x', '', '{}', 'loading');
        INSERT INTO import_row (batch, line, row_key, body) VALUES (1, 2, 'u1', '{\"user_id\":\"u1\"}')";
    store.runtime.block_on(store.db.write(|to| Ok(to.execute_batch(sql)?))).unwrap();
    let turn = Lease::try_take_for_import(store.db.path()).unwrap().unwrap();
    store.runtime.block_on(import::sweep(&store.db)).unwrap();
    assert_eq!(store.rows("SELECT count(*) FROM import_row"), ["1"]);
    let busy = store.run(store.job(ShopKind::Users, "user_id\nu2\n")).unwrap_err();
    assert_eq!(Problem::from(busy).code, "IMPORT_BUSY");
    drop(turn);
    assert!(store.in_force().is_empty());
    store.import(ShopKind::Users, "user_id\nu2\n");
    assert_eq!(store.rows("SELECT user_id FROM shop_user"), ["u2"]);
    assert_eq!(store.rows("SELECT count(*) FROM import_row"), ["1"]);
}
