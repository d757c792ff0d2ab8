-- What Webhooks asks of the facts: events of one type within a span, every delivery of a span, and the few ids that
-- are webhook endpoints (kind 10).
CREATE INDEX stripe_event_type ON stripe_event (type, created);
CREATE INDEX stripe_delivery_created ON stripe_delivery (created);
CREATE INDEX stripe_id_endpoint ON stripe_id (key) WHERE kind = 10;
