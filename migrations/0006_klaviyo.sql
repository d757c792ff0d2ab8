-- The shop's Klaviyo account. Its key is in the keychain, never here.

-- The one connection; no row where there is none. `status` is what the last answer said of it.
CREATE TABLE klaviyo_connection (
  id                   INTEGER PRIMARY KEY CHECK (id = 1),
  status               TEXT NOT NULL,
  since                INTEGER NOT NULL,
  code                 TEXT,
  message              TEXT,
  hint                 TEXT,
  url                  TEXT NOT NULL,
  public_id            TEXT NOT NULL,
  account_name         TEXT NOT NULL,
  time_zone            TEXT,
  currency             TEXT,
  test_account         INTEGER NOT NULL,
  metric_id            TEXT NOT NULL,
  metric_name          TEXT NOT NULL,
  metric_custom        INTEGER NOT NULL,
  integration_id       TEXT,
  integration_key      TEXT,
  integration_name     TEXT,
  integration_category TEXT,
  do_not_order_sync    INTEGER NOT NULL,
  connected_at         INTEGER NOT NULL,
  connected_by         TEXT NOT NULL,
  checked_at           INTEGER NOT NULL
) STRICT;

-- Until when Klaviyo asked not to be asked, by endpoint. Hours are possible: they outlive the process.
CREATE TABLE klaviyo_wait (
  endpoint TEXT PRIMARY KEY,
  told_at  INTEGER NOT NULL,
  until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Report syncs: asked for, and what became of them. `kinds` by comma: campaigns, flows, segments, forms.
CREATE TABLE report_sync (
  seq        INTEGER PRIMARY KEY,
  kinds      TEXT NOT NULL,
  reason     TEXT NOT NULL,
  state      TEXT NOT NULL,
  queued_at  INTEGER NOT NULL,
  started_at INTEGER,
  ended_at   INTEGER,
  code       TEXT,
  message    TEXT
) STRICT;
CREATE INDEX report_sync_queued ON report_sync (state) WHERE state = 'queued';
