//! Walks findings in page order: by severity, then by when they are due, then by id; each rule is a band of an index.

use serde::{Deserialize, Serialize};

use super::super::people_text::EmailTest;
use super::super::rows::at_most;
use crate::db::{Connection, DbResult, rusqlite, types::Value};
use crate::domain::finding::{FindingState, Severity};
use crate::projections::findings::rows::Finding;
use crate::projections::findings::terms::Terms;
use crate::projections::findings::{RULES, Rule, find_rule};

/// Where a finding stands in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Place {
    pub severity: u8,
    pub due_at: i64,
    pub id: String,
}

impl Place {
    pub(super) fn of(finding: &Finding) -> Self {
        let severity = find_rule(finding.rule).map_or(u8::MAX, |rule| rank(rule.severity));
        Self { severity, due_at: finding.due_at, id: finding.id.clone() }
    }
}

pub(super) const fn rank(severity: Severity) -> u8 {
    severity as u8
}

/// Which findings are wanted.
pub(super) struct Wanted<'a> {
    /// Rules to look at; the worst first.
    pub rules: Vec<&'static Rule>,
    /// Where they stand. Not [`FindingState::Gone`]: those are no rows.
    pub state: FindingState,
    /// Now, unix seconds.
    pub now: i64,
    /// A test of the order.
    pub test: Option<&'a EmailTest>,
}

