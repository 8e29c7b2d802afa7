-- Uploads: payloads that come in parts, and messages that name the payload of an upload.

-- An upload has a size; nothing of it is a payload before it is sealed.
ALTER TABLE message_bus_payload
  ADD COLUMN size    bigint,                           -- bytes it shall have
  ADD COLUMN chunk   bigint,                           -- bytes of a piece but the last
  ADD COLUMN digest  bytea,                            -- its sender's claim, if any
  ADD COLUMN reached bigint  NOT NULL DEFAULT 0,       -- bytes it has for good
  ADD COLUMN sealed  boolean NOT NULL DEFAULT true;
CREATE INDEX message_bus_payload_open ON message_bus_payload (expires) WHERE NOT sealed;

ALTER TABLE message_bus
  ADD COLUMN upload        smallint NOT NULL DEFAULT 0, -- 1 an upload's record, 2 named since
  ADD COLUMN payload_owner varchar(255);                -- the upload whose payload it names
CREATE INDEX message_bus_payload_owner ON message_bus (payload_owner)
  WHERE payload_owner IS NOT NULL;
ALTER TABLE message_bus_past ADD COLUMN upload smallint NOT NULL DEFAULT 0;

-- Who names a payload and who takes a name away wait for each other.
CREATE FUNCTION message_bus_payload_lock(name text) RETURNS bigint LANGUAGE sql IMMUTABLE AS
  $body$ SELECT hashtextextended('message_bus payload ' || name, 0) $body$;

-- As before, but that several messages may name one payload: returned are those payloads that
-- nothing names any more.
CREATE OR REPLACE FUNCTION message_bus_erase(messages bigint[], how smallint, moment bigint)
RETURNS TABLE (unreferenced text) LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_advisory_xact_lock(message_bus_payload_lock(p.name)) FROM (
    SELECT DISTINCT coalesce(m.payload_owner, m.transaction_id)::text AS name
      FROM message_bus m
     WHERE m.seq = ANY (messages) AND (m.upload > 0 OR m.payload_owner IS NOT NULL)
     ORDER BY 1) p;
  INSERT INTO message_bus_past (seq, transaction_id, sender, session_key, route,
      payload_size_bytes, checksum, created_at, identity, known_until, upload, ended, outcome)
    SELECT m.seq, m.transaction_id, m.sender, m.session_key, m.route, m.payload_size_bytes,
           m.checksum, m.created_at, m.identity, m.known_until, m.upload, moment, how
      FROM message_bus m WHERE m.seq = ANY (messages);
  RETURN QUERY
    WITH erased AS (
      DELETE FROM message_bus m WHERE m.seq = ANY (messages)
      RETURNING m.seq, m.route, m.payload_size_bytes, m.error_message IS NOT NULL AS corrupt,
                coalesce(m.payload_owner, m.transaction_id) AS payload),
    -- The statement does not see yet that they are erased.
    freed AS (
      SELECT e.payload, min(e.seq) AS seq, max(e.route) AS route,
             max(e.payload_size_bytes) AS bytes
        FROM erased e
       WHERE NOT EXISTS (SELECT FROM message_bus o WHERE o.payload_owner = e.payload
                            AND o.seq <> ALL (messages))
         AND NOT EXISTS (SELECT FROM message_bus o WHERE o.transaction_id = e.payload
                            AND o.seq <> ALL (messages))
       GROUP BY e.payload),
    counted AS (
      UPDATE message_bus_total t
         SET payload_count = t.payload_count - f.n, payload_bytes = t.payload_bytes - f.bytes,
             payload_corrupt = t.payload_corrupt - c.corrupt
        FROM (SELECT count(*) AS n, coalesce(sum(bytes), 0) AS bytes FROM freed) f,
             (SELECT count(*) FILTER (WHERE corrupt) AS corrupt FROM erased) c
       WHERE t.shard = 0 AND (f.n > 0 OR c.corrupt > 0))
    SELECT freed.payload::text FROM freed WHERE freed.route = 1 ORDER BY freed.seq;
END $body$;

-- As before, but that one row per message names the payload that may go because of it, too.
DROP FUNCTION cleanup_expired_messages(integer, bigint, boolean, boolean);
CREATE FUNCTION cleanup_expired_messages(at_most integer DEFAULT 1000,
    moment bigint DEFAULT message_bus_ms(clock_timestamp()), dead_letters boolean DEFAULT false,
    archive boolean DEFAULT true)
RETURNS TABLE (expired text, unreferenced text) LANGUAGE plpgsql AS $body$
DECLARE
  over bigint[];
  held bigint[];
  gone_ids text[];
  payloads text[];
  freed text[];
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
  SELECT array_agg(m.transaction_id ORDER BY m.seq),
         array_agg(coalesce(m.payload_owner, m.transaction_id) ORDER BY m.seq)
    INTO gone_ids, payloads FROM message_bus m WHERE m.seq = ANY (over);
  freed := ARRAY(SELECT e.unreferenced FROM message_bus_erase(
    ARRAY(SELECT unnest(over) EXCEPT SELECT unnest(held)), 3::smallint, moment) e);
  RETURN QUERY
    SELECT g.id, CASE WHEN g.payload = ANY (freed) THEN g.payload END
      FROM unnest(gone_ids, payloads) AS g (id, payload);
END $body$;
