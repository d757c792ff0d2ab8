-- What operators did through Foredeck, and what was written before each call. Append only but for states.

-- A plan as it was shown. One that is not confirmed within a day is forgotten.
CREATE TABLE action_plan (
  id       TEXT PRIMARY KEY,
  made_at  INTEGER NOT NULL,
  operator TEXT NOT NULL,
  hash     TEXT NOT NULL,
  bulk     INTEGER NOT NULL,
  body     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A confirmed action. `program` holds the exact requests; `due_at` is set while it waits to be run.
CREATE TABLE action (
  seq          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  bulk         TEXT,
  kind         TEXT NOT NULL,
  operator     TEXT NOT NULL,
  level        INTEGER NOT NULL,
  confirmed_at INTEGER NOT NULL,
  order_id     TEXT,
  request      TEXT NOT NULL,
  hash         TEXT NOT NULL,
  plan         TEXT NOT NULL,
  program      TEXT NOT NULL,
  state        TEXT NOT NULL,
  due_at       INTEGER,
  verified     INTEGER,
  money        INTEGER NOT NULL,
  currency     TEXT,
  mails        INTEGER NOT NULL,
  error_code   TEXT,
  error        TEXT,
  result       TEXT,
  ended_at     INTEGER
) STRICT;
CREATE INDEX action_due ON action (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX action_bulk ON action (bulk, state) WHERE bulk IS NOT NULL;
CREATE INDEX action_caps ON action (confirmed_at) WHERE money > 0 OR mails > 0;
CREATE INDEX action_doubtful ON action (ended_at) WHERE state = 'unknown' OR verified = 0;

-- The orders and objects an action is about, to find it by any of them.
CREATE TABLE action_subject (
  subject TEXT NOT NULL,
  action  INTEGER NOT NULL REFERENCES action (seq),
  PRIMARY KEY (subject, action)
) STRICT, WITHOUT ROWID;

-- One step of an action: what was sent, under which key, and what came of it.
CREATE TABLE action_step (
  action      INTEGER NOT NULL REFERENCES action (seq),
  step        INTEGER NOT NULL,
  attempt     INTEGER NOT NULL,
  state       TEXT NOT NULL,
  path        TEXT,
  body        TEXT,
  key         TEXT,
  intended_at INTEGER,
  object      TEXT,
  request_id  TEXT,
  PRIMARY KEY (action, step)
) STRICT, WITHOUT ROWID;

-- Many actions confirmed as one.
CREATE TABLE bulk (
  id           TEXT PRIMARY KEY,
  kind         TEXT NOT NULL,
  operator     TEXT NOT NULL,
  confirmed_at INTEGER NOT NULL,
  plan         TEXT NOT NULL,
  paused       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows chained by HMAC: each hash covers its row and the hash before it.
CREATE TABLE audit (
  seq      INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  operator TEXT NOT NULL,
  action   TEXT,
  event    TEXT NOT NULL,
  body     TEXT NOT NULL,
  key_id   TEXT NOT NULL,
  hash     BLOB NOT NULL
) STRICT;
CREATE INDEX audit_action ON audit (action) WHERE action IS NOT NULL;