impl Wanted<'_> {
    /// Every rule that is asked for, by name and severity; all where none is.
    pub(super) fn rules(names: &[String], severity: Option<Severity>) -> Vec<&'static Rule> {
        let asked = |rule: &&Rule| names.is_empty() || names.iter().any(|name| name == rule.name);
        let severe = |rule: &&Rule| severity.is_none_or(|severity| rule.severity == severity);
        RULES.into_iter().filter(asked).filter(severe).collect()
    }

    /// The first places after one, `limit` at most, without reading more than that of any rule.
    ///
    /// # Errors
    /// The read failed.
    pub(super) fn walk(
        &self,
        connection: &Connection,
        after: Option<&Place>,
        limit: usize,
    ) -> DbResult<Vec<Place>> {
        let terms = Terms::read(connection)?;
        let mut found: Vec<Place> = Vec::new();
        for severity in Severity::ALL {
            if found.len() >= limit || after.is_some_and(|after| after.severity > rank(severity)) {
                continue;
            }
            let mut band = Vec::new();
            for rule in self.rules.iter().filter(|rule| rule.severity == severity) {
                let after = after.filter(|after| after.severity == rank(severity));
                band.extend(self.walk_rule(connection, (rule, &terms), after, limit)?);
            }
            band.sort();
            found.extend(band);
        }
        found.truncate(limit);
        Ok(found)
    }

    /// How many there are.
    ///
    /// # Errors
    /// The read failed.
    pub(super) fn count(&self, connection: &Connection) -> DbResult<i64> {
        let terms = Terms::read(connection)?;
        let mut count = 0;
        for rule in &self.rules {
            count += self.count_rule(connection, (rule, &terms))?;
        }
        Ok(count)
    }

    /// How many of one rule there are.
    ///
    /// # Errors
    /// The read failed.
    pub(super) fn count_rule(
        &self,
        connection: &Connection,
        (rule, terms): (&Rule, &Terms),
    ) -> DbResult<i64> {
        let (sql, values) = self.count_sql(rule, terms);
        Ok(connection
            .prepare_cached(&sql)?
            .query_row(rusqlite::params_from_iter(values), |row| row.get(0))?)
    }

    fn walk_rule(
        &self,
        connection: &Connection,
        (rule, terms): (&Rule, &Terms),
        after: Option<&Place>,
        limit: usize,
    ) -> DbResult<Vec<Place>> {
        let (sql, values) = self.walk_sql((rule, terms), after, limit);
        let severity = rank(rule.severity);
        let mut statement = connection.prepare_cached(&sql)?;
        let places = statement
            .query_map(rusqlite::params_from_iter(values), |row| {
                Ok(Place { severity, due_at: row.get(0)?, id: row.get(1)? })
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(places)
    }

    fn count_sql(&self, rule: &Rule, terms: &Terms) -> (String, Vec<Value>) {
        let (condition, values) = self.condition(rule, terms);
        let index = self.index();
        (format!("SELECT count(*) FROM finding f INDEXED BY {index} WHERE {condition}"), values)
    }

    fn walk_sql(
        &self,
        (rule, terms): (&Rule, &Terms),
        after: Option<&Place>,
        limit: usize,
    ) -> (String, Vec<Value>) {
        let (mut condition, mut values) = self.condition(rule, terms);
        if let Some(after) = after {
            condition.push_str(" AND (f.due_at, f.id) > (?, ?)");
            values.extend([Value::Integer(after.due_at), Value::Text(after.id.clone())]);
        }
        if let Some(test) = self.test {
            condition.push_str(&format!(
                " AND EXISTS (SELECT 1 FROM preorder WHERE key = f.preorder AND {})",
                test.sql()
            ));
            values.extend(test.values());
        }
        values.push(Value::Integer(at_most(limit)));
        let sql = format!(
            "SELECT f.due_at, f.id FROM finding f INDEXED BY {} WHERE {condition} ORDER BY f.due_at, f.id LIMIT ?",
            self.index()
        );
        (sql, values)
    }

    const fn index(&self) -> &'static str {
        match self.state {
            FindingState::Open => "finding_due",
            _ => "finding_state",
        }
    }

    /// A piece of the index, and what has to be asked of its rows beside. An index of part of the rows is only used where
    /// the part is named literally.
    fn condition(&self, rule: &Rule, terms: &Terms) -> (String, Vec<Value>) {
        let number = |number: i64| Value::Integer(number);
        let mut values = vec![Value::Text(rule.name.to_owned()), number(self.now)];
        let mut condition = match self.state {
            FindingState::Open => "f.rule = ? AND f.state < 2 AND f.due_at <= ?",
            FindingState::Snoozed => "f.rule = ? AND f.due_at > ? AND f.state > 0 AND f.state = 1",
            FindingState::Dismissed => "f.rule = ? AND f.due_at <= ? AND f.state > 0 AND f.state = 2",
            FindingState::Resolved | FindingState::Gone => {
                "f.rule = ? AND f.due_at <= ? AND f.state > 0 AND f.state = 3"
            }
        }
        .to_owned();
        if self.state == FindingState::Snoozed {
            condition.push_str(" AND f.opens_at <= ?");
            values.push(number(self.now));
        }
        if let Some(closes_after) = rule.closes_after_s {
            // None that is not closed yet lies before that in the index.
            let base_after = self.now.saturating_sub(closes_after);
            condition.push_str(" AND f.due_at > ? AND f.base_at > ?");
            values.extend([number(terms.opens_at(rule, base_after)), number(base_after)]);
        }
        (condition, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::settings::Settings;
    use crate::projections::schema;

    /// Every page and every count is a seek in the index of what is due, for each rule, and sorts nothing: neither grows with
    /// the orders there are, nor with findings that are not due.
    #[test]
    fn pages_and_counts_seek_in_one_index_and_sort_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        for (_, sql) in crate::db::MIGRATIONS {
            connection.execute_batch(sql).unwrap();
        }
        let transaction = connection.unchecked_transaction().unwrap();
        schema::recreate(&transaction, 0).unwrap();
        transaction.commit().unwrap();
        let terms = Terms::of(&Settings::default());
        let states =
            [FindingState::Open, FindingState::Snoozed, FindingState::Dismissed, FindingState::Resolved];
        for (rule, state) in RULES.into_iter().flat_map(|rule| states.map(|state| (rule, state))) {
            let wanted = Wanted { rules: vec![rule], state, now: 5, test: None };
            let after = Place { severity: rank(rule.severity), due_at: 5, id: "a".to_owned() };
            for (sql, values) in [
                wanted.count_sql(rule, &terms),
                wanted.walk_sql((rule, &terms), None, 10),
                wanted.walk_sql((rule, &terms), Some(&after), 10),
            ] {
                let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
                let lines: Vec<String> = statement
                    .query_map(rusqlite::params_from_iter(values), |row| row.get(3))
                    .unwrap()
                    .collect::<Result<_, _>>()
                    .unwrap();
                let [line] = lines.as_slice() else { panic!("{}: {lines:?}", rule.name) };
                assert!(line.starts_with("SEARCH f USING"), "{}: {line}", rule.name);
                assert!(line.contains(&format!("INDEX {} (", wanted.index())), "{}: {line}", rule.name);
                assert!(line.contains("rule=?") && line.contains("due_at"), "{}: {line}", rule.name);
            }
        }
    }
}
