-- Reports of the connected Klaviyo account, by day of its own time zone, and how their syncs stand. Days are numbers: days since
-- 1970-01-01. What was asked for is in `report_sync`.

-- How the sync of a kind stands; found or made. No state says that it runs: that is seen by `planned_at` and `touched_at`, so
-- that nothing runs for ever after a crash.
CREATE TABLE report_record (
  public_id      TEXT NOT NULL,
  kind           TEXT NOT NULL,
  state          TEXT NOT NULL,
  reason         TEXT NOT NULL,
  queued_at      INTEGER NOT NULL,
  started_at     INTEGER,
  planned_at     INTEGER,
  touched_at     INTEGER,
  ended_at       INTEGER,
  succeeded_at   INTEGER,
  until          INTEGER,
  tries          INTEGER NOT NULL DEFAULT 0,
  first_day      INTEGER,
  last_day       INTEGER,
  windows        INTEGER NOT NULL DEFAULT 0,
  windows_done   INTEGER NOT NULL DEFAULT 0,
  windows_failed INTEGER NOT NULL DEFAULT 0,
  rows           INTEGER NOT NULL DEFAULT 0,
  code           TEXT,
  message        TEXT,
  hint           TEXT,
  PRIMARY KEY (public_id, kind)
) STRICT, WITHOUT ROWID;

-- Windows that are still to be asked for, the most worth first.
CREATE TABLE report_plan (
  kind      TEXT NOT NULL,
  first_day INTEGER NOT NULL,
  last_day  INTEGER NOT NULL,
  place     INTEGER NOT NULL,
  PRIMARY KEY (kind, first_day, last_day)
) STRICT, WITHOUT ROWID;

-- Windows that were asked for: what came, or why nothing did. `metric` is null where no conversions are counted.
CREATE TABLE report_window (
  kind       TEXT NOT NULL,
  first_day  INTEGER NOT NULL,
  last_day   INTEGER NOT NULL,
  zone       TEXT NOT NULL,
  metric     TEXT,
  state      TEXT NOT NULL,
  rows       INTEGER NOT NULL,
  reason     TEXT,
  fetched_at INTEGER NOT NULL,
  PRIMARY KEY (kind, first_day, last_day)
) STRICT, WITHOUT ROWID;

-- Calls of report endpoints in the last 24 hours, each written before it is made.
CREATE TABLE report_call (
  seq      INTEGER PRIMARY KEY,
  endpoint TEXT NOT NULL,
  at       INTEGER NOT NULL
) STRICT;

-- Campaigns, flows, segments and forms by their names.
CREATE TABLE report_entity (
  kind       TEXT NOT NULL,
  id         TEXT NOT NULL,
  name       TEXT NOT NULL,
  status     TEXT,
  channel    TEXT,
  archived   INTEGER NOT NULL,
  created_at INTEGER,
  sent_at    INTEGER,
  seen_at    INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- What a message of a campaign or flow came to on a day. Days on which nothing happened have no row: `report_window` says whether
-- the day is known. Unique counts are of that day. Money is in minor units, null where orders are not synced.
CREATE TABLE report_message_day (
  kind                   TEXT NOT NULL,
  day                    INTEGER NOT NULL,
  entity                 TEXT NOT NULL,
  message                TEXT NOT NULL,
  channel                TEXT NOT NULL,
  recipients             INTEGER,
  delivered              INTEGER,
  bounced                INTEGER,
  failed                 INTEGER,
  opens                  INTEGER,
  opens_unique           INTEGER,
  clicks                 INTEGER,
  clicks_unique          INTEGER,
  conversions            INTEGER,
  conversion_uniques     INTEGER,
  spam_complaints        INTEGER,
  unsubscribes           INTEGER,
  conversion_value_minor INTEGER,
  PRIMARY KEY (kind, day, entity, message, channel)
) STRICT, WITHOUT ROWID;

-- Members of a segment at the end of a day, and how many came and went.
CREATE TABLE report_segment_day (
  day             INTEGER NOT NULL,
  entity          TEXT NOT NULL,
  members_added   INTEGER,
  members_removed INTEGER,
  total_members   INTEGER,
  PRIMARY KEY (day, entity)
) STRICT, WITHOUT ROWID;

-- What a form came to on a day.
CREATE TABLE report_form_day (
  day                    INTEGER NOT NULL,
  entity                 TEXT NOT NULL,
  viewed_form            INTEGER,
  viewed_form_uniques    INTEGER,
  submits                INTEGER,
  closed_form            INTEGER,
  qualified_form         INTEGER,
  qualified_form_uniques INTEGER,
  PRIMARY KEY (day, entity)
) STRICT, WITHOUT ROWID;

-- What the shop's report server is told: queued until it answered. `unanswered` attempts may have been heard.
CREATE TABLE report_trigger (
  seq             INTEGER PRIMARY KEY,
  sync            INTEGER,
  reason          TEXT NOT NULL,
  body            TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  state           TEXT NOT NULL,
  attempts        INTEGER NOT NULL DEFAULT 0,
  unanswered      INTEGER NOT NULL DEFAULT 0,
  queued_at       INTEGER NOT NULL,
  next_at         INTEGER NOT NULL,
  sent_at         INTEGER,
  ended_at        INTEGER,
  http_status     INTEGER,
  code            TEXT,
  message         TEXT
) STRICT;
