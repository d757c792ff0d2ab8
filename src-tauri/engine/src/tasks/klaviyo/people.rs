//! Whom Klaviyo is asked about: people of orders that are held against it, and in turn everybody else who has one.

use std::collections::HashSet;

use super::look::Times;
use super::{DAY, DUE_EVERY_S, LOOK_EVERY_S};
use crate::db::{Connection, DbResult, OptionalExtension, params, rusqlite};
use crate::domain::klaviyo::EventVerdict;
use crate::facts::state::find_state;

/// People of orders so young are looked for again at each look, until they are known.
const YOUNG_S: i64 = 2 * DAY;
/// People looked for between two questions to the mirror.
const PEOPLE: i64 = 1_000;
/// State document: up to which address the round has come.
pub(super) const ROUND: &str = "klaviyo_people_round";
/// People that one look asks about in their turn: eighty requests. In the three days that a yes stands, some 500,000 people.
const TURNS: usize = 2_000;
/// Orders that one look passes. With a million of them a round in which nobody is to be asked about takes half a day.
const PASSED: usize = 20_000;

/// Orders come first, of the last days alone: CROSS JOIN keeps SQLite from going through every object of the mirror instead.
const UNKNOWN: &str = "
    SELECT DISTINCT e.email FROM (
      SELECT p.email AS email, max(p.started_at, coalesce(p.paid_at, 0)) AS at FROM preorder p
      WHERE (p.started_at >= ?1 OR p.paid_at >= ?1) AND p.goods = 1 AND p.email IS NOT NULL
      UNION ALL
      SELECT n.email, p.started_at FROM preorder p CROSS JOIN node n ON n.preorder = p.key
      WHERE p.started_at >= ?1 AND p.goods = 1 AND n.email IS NOT NULL AND n.email IS NOT p.email
    ) e LEFT JOIN klaviyo_person k ON k.email = e.email
    WHERE k.email IS NULL OR k.seen_at < ?2 OR k.seen_at > ?9 OR (k.profile_id IS NULL AND e.at >= ?3 AND (k.seen_at < ?4
      OR EXISTS (SELECT 1 FROM event_check c WHERE c.email = e.email AND c.verdict = ?6 AND c.happened_at <= ?7
        AND (k.seen_at < ?5 OR k.seen_at < c.happened_at + ?10))))
    LIMIT ?8";

