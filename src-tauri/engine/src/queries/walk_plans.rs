//! Holds SQLite to the plans that pages are built on: every walk seeks in the index named for it, and no
//! list is sorted whole.

use std::collections::HashSet;

use super::preorders::PreorderSort;
use super::walk::{Band, Cell, Condition, Order, Part, Place, Source, statement};
use crate::db::{Connection, rusqlite};
use crate::projections::schema;

fn mirror() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    for (_, sql) in crate::db::MIGRATIONS {
        connection.execute_batch(sql).unwrap();
    }
    let transaction = connection.unchecked_transaction().unwrap();
    schema::recreate(&transaction, 0).unwrap();
    transaction.commit().unwrap();
    connection
}

fn plan(connection: &Connection, sql: &str, values: usize) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let values = rusqlite::params_from_iter(vec![1; values]);
    let lines = statement.query_map(values, |row| row.get(3)).unwrap();
    lines.collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_walk_seeks_in_its_own_index_and_sorts_nothing() {
    let connection = mirror();
    let mut seen = 0;
    for sort in [PreorderSort::Started, PreorderSort::Paid, PreorderSort::Amount, PreorderSort::Email] {
        let value = if sort == PreorderSort::Email { Cell::Text("a".into()) } else { Cell::Int(5) };
        let parts = match sort {
            PreorderSort::Started => vec![Part::ByStart],
            _ => vec![
                Part::Values(None, None),
                Part::Values(Some(value.clone()), Some(value.clone())),
                Part::Pinned(Some(value.clone())),
                Part::Pinned(None),
            ],
        };
        for part in &parts {
            for ascending in [false, true] {
                for days in [None, Some(5)] {
                    for after in [false, true] {
                        let condition = Condition {
                            from: days,
                            to: days,
                            facets: Some(HashSet::new()),
                            tests: Vec::new(),
                        };
                        let values_part = matches!(part, Part::Values(_, _));
                        let mut sources = vec![Source::All];
                        if sort != PreorderSort::Email {
                            sources.push(Source::Facets(&[1]));
                        }
                        if sort == PreorderSort::Paid && values_part && days.is_some() {
                            sources.push(Source::Late);
                        }
                        for source in sources {
                            let value = if *part == Part::Pinned(None) { None } else { Some(value.clone()) };
                            let place = after.then_some(Place { value, started_at: 5, key: 5 });
                            let band = Band { source, part, condition: &condition };
                            let sql = statement(Order { sort, ascending }, band, place.as_ref());
                            let lines = plan(&connection, &sql.text, sql.values.len());
                            let index = match source {
                                Source::All => format!("preorder_{}", sort.as_str()),
                                Source::Facets(_) => format!("preorder_facet_{}", sort.as_str()),
                                Source::Late => "preorder_late".to_owned(),
                            };
                            let unbounded =
                                *part == Part::ByStart && source == Source::All && days.is_none() && !after;
                            let seeks = lines[0].starts_with("SEARCH") || unbounded;
                            assert!(
                                seeks && lines[0].contains(&format!("INDEX {index}")),
                                "{lines:?}: {}",
                                sql.text
                            );
                            let sorts = lines.iter().any(|line| line.contains("TEMP B-TREE"));
                            assert!(!sorts, "{lines:?}: {}", sql.text);
                            seen += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(seen > 150, "{seen} walks");
}

/// A walk's bound is its cursor: what lies before it is not read again.
#[test]
fn a_walk_goes_on_from_its_cursor() {
    let connection = mirror();
    for (sort, bound) in [
        (PreorderSort::Started, "started_at<?"),
        (PreorderSort::Paid, "(paid_at,started_at)<(?,?)"),
        (PreorderSort::Amount, "(amount,started_at)<(?,?)"),
        (PreorderSort::Email, "(email,started_at)<(?,?)"),
    ] {
        let part = if sort == PreorderSort::Started { Part::ByStart } else { Part::Values(None, None) };
        let value = Some(if sort == PreorderSort::Email { Cell::Text("a".into()) } else { Cell::Int(5) });
        let place = Place { value, started_at: 5, key: 5 };
        let condition = Condition { from: Some(1), to: Some(9), ..Condition::default() };
        let band = Band { source: Source::All, part: &part, condition: &condition };
        for ascending in [false, true] {
            let sql = statement(Order { sort, ascending }, band, Some(&place));
            let lines = plan(&connection, &sql.text, sql.values.len());
            let bound = if ascending { bound.replace('<', ">") } else { bound.to_owned() };
            assert!(lines[0].contains(&bound), "{lines:?} has {bound}: {}", sql.text);
        }
    }
}

#[test]
fn pages_of_events_use_the_index_of_their_filter() {
    let connection = mirror();
    for (object, types, index) in [
        (None, None, "stripe_event_created"),
        (None, Some(&[1, 2][..]), "stripe_event_created"),
        (Some(1), None, "stripe_event_object"),
        (Some(1), Some(&[1][..]), "stripe_event_object"),
    ] {
        for after in [None, Some((5, 5))] {
            let (sql, values) = super::events::statement(object, types, after, 10);
            let lines = plan(&connection, &sql, values.len());
            assert!(lines[0].contains(index), "{lines:?}");
            let others = lines[1..].iter().filter(|line| line.starts_with("SCAN"));
            assert_eq!(others.count(), 0, "{lines:?}");
            let sorts = lines.iter().any(|line| line.contains("TEMP B-TREE FOR ORDER BY"));
            assert!(object.is_some() || !sorts, "only an object's own events are sorted: {lines:?}");
        }
    }
}
