-- Several nodes over one database: what they tell each other, and who of them is missing.

-- Topic messages on their way to the other nodes, kept for the moment that it takes these to fetch
-- them. Live traffic: a crash of the server may empty it.
CREATE UNLOGGED TABLE message_bus_relay (
  sender bigint      NOT NULL,                 -- the node's
  seq    bigint      NOT NULL,                 -- among that node's
  at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  body   bytea       NOT NULL,
  PRIMARY KEY (sender, seq)
);
CREATE INDEX message_bus_relay_at ON message_bus_relay (at);

-- Holders of leases whose lock nobody holds, and since when, by the server's clock: one whose
-- connection broke may come back.
CREATE TABLE message_bus_missing (
  holder bigint PRIMARY KEY,
  since  bigint NOT NULL
);

DO $body$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['message_bus_relay', 'message_bus_missing'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY %I ON %I USING (current_setting(''message_bus.scope'', true) = '
                   '''all'')', name || '_bus', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO message_bus_app', name);
  END LOOP;
END $body$;
