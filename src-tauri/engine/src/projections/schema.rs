//! The disposable tables. A new [`VERSION`] drops them and folds every fact again.

use super::findings;
use super::{event_check, evidence, identity, purchase_rows, sales, shop_tables, wallets};
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Transaction, params};

/// Version of the projections. Raise it with any change to what they hold or mean.
pub const VERSION: i64 = 7;

const TABLES: &[&str] = &[
    "node",
    "former_preorder_id",
    "operator_link",
    "dirty",
    "preorder",
    "person",
    "person_text",
    "rollup",
    "revenue",
    "status_count",
    "facet",
    "source_count",
    "kind_count",
    "projection",
];

/// Tables that other files of this room keep, with their SQL.
const PARTS: &[(&[&str], &str)] = &[
    (&evidence::TABLES, evidence::SQL),
    (&event_check::TABLES, event_check::SQL),
    (&sales::TABLES, sales::SQL),
    (&findings::TABLES, findings::SQL),
    (&identity::TABLES, identity::SQL),
    (&purchase_rows::TABLES, purchase_rows::SQL),
    (&wallets::TABLES, wallets::SQL),
    (shop_tables::TABLES, shop_tables::SQL),
];

const SQL: &str = "
CREATE TABLE projection (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- The newest state of each Stripe object; key is stripe_id.key.
CREATE TABLE node (
  key INTEGER PRIMARY KEY, kind INTEGER NOT NULL,
  as_of INTEGER NOT NULL, rank INTEGER NOT NULL, class INTEGER NOT NULL, digest INTEGER NOT NULL,
  origin INTEGER NOT NULL, source_seq INTEGER NOT NULL,
  unsettled INTEGER NOT NULL, deleted INTEGER NOT NULL, attempted INTEGER NOT NULL,
  created INTEGER, proof_at INTEGER, entered_at INTEGER, failed_at INTEGER, status TEXT, sub_status TEXT,
  amount INTEGER, amount_part INTEGER, currency TEXT,
  email TEXT, name TEXT, preorder_id TEXT, user_id TEXT, color TEXT, locale TEXT, source TEXT,
  detail TEXT, expires_at INTEGER,
  intent INTEGER, charge INTEGER, recovered_from INTEGER, customer INTEGER, plan TEXT, credits INTEGER,
  address INTEGER NOT NULL, product INTEGER,
  preorder INTEGER, payment INTEGER
) STRICT;
CREATE INDEX node_preorder_id ON node (preorder_id, email) WHERE preorder_id IS NOT NULL;
CREATE INDEX node_intent ON node (intent) WHERE intent IS NOT NULL;
CREATE INDEX node_charge ON node (charge) WHERE charge IS NOT NULL;
CREATE INDEX node_recovered ON node (recovered_from) WHERE recovered_from IS NOT NULL;
CREATE INDEX node_customer ON node (customer) WHERE customer IS NOT NULL;
CREATE INDEX node_preorder ON node (preorder) WHERE preorder IS NOT NULL;
CREATE INDEX node_payment ON node (payment) WHERE payment IS NOT NULL;
CREATE INDEX node_unsettled ON node (key) WHERE unsettled = 1;
-- Disputes are few; this counts the open ones without a scan.
CREATE INDEX node_dispute ON node (status) WHERE kind = 5;

-- How many nodes there are of each kind.
CREATE TABLE kind_count (kind INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;

-- preorderIds that an object carried once and carries no more.
CREATE TABLE former_preorder_id (
  preorder_id TEXT NOT NULL, node INTEGER NOT NULL, PRIMARY KEY (preorder_id, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_preorder_id_node ON former_preorder_id (node);

-- Operator links in force, both ends by number.
CREATE TABLE operator_link (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID;
CREATE INDEX operator_link_b ON operator_link (b);

-- Nodes whose order must be folded again.
CREATE TABLE dirty (node INTEGER PRIMARY KEY) STRICT;

CREATE TABLE preorder (
  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL, email TEXT, name TEXT, color TEXT, locale TEXT, source TEXT, user_id TEXT,
  amount INTEGER, currency TEXT, refunded INTEGER NOT NULL,
  started_at INTEGER NOT NULL, paid_at INTEGER,
  session INTEGER, intent INTEGER, matched_by TEXT NOT NULL,
  reached INTEGER NOT NULL, unsettled INTEGER NOT NULL, conflict INTEGER NOT NULL, borrows_email INTEGER NOT NULL,
  goods INTEGER NOT NULL, sessions INTEGER NOT NULL, opened INTEGER NOT NULL, findings INTEGER NOT NULL, lead_at INTEGER,
  facet INTEGER NOT NULL
) STRICT;
-- A page is (column, started_at, key) from some place on. Each sort has an index of all orders and one by
-- facet; a filter is a set of facets, merged. Every index ends in started_at, so that equal amounts and
-- unpaid orders are still found by a seek and days are checked without the row.
CREATE INDEX preorder_started ON preorder (started_at);
CREATE INDEX preorder_paid ON preorder (paid_at, started_at);
CREATE INDEX preorder_amount ON preorder (amount, started_at);
CREATE INDEX preorder_facet_started ON preorder (facet, started_at);
CREATE INDEX preorder_facet_paid ON preorder (facet, paid_at, started_at);
CREATE INDEX preorder_facet_amount ON preorder (facet, amount, started_at);
-- E-mails are long and nearly all differ: one index that carries the facet, and the source for facets that
-- several share, serves every filter; audiences are counted in it alone.
CREATE INDEX preorder_email ON preorder (email, started_at, facet, source);
-- Orders not paid within two days of their start, so that those of some days need not be looked for in every later payment.
CREATE INDEX preorder_late ON preorder (paid_at, started_at, facet) WHERE paid_at NOT BETWEEN started_at AND started_at + 172800;
CREATE INDEX preorder_conflict ON preorder (conflict) WHERE conflict = 1;
-- Leads that are none yet; the others are found by facet.
CREATE INDEX preorder_lead ON preorder (lead_at, facet) WHERE lead_at > started_at;

-- Sources are free text: the orders of a rare one are found here, those of a common one by facet.
CREATE INDEX preorder_source ON preorder (source, started_at);

-- Every combination of status, step, colour, locale, bucket of the source, being a lead or not and buying goods or
-- credits that orders have, and how many have it; key is a digest of the seven.
CREATE TABLE facet (
  key INTEGER PRIMARY KEY, status TEXT NOT NULL, reached INTEGER NOT NULL, color TEXT, locale TEXT,
  bucket INTEGER NOT NULL, lead INTEGER NOT NULL, goods INTEGER NOT NULL, count INTEGER NOT NULL
) STRICT;
CREATE TABLE source_count (
  value TEXT PRIMARY KEY, bucket INTEGER NOT NULL, count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
  key INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT,
  preorders INTEGER NOT NULL, paid INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
  findings INTEGER NOT NULL
) STRICT;
CREATE VIRTUAL TABLE person_text USING fts5 (email, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram');

-- Counts by the day a preorder started: dim 0 all, 1 colour, 2 locale, 3 source; value '' is unknown.
CREATE TABLE rollup (
  dim INTEGER NOT NULL, day INTEGER NOT NULL, value TEXT NOT NULL,
  started INTEGER NOT NULL, opened INTEGER NOT NULL, attempted INTEGER NOT NULL, paid INTEGER NOT NULL, kept INTEGER NOT NULL,
  PRIMARY KEY (dim, day, value)
) STRICT, WITHOUT ROWID;
-- Money by the day of payment.
CREATE TABLE revenue (
  day INTEGER NOT NULL, currency TEXT NOT NULL, paid INTEGER NOT NULL, refunded INTEGER NOT NULL, orders INTEGER NOT NULL,
  PRIMARY KEY (day, currency)
) STRICT, WITHOUT ROWID;
CREATE TABLE status_count (status TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// The version and settings revision the projections in the file were made with; None when there are none.
///
/// # Errors
/// The read failed.
pub fn find_version(connection: &Connection) -> DbResult<Option<(i64, i64)>> {
    let exists: Option<i64> = connection
        .query_row("SELECT 1 FROM sqlite_master WHERE name = 'projection'", [], |row| row.get(0))
        .optional()?;
    if exists.is_none() {
        return Ok(None);
    }
    let read = |name: &str| -> DbResult<i64> {
        Ok(connection
            .query_row("SELECT value FROM projection WHERE name = ?1", [name], |row| row.get(0))
            .optional()?
            .unwrap_or(0))
    };
    Ok(Some((read("version")?, read("settings")?)))
}

/// Says that queries may read the projections of this file.
///
/// # Errors
/// [`DbError::StaleProjections`] when another version made them.
pub fn require_current(connection: &Connection) -> DbResult<()> {
    match find_version(connection)? {
        Some((VERSION, _)) => Ok(()),
        found => {
            Err(DbError::StaleProjections { found: found.map_or(0, |(version, _)| version), known: VERSION })
        }
    }
}

/// Drops every projection and makes the tables anew, empty.
///
/// # Errors
/// The write failed.
pub fn recreate(transaction: &Transaction<'_>, settings_revision: i64) -> DbResult<()> {
    for table in TABLES.iter().chain(PARTS.iter().flat_map(|(tables, _)| *tables)) {
        transaction.execute_batch(&format!("DROP TABLE IF EXISTS {table}"))?;
    }
    transaction.execute_batch(SQL)?;
    for (_, sql) in PARTS {
        transaction.execute_batch(sql)?;
    }
    for index in shop_tables::INDEXES {
        transaction.execute_batch(index.sql)?;
    }
    for (name, value) in [("version", VERSION), ("settings", settings_revision)] {
        transaction.execute("INSERT INTO projection (name, value) VALUES (?1, ?2)", params![name, value])?;
    }
    Ok(())
}
