-- Durable tables: what was told to us, as it was told. Forward only; nothing here is ever derived.

-- One row a name: the mirror's identity and small durable marks.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Settings are facts: every revision is kept.
CREATE TABLE settings_revision (
  revision INTEGER PRIMARY KEY,
  set_at   INTEGER NOT NULL,
  body     TEXT NOT NULL
) STRICT;

-- Dictionaries that stored bodies were compressed with.
CREATE TABLE dictionary (
  id      INTEGER PRIMARY KEY,
  made_at INTEGER NOT NULL,
  body    BLOB NOT NULL
) STRICT;

-- Every Stripe id ever seen, once; other tables refer to it by number.
CREATE TABLE stripe_id (
  key  INTEGER PRIMARY KEY,
  id   TEXT NOT NULL UNIQUE,
  kind INTEGER NOT NULL
) STRICT;

-- Event types and API versions by number.
CREATE TABLE stripe_word (
  key  INTEGER PRIMARY KEY,
  word TEXT NOT NULL UNIQUE
) STRICT;

-- Events, append only, bytes as they came (zstd). `dictionary` 0 means stored plain.
CREATE TABLE stripe_event (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  type        INTEGER NOT NULL REFERENCES stripe_word (key),
  api_version INTEGER REFERENCES stripe_word (key),
  object      INTEGER REFERENCES stripe_id (key),
  created     INTEGER NOT NULL,
  stored_at   INTEGER NOT NULL,
  digest      INTEGER NOT NULL,
  dictionary  INTEGER NOT NULL,
  body        BLOB NOT NULL
) STRICT;
CREATE INDEX stripe_event_object ON stripe_event (object) WHERE object IS NOT NULL;
CREATE INDEX stripe_event_created ON stripe_event (created);

-- The same event id with other bytes: never dropped in silence.
CREATE TABLE stripe_event_conflict (
  seq       INTEGER PRIMARY KEY,
  event_id  TEXT NOT NULL,
  seen_at   INTEGER NOT NULL,
  digest    INTEGER NOT NULL,
  dictionary INTEGER NOT NULL,
  body      BLOB NOT NULL,
  UNIQUE (event_id, digest)
) STRICT;

-- Snapshots of objects from lists (2), retrieves (3) and answers to our own writes (4). The same bytes
-- seen again only move `as_of` on. `deleted` marks a tombstone.
CREATE TABLE stripe_snapshot (
  seq         INTEGER PRIMARY KEY,
  object      INTEGER NOT NULL REFERENCES stripe_id (key),
  origin      INTEGER NOT NULL,
  as_of       INTEGER NOT NULL,
  first_as_of INTEGER NOT NULL,
  deleted     INTEGER NOT NULL,
  digest      INTEGER NOT NULL,
  dictionary  INTEGER NOT NULL,
  body        BLOB NOT NULL
) STRICT;
CREATE INDEX stripe_snapshot_object ON stripe_snapshot (object);

-- What Stripe last said of an event's delivery.
CREATE TABLE stripe_delivery (
  event_id    TEXT PRIMARY KEY,
  created     INTEGER NOT NULL,
  pending     INTEGER NOT NULL,
  seen_at     INTEGER NOT NULL,
  resolved_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX stripe_delivery_open ON stripe_delivery (created) WHERE resolved_at IS NULL;

-- What operators did: intents, links, adjustments, notes, decisions.
CREATE TABLE local_fact (
  seq      INTEGER PRIMARY KEY,
  made_at  INTEGER NOT NULL,
  operator TEXT NOT NULL,
  kind     TEXT NOT NULL,
  subject  TEXT NOT NULL,
  object   TEXT,
  body     TEXT NOT NULL
) STRICT;
CREATE INDEX local_fact_subject ON local_fact (kind, subject);

-- The shop's own rows, by batch.
CREATE TABLE import_batch (
  batch       INTEGER PRIMARY KEY,
  made_at     INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  file_name   TEXT NOT NULL,
  file_digest TEXT NOT NULL,
  mapping     TEXT NOT NULL,
  removed_at  INTEGER
) STRICT;
CREATE TABLE import_row (
  batch   INTEGER NOT NULL REFERENCES import_batch (batch),
  line    INTEGER NOT NULL,
  row_key TEXT NOT NULL,
  body    TEXT NOT NULL,
  PRIMARY KEY (batch, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_row_key ON import_row (row_key);

-- What was sent to Klaviyo, and what was seen there.
CREATE TABLE klaviyo_fact (
  seq       INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,
  kind      TEXT NOT NULL,
  subject   TEXT NOT NULL,
  unique_id TEXT,
  body      TEXT NOT NULL
) STRICT;
CREATE INDEX klaviyo_fact_subject ON klaviyo_fact (kind, subject);

-- Where the sync stands: walks, watermarks, schedules, counters.
CREATE TABLE sync_state (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A span of `created` that a backfill lists; its cursor makes it resumable.
CREATE TABLE backfill_window (
  run      INTEGER NOT NULL,
  kind     INTEGER NOT NULL,
  lo       INTEGER NOT NULL,
  hi       INTEGER NOT NULL,
  cursor   TEXT,
  done     INTEGER NOT NULL,
  objects  INTEGER NOT NULL,
  PRIMARY KEY (run, kind, lo)
) STRICT, WITHOUT ROWID;

-- Objects to be fetched again, and when.
CREATE TABLE refetch (
  object   INTEGER PRIMARY KEY REFERENCES stripe_id (key),
  due_at   INTEGER NOT NULL,
  reason   TEXT NOT NULL,
  attempts INTEGER NOT NULL
) STRICT;
CREATE INDEX refetch_due ON refetch (due_at);

-- Errors the sync met, and things it did by itself.
CREATE TABLE sync_log (
  seq        INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  level      TEXT NOT NULL,
  code       TEXT NOT NULL,
  message    TEXT NOT NULL,
  request_id TEXT
) STRICT;
