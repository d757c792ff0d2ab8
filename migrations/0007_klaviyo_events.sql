-- Events about orders: what was chosen to be sent, what was seen at Klaviyo, and whose they are.

-- Of one order and kind one event, chosen for good before it is first sent: its unique id, its address, its time. It outlives the
-- connection: nobody is told again because an account was connected anew. `state`: chosen, sent, confirmed, lost.
CREATE TABLE klaviyo_event (
  seq          INTEGER PRIMARY KEY,
  account      TEXT NOT NULL,
  unique_id    TEXT NOT NULL,
  kind         TEXT NOT NULL,
  order_id     TEXT NOT NULL,
  email        TEXT NOT NULL,
  metric       TEXT NOT NULL,
  happened_at  INTEGER NOT NULL,
  backfill     INTEGER NOT NULL,
  action       TEXT NOT NULL,
  state        TEXT NOT NULL,
  chosen_at    INTEGER NOT NULL,
  sent_at      INTEGER,
  confirmed_at INTEGER,
  event_id     TEXT,
  UNIQUE (account, unique_id)
) STRICT;

-- The ids that the order had then, its own and those of its objects: whatever order has one of them later inherits the choice.
CREATE TABLE klaviyo_event_id (
  id    TEXT NOT NULL,
  kind  TEXT NOT NULL,
  event INTEGER NOT NULL,
  PRIMARY KEY (id, kind, event)
) STRICT, WITHOUT ROWID;

-- Events seen at Klaviyo, whoever sent them. `label` is the order they name; `ours` says that Foredeck sent them.
CREATE TABLE klaviyo_seen (
  event_id   TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,
  metric     TEXT NOT NULL,
  profile_id TEXT NOT NULL,
  at         INTEGER NOT NULL,
  unique_id  TEXT,
  label      TEXT,
  value      TEXT,
  currency   TEXT,
  color      TEXT,
  ours       INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX klaviyo_seen_profile ON klaviyo_seen (profile_id, kind);
CREATE INDEX klaviyo_seen_foreign ON klaviyo_seen (seen_at) WHERE ours = 0;

-- People as Klaviyo knows them; no profile_id where it knows none. `subscription`: subscribed, unsubscribed, never_subscribed.
CREATE TABLE klaviyo_person (
  email        TEXT PRIMARY KEY,
  profile_id   TEXT,
  subscription TEXT,
  suppressed   INTEGER NOT NULL,
  properties   TEXT NOT NULL,
  seen_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX klaviyo_person_profile ON klaviyo_person (profile_id) WHERE profile_id IS NOT NULL;

-- Addresses whose orders are to be held against Klaviyo again.
CREATE TABLE klaviyo_check_due (email TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
