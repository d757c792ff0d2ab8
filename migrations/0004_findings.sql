-- What became of findings: when one was first seen open, and that it is gone. What findings there are now is a projection;
-- this is what was noted of them, and is kept.
CREATE TABLE finding_seen (
  id         TEXT PRIMARY KEY,
  rule       TEXT NOT NULL,
  subject    TEXT NOT NULL,
  order_id   TEXT,
  first_seen INTEGER NOT NULL,
  gone_at    INTEGER,
  -- Where it stood when it was last looked at: open, snoozed, dismissed, resolved, gone.
  state      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_seen_gone ON finding_seen (gone_at) WHERE gone_at IS NOT NULL;
CREATE INDEX finding_seen_order ON finding_seen (order_id) WHERE order_id IS NOT NULL;