/// Some addresses of orders that Klaviyo was not asked about, or long before the look began; what was seen after now was not.
pub(super) fn unknown_people(connection: &Connection, times: Times, now: i64) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(UNKNOWN)?;
    let (young, unknown) = (times.now - YOUNG_S, times.now - LOOK_EVERY_S / 2);
    let waits = (times.now - DUE_EVERY_S / 2, EventVerdict::Waiting.as_str());
    let args = params![
        times.horizon,
        times.stale,
        young,
        unknown,
        waits.0,
        waits.1,
        times.waited,
        PEOPLE,
        now,
        times.now - times.waited
    ];
    let rows = statement.query_map(args, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The next part of a round.
pub(super) struct NextOfRound {
    /// Whom to ask about.
    pub(super) emails: Vec<String>,
    /// Up to which address that comes; empty at the end of the round.
    pub(super) after: String,
}

const ALL_IN_TURN: &str =
    "SELECT email, facet FROM preorder INDEXED BY preorder_email WHERE email > ?1 ORDER BY email";

/// Goes on through the addresses of all orders for goods, by name, whatever their age: who was not asked about for a day, or never,
/// is asked about. A round comes to everybody before it comes to anybody again, so that whoever was seen longest ago is next, and it
/// reads a part of one index however many orders there are.
pub(super) fn next_of_round(connection: &Connection, now: i64) -> DbResult<NextOfRound> {
    let mut at: String = find_state(connection, ROUND)?.unwrap_or_default();
    let goods: HashSet<i64> = connection
        .prepare_cached("SELECT key FROM facet WHERE goods = 1")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut known = connection.prepare_cached("SELECT seen_at FROM klaviyo_person WHERE email = ?1")?;
    let mut statement = connection.prepare_cached(ALL_IN_TURN)?;
    let mut rows = statement.query([&at])?;
    let (mut emails, mut passed, mut looked) = (Vec::new(), 0, false);
    while let Some(row) = rows.next()? {
        let email = row.get_ref(0)?.as_str().unwrap_or_default();
        if email != at {
            if passed >= PASSED || emails.len() >= TURNS {
                return Ok(NextOfRound { emails, after: at });
            }
            email.clone_into(&mut at);
            looked = false;
        }
        passed += 1;
        if looked || !goods.contains(&row.get(1)?) {
            continue;
        }
        looked = true;
        let seen: Option<i64> = known.query_row([&at], |row| row.get(0)).optional()?;
        if seen.is_none_or(|seen| seen < now - DAY || seen > now) {
            emails.push(at.clone());
        }
    }
    Ok(NextOfRound { emails, after: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Db, Transaction};
    use crate::facts::state::set_state;
    use crate::projections::schema;

    const NOW: i64 = 1_790_000_000;

    /// A mirror of orders a year old: so many for goods, two to each third person, and some of credits.
    fn mirror(people: usize) -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("a.mirror")).unwrap();
        let fill = move |to: &Transaction<'_>| {
            schema::recreate(to, 0)?;
            to.execute_batch(
                "INSERT INTO facet VALUES (1, 'completed', 5, NULL, NULL, 0, 0, 1, 0), (2, 'completed', 5, NULL, NULL, 0, 0, 0, 0)",
            )?;
            let mut insert = to.prepare(
                "INSERT INTO preorder (id, status, email, refunded, started_at, matched_by, reached, unsettled, conflict,
                   borrows_email, goods, sessions, opened, findings, facet)
                 VALUES (?1, 'completed', ?2, 0, ?3, '', 5, 0, 0, 0, ?4, 1, 1, 0, 2 - ?4)",
            )?;
            for number in 0..people {
                for order in 0..=usize::from(number % 3 == 0) {
                    let email = format!("p{number:06}@example.com");
                    insert.execute(params![format!("pre_{number}_{order}"), email, NOW - 365 * DAY, 1])?;
                }
                if number % 10 == 0 {
                    let email = format!("c{number:06}@example.com");
                    insert.execute(params![format!("buy_{number}"), email, NOW - DAY, 0])?;
                }
            }
            Ok(())
        };
        run(&db, fill);
        (folder, db)
    }

    fn run<T: Send + 'static>(
        db: &Db,
        work: impl FnOnce(&Transaction<'_>) -> DbResult<T> + Send + 'static,
    ) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(db.write(work)).unwrap()
    }

    /// One look: whom it asks about, all of them answered.
    fn look(db: &Db, now: i64) -> Vec<String> {
        let next = db.read_now(|connection| next_of_round(connection, now)).unwrap();
        let emails = next.emails.clone();
        run(db, move |to| {
            for email in &next.emails {
                to.execute(
                    "INSERT OR REPLACE INTO klaviyo_person (email, suppressed, properties, seen_at) VALUES (?1, 0, '{}', ?2)",
                    params![email, now],
                )?;
            }
            set_state(to, ROUND, &next.after)
        });
        emails
    }

    /// How SQLite would answer.
    fn explained(db: &Db, sql: &str, values: usize) -> Vec<String> {
        let read = db.read_now(|connection| {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let values = rusqlite::params_from_iter(vec![0_i64; values]);
            Ok(explain.query_map(values, |row| row.get(3))?.collect::<rusqlite::Result<_>>()?)
        });
        read.unwrap()
    }

    #[test]
    fn a_round_comes_to_everybody_once_and_no_look_is_long() {
        let (_folder, db) = mirror(4_500);
        let looks: Vec<Vec<String>> = (0..3).map(|at| look(&db, NOW + at * 900)).collect();
        assert_eq!(looks.iter().map(Vec::len).collect::<Vec<_>>(), [2_000, 2_000, 500]);
        let mut all = looks.concat();
        assert!(
            all.iter().all(|email| email.starts_with('p')),
            "who bought credits alone is not asked about"
        );
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 4_500);
        assert_eq!(look(&db, NOW + 4 * 900), Vec::<String>::new(), "everybody was asked about today");
        assert_eq!(look(&db, NOW + DAY + 900).len(), 2_000, "and again when that is a day old");
        run(&db, |to| Ok(to.execute("UPDATE klaviyo_person SET seen_at = ?1", [NOW + 9 * DAY])?));
        assert_eq!(look(&db, NOW + 2 * DAY).len(), 2_000, "what was seen after now was not");
    }

    #[test]
    fn what_another_look_saw_a_moment_ago_is_not_asked_about_again() {
        let (_folder, db) = mirror(30);
        run(&db, |to| Ok(to.execute("UPDATE preorder SET started_at = ?1", [NOW - 900])?));
        let seen = |at: i64| {
            run(&db, move |to| {
                Ok(to.execute(
                    "INSERT OR REPLACE INTO klaviyo_person (email, suppressed, properties, seen_at)
                     SELECT DISTINCT email, 0, '{}', ?1 FROM preorder",
                    [at],
                )?)
            })
        };
        // Two whom somebody asked for, the second five seconds after the first.
        let of = |began: i64| Times {
            now: began,
            since: began - 30 * DAY,
            horizon: began - 30 * DAY,
            stale: began - 30,
            waited: began - 3_600,
        };
        let asked = |began: i64, now: i64| {
            db.read_now(|connection| unknown_people(connection, of(began), now)).unwrap().len()
        };
        assert_eq!(asked(NOW, NOW), 30);
        seen(NOW + 60);
        assert_eq!((asked(NOW, NOW + 60), asked(NOW + 5, NOW + 60)), (0, 0));
        seen(NOW + 2);
        assert_eq!((asked(NOW, NOW + 61), asked(NOW + 5, NOW + 61)), (0, 0));
        assert_eq!(asked(NOW, NOW + 1), 30, "the clock was set back");
    }

    #[test]
    fn a_look_passes_a_part_of_one_index() {
        let (_folder, db) = mirror(40_000);
        run(&db, |to| {
            Ok(to.execute(
                "INSERT INTO klaviyo_person (email, suppressed, properties, seen_at)
                 SELECT DISTINCT email, 0, '{}', ?1 FROM preorder",
                [NOW],
            )?)
        });
        let mut looks = 0;
        loop {
            assert_eq!(look(&db, NOW + 60), Vec::<String>::new());
            looks += 1;
            if db.read_now(|connection| find_state::<String>(connection, ROUND)).unwrap().unwrap().is_empty()
            {
                break;
            }
        }
        assert_eq!(looks, 3, "57,334 orders, of which each look passes 20,000");
        let plan = explained(&db, ALL_IN_TURN, 1);
        assert_eq!(plan, ["SEARCH preorder USING COVERING INDEX preorder_email (email>?)"]);
        let plan = explained(&db, UNKNOWN, 10);
        assert!(plan.iter().all(|step| !step.starts_with("SCAN") || step == "SCAN e"), "{plan:#?}");
    }
}
