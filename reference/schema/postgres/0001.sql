-- refbus on PostgreSQL: the message bus' schema, queues included. Settled messages stay until they
-- expire; what nobody is owed any more is only a record that can be retrieved. Instants of queues
-- are milliseconds since 1970, UTC, the clock hook's shift included.

CREATE TYPE message_status AS ENUM ('pending', 'complete', 'error', 'expired');
CREATE TYPE compression_type AS ENUM ('none', 'gzip', 'zstd');

CREATE FUNCTION message_bus_instant(ms bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
  RETURN timestamptz '1970-01-01 00:00:00+00' + ms * interval '1 millisecond';
CREATE FUNCTION message_bus_ms(instant timestamptz) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  RETURN floor(extract(epoch FROM instant) * 1000)::bigint;

-- One row per accepted message. seq is the order of acceptance. What a client names without a bound
-- is looked up by a key, half of its SHA-256, since an index holds no long text.
CREATE SEQUENCE message_bus_seq;
CREATE TABLE message_bus (
  id                    uuid             NOT NULL,
  transaction_id        varchar(255)     NOT NULL,
  seq                   bigint           NOT NULL,
  session_id            text,
  tool_name             text,
  provider_name         text,
  destination           text             NOT NULL,
  queued                boolean          NOT NULL,   -- false: a topic's payload, owed to nobody
  route                 smallint         NOT NULL,   -- 0 inline, 1 reference
  event                 text             NOT NULL,   -- JSON without the payload, as it was accepted
  body_kind             smallint         NOT NULL,   -- 0 none, 1 JSON, 2 text, 3 binary
  payload               bytea,                       -- NULL where the route is a reference
  payload_size_bytes    bigint           NOT NULL,
  compression_type      compression_type NOT NULL,
  compressed_size_bytes bigint           NOT NULL,   -- what the payload takes where it is stored
  checksum              varchar(64)      NOT NULL,   -- SHA-256 of the payload bytes, hexadecimal
  status                message_status   NOT NULL,
  error_message         text,                        -- why the payload is known to be bad
  created_at            timestamptz      NOT NULL,
  accessed_at           timestamptz,                 -- when its payload was last asked for
  expires_at            timestamptz      NOT NULL,
  metadata              jsonb            NOT NULL,   -- the event's attributes, for people and tools
  correlation_id        text,
  correlation_key       uuid,
  session_key           uuid,
  sender                text             NOT NULL,
  gone                  boolean          NOT NULL DEFAULT false,  -- expired, kept for a lease's holder
  identity              uuid,                        -- of destination, source and id; NULL: never
  known_until           bigint,                      -- known again by it until then
  chunk                 bigint           NOT NULL    -- bytes of each stored piece but the last
);
ALTER TABLE message_bus ALTER COLUMN payload SET STORAGE EXTERNAL;
ALTER TABLE message_bus ADD CONSTRAINT message_bus_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX message_bus_transaction_id ON message_bus (transaction_id);
CREATE UNIQUE INDEX message_bus_acceptance ON message_bus (seq);
CREATE INDEX message_bus_expires_at ON message_bus (expires_at) WHERE NOT gone;
CREATE INDEX message_bus_gone ON message_bus (seq) WHERE gone;
CREATE INDEX message_bus_correlation ON message_bus (correlation_key, seq)
  WHERE correlation_key IS NOT NULL;
CREATE INDEX message_bus_session ON message_bus (session_key, seq) WHERE session_key IS NOT NULL;
CREATE INDEX message_bus_identity ON message_bus (identity, seq) WHERE identity IS NOT NULL;

-- A destination's groups with their counts; accepted = the sum of all the others.
CREATE TABLE message_bus_group (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  destination text   NOT NULL,
  name        text   NOT NULL,
  accepted    bigint NOT NULL DEFAULT 0,
  acked       bigint NOT NULL DEFAULT 0,
  ready       bigint NOT NULL DEFAULT 0,
  leased      bigint NOT NULL DEFAULT 0,
  delayed     bigint NOT NULL DEFAULT 0,
  dead        bigint NOT NULL DEFAULT 0,
  expired     bigint NOT NULL DEFAULT 0,
  deleted     bigint NOT NULL DEFAULT 0,
  UNIQUE (destination, name)
) WITH (fillfactor = 50);

-- What a group is still owed: one row per message until it is settled.
CREATE TABLE message_bus_owed (
  queue_group  bigint   NOT NULL,
  message      bigint   NOT NULL,
  state        smallint NOT NULL,              -- 0 ready, 1 leased, 2 delayed, 3 dead
  rank         bigint   NOT NULL,              -- lower is delivered first
  place        bigint   NOT NULL,              -- among equals of a rank
  attempt      integer  NOT NULL,              -- deliveries so far
  due          bigint,                         -- when a delayed one is ready
  reason       text,                           -- of a dead letter
  lease_holder bigint,                         -- the node whose consumer has it
  lease_token  bigint,                         -- which of that node's leases
  lease_until  bigint,
  PRIMARY KEY (queue_group, message)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
CREATE INDEX message_bus_owed_ready ON message_bus_owed (queue_group, rank, place) WHERE state = 0;
CREATE INDEX message_bus_owed_leased ON message_bus_owed (lease_until) WHERE state = 1;
CREATE INDEX message_bus_owed_delayed ON message_bus_owed (due) WHERE state = 2;
CREATE INDEX message_bus_owed_dead ON message_bus_owed (queue_group, message) WHERE state = 3;

-- Each node has a number, and for as long as it lives the advisory lock of that number.
CREATE SEQUENCE message_bus_holder MAXVALUE 2147483647 CYCLE;

-- What has happened since this schema was made: the sum of all rows. A node adds to the row of its
-- own, so that nodes do not wait for each other.
CREATE TABLE message_bus_total (
  shard           integer PRIMARY KEY,
  published       bigint NOT NULL DEFAULT 0,
  delivered       bigint NOT NULL DEFAULT 0,
  acked           bigint NOT NULL DEFAULT 0,
  rejected        bigint NOT NULL DEFAULT 0,
  redelivered     bigint NOT NULL DEFAULT 0,
  dead_lettered   bigint NOT NULL DEFAULT 0,
  expired         bigint NOT NULL DEFAULT 0,
  deleted         bigint NOT NULL DEFAULT 0,
  topic_published bigint NOT NULL DEFAULT 0,
  topic_delivered bigint NOT NULL DEFAULT 0,
  payload_count   bigint NOT NULL DEFAULT 0,
  payload_bytes   bigint NOT NULL DEFAULT 0,
  payload_corrupt bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO message_bus_total (shard) SELECT generate_series(0, 15);

-- Messages that are gone: the audit's, and those whose event is still known.
CREATE TABLE message_bus_past (
  seq                bigint       PRIMARY KEY,   -- as the message's
  transaction_id     varchar(255) NOT NULL,
  sender             text         NOT NULL,
  session_key        uuid,
  route              smallint     NOT NULL,
  payload_size_bytes bigint       NOT NULL,
  checksum           varchar(64)  NOT NULL,
  created_at         timestamptz  NOT NULL,
  identity           uuid,
  known_until        bigint,
  ended              bigint       NOT NULL,
  outcome            smallint     NOT NULL       -- 1 complete, 3 expired, 4 deleted
);
CREATE INDEX message_bus_past_transaction ON message_bus_past (transaction_id);
CREATE INDEX message_bus_past_ended ON message_bus_past (ended);
CREATE INDEX message_bus_past_session ON message_bus_past (session_key, seq)
  WHERE session_key IS NOT NULL;
CREATE INDEX message_bus_past_identity ON message_bus_past (identity, seq)
  WHERE identity IS NOT NULL;

-- What is kept of messages that expired, where REFBUS_ARCHIVE says so; and the sweeps that took any.
CREATE TABLE message_bus_archive (
  id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction_id     varchar(255) NOT NULL UNIQUE,
  session_id         text,
  destination        text         NOT NULL,
  event              text         NOT NULL,
  body_kind          smallint     NOT NULL,
  payload            bytea,                      -- NULL where the route was a reference
  payload_size_bytes bigint       NOT NULL,
  checksum           varchar(64)  NOT NULL,
  correlation_id     text,
  created_at         timestamptz  NOT NULL,
  expires_at         timestamptz  NOT NULL,
  archived_at        timestamptz  NOT NULL
);
ALTER TABLE message_bus_archive ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX message_bus_archive_archived_at ON message_bus_archive (archived_at);

CREATE TABLE message_bus_maintenance_log (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at      timestamptz NOT NULL,
  expired bigint      NOT NULL
);

-- Payloads above the inline limit, in pieces. EXTERNAL: the pieces are compressed already, if they
-- are to be, and only a value stored as it is can be read from its middle.
CREATE TABLE message_bus_payload (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction_id varchar(255) NOT NULL UNIQUE,
  expires        bigint       NOT NULL
);
CREATE INDEX message_bus_payload_expires ON message_bus_payload (expires);
CREATE TABLE message_bus_chunk (
  payload bigint           NOT NULL,
  n       integer          NOT NULL,
  codec   compression_type NOT NULL,
  size    bigint           NOT NULL,             -- bytes before compression
  digest  bytea            NOT NULL,             -- SHA-256 of the bytes before compression
  body    bytea            NOT NULL,
  PRIMARY KEY (payload, n)
);
ALTER TABLE message_bus_chunk ALTER COLUMN body SET STORAGE EXTERNAL;

-- Takes messages out for good; the audit goes on to know of them. Returns those that had stored
-- payloads, which nothing names any more.
CREATE FUNCTION message_bus_erase(messages bigint[], how smallint, moment bigint)
RETURNS TABLE (unreferenced text) LANGUAGE plpgsql AS $body$
BEGIN
  INSERT INTO message_bus_past (seq, transaction_id, sender, session_key, route,
      payload_size_bytes, checksum, created_at, identity, known_until, ended, outcome)
    SELECT m.seq, m.transaction_id, m.sender, m.session_key, m.route, m.payload_size_bytes,
           m.checksum, m.created_at, m.identity, m.known_until, moment, how
      FROM message_bus m WHERE m.seq = ANY (messages);
  RETURN QUERY
    WITH erased AS (
      DELETE FROM message_bus m WHERE m.seq = ANY (messages)
      RETURNING m.seq, m.transaction_id, m.route, m.payload_size_bytes,
                m.error_message IS NOT NULL AS corrupt),
    counted AS (
      UPDATE message_bus_total t
         SET payload_count = t.payload_count - e.n, payload_bytes = t.payload_bytes - e.bytes,
             payload_corrupt = t.payload_corrupt - e.corrupt
        FROM (SELECT count(*) AS n, coalesce(sum(payload_size_bytes), 0) AS bytes,
                     count(*) FILTER (WHERE corrupt) AS corrupt FROM erased) e
       WHERE t.shard = 0 AND e.n > 0)
    SELECT erased.transaction_id::text FROM erased WHERE erased.route = 1 ORDER BY erased.seq;
END $body$;

-- Ends what has outlived its time, at most `at_most`: waiting copies are dropped, or become dead
-- letters; what a consumer holds stays until it lets go. What refbus' own sweep calls; for pg_cron:
--   SELECT cron.schedule('message bus', '*/5 * * * *',
--                        'SELECT set_session_context(NULL); SELECT * FROM cleanup_expired_messages()');
-- One row per message; `unreferenced` where its stored payload may go, too.
CREATE FUNCTION cleanup_expired_messages(at_most integer DEFAULT 1000,
    moment bigint DEFAULT message_bus_ms(clock_timestamp()), dead_letters boolean DEFAULT false,
    archive boolean DEFAULT true)
RETURNS TABLE (expired text, unreferenced boolean) LANGUAGE plpgsql AS $body$
DECLARE
  over bigint[];
  held bigint[];
BEGIN
  SELECT array_agg(e.seq) INTO over FROM (
    SELECT m.seq FROM message_bus m
     WHERE NOT m.gone AND m.expires_at <= message_bus_instant(moment)
     ORDER BY m.expires_at LIMIT at_most FOR UPDATE SKIP LOCKED) e;
  IF over IS NULL THEN RETURN; END IF;
  PERFORM FROM message_bus_group g
    WHERE g.destination IN (SELECT m.destination FROM message_bus m WHERE m.seq = ANY (over))
    ORDER BY g.id FOR NO KEY UPDATE;
  WITH ended AS (
    SELECT o.queue_group, count(*) FILTER (WHERE o.state = 0) AS ready,
           count(*) FILTER (WHERE o.state = 2) AS delayed,
           count(*) FILTER (WHERE o.state = 3 AND NOT dead_letters) AS dead
      FROM message_bus m JOIN message_bus_group g ON g.destination = m.destination
      JOIN message_bus_owed o ON o.queue_group = g.id AND o.message = m.seq
     WHERE m.seq = ANY (over) AND o.state <> 1 GROUP BY o.queue_group),
  counted AS (
    UPDATE message_bus_group g
       SET ready = g.ready - e.ready, delayed = g.delayed - e.delayed,
           dead = g.dead - e.dead + CASE WHEN dead_letters THEN e.ready + e.delayed ELSE 0 END,
           expired = g.expired +
                     CASE WHEN dead_letters THEN 0 ELSE e.ready + e.delayed + e.dead END
      FROM ended e WHERE g.id = e.queue_group)
  UPDATE message_bus_total t
     SET expired = t.expired + CASE WHEN dead_letters THEN 0 ELSE e.n END,
         dead_lettered = t.dead_lettered + CASE WHEN dead_letters THEN e.n ELSE 0 END
    FROM (SELECT sum(ready + delayed + dead) AS n FROM ended) e
   WHERE t.shard = 0 AND e.n > 0;
  IF dead_letters THEN
    UPDATE message_bus_owed o SET state = 3, due = NULL, reason = 'expired'
      FROM message_bus m JOIN message_bus_group g ON g.destination = m.destination
     WHERE m.seq = ANY (over) AND o.queue_group = g.id AND o.message = m.seq
       AND o.state IN (0, 2);
  ELSE
    DELETE FROM message_bus_owed o
     USING message_bus m JOIN message_bus_group g ON g.destination = m.destination
     WHERE m.seq = ANY (over) AND o.queue_group = g.id AND o.message = m.seq AND o.state <> 1;
  END IF;
  IF archive THEN
    INSERT INTO message_bus_archive (transaction_id, session_id, destination, event, body_kind,
        payload, payload_size_bytes, checksum, correlation_id, created_at, expires_at, archived_at)
      SELECT m.transaction_id, m.session_id, m.destination, m.event, m.body_kind, m.payload,
             m.payload_size_bytes, m.checksum, m.correlation_id, m.created_at, m.expires_at,
             message_bus_instant(moment)
        FROM message_bus m WHERE m.seq = ANY (over) ORDER BY m.seq;
    INSERT INTO message_bus_maintenance_log (at, expired)
      VALUES (message_bus_instant(moment), cardinality(over));
  END IF;
  SELECT array_agg(DISTINCT m.seq) INTO held
    FROM message_bus m JOIN message_bus_group g ON g.destination = m.destination
    JOIN message_bus_owed o ON o.queue_group = g.id AND o.message = m.seq
   WHERE m.seq = ANY (over);
  UPDATE message_bus m SET gone = true, status = 'expired' WHERE m.seq = ANY (held);
  RETURN QUERY
    SELECT m.transaction_id::text, m.route = 1 AND NOT m.gone
      FROM message_bus m WHERE m.seq = ANY (over) ORDER BY m.seq;
  PERFORM message_bus_erase(
    ARRAY(SELECT unnest(over) EXCEPT SELECT unnest(held)), 3::smallint, moment);
END $body$;

-- Who may see what. Nothing is seen before set_session_context has said, within the transaction,
-- whose messages it is about: one session's, or all of them (NULL), as the bus itself asks.
CREATE FUNCTION set_session_context(session text) RETURNS void LANGUAGE sql AS
  $body$ SELECT set_config('message_bus.scope', coalesce('session:' || session, 'all'), true) $body$;

ALTER TABLE message_bus ENABLE ROW LEVEL SECURITY;
ALTER TABLE message_bus FORCE ROW LEVEL SECURITY;
CREATE POLICY message_bus_select ON message_bus FOR SELECT
  USING (current_setting('message_bus.scope', true) IN ('all', 'session:' || session_id));
CREATE POLICY message_bus_insert ON message_bus FOR INSERT
  WITH CHECK (current_setting('message_bus.scope', true) IN ('all', 'session:' || session_id));
CREATE POLICY message_bus_update ON message_bus FOR UPDATE
  USING (current_setting('message_bus.scope', true) IN ('all', 'session:' || session_id));
CREATE POLICY message_bus_delete ON message_bus FOR DELETE
  USING (current_setting('message_bus.scope', true) IN ('all', 'session:' || session_id));

-- What stands beside the messages belongs to no session: the bus alone reads it.
DO $body$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['message_bus_group', 'message_bus_owed', 'message_bus_total',
      'message_bus_past', 'message_bus_archive', 'message_bus_maintenance_log',
      'message_bus_payload', 'message_bus_chunk'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY %I ON %I USING (current_setting(''message_bus.scope'', true) = '
                   '''all'')', name || '_bus', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO message_bus_app', name);
  END LOOP;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO message_bus_app', current_schema());
END $body$;
GRANT SELECT, INSERT, UPDATE, DELETE ON message_bus TO message_bus_app;
GRANT USAGE ON SEQUENCE message_bus_seq, message_bus_holder TO message_bus_app;
