-- Tenants: each counts for itself. What was counted so far is the empty tenant's.

-- The mark that a tenant's names and ids begin with: the sign and 26 digits.
CREATE FUNCTION message_bus_tenant(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN length(name) > 26 AND left(name, 1) = E'\x1f' AND substr(name, 2, 1) <> E'\x1f'
              THEN left(name, 27) ELSE '' END;

ALTER TABLE message_bus_total ADD COLUMN tenant text NOT NULL DEFAULT '';
ALTER TABLE message_bus_total DROP CONSTRAINT message_bus_total_pkey;
ALTER TABLE message_bus_total ADD PRIMARY KEY (tenant, shard);

-- Who counts in shard 0, for one tenant after another, waits here for whoever does it, too.
CREATE FUNCTION message_bus_lock_totals() RETURNS void LANGUAGE sql AS
  $body$ SELECT FROM message_bus_total WHERE tenant = '' AND shard = 0 FOR NO KEY UPDATE $body$;

-- As before, but that each tenant\'s payloads are counted for it.
CREATE OR REPLACE FUNCTION message_bus_erase(messages bigint[], how smallint, moment bigint)
RETURNS TABLE (unreferenced text) LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM message_bus_lock_totals();
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
    less AS (
      SELECT c.tenant, sum(c.n) AS n, sum(c.bytes) AS bytes, sum(c.corrupt) AS corrupt FROM (
        SELECT message_bus_tenant(f.payload) AS tenant, 1 AS n, f.bytes, 0 AS corrupt FROM freed f
        UNION ALL
        SELECT message_bus_tenant(e.payload), 0, 0, 1 FROM erased e WHERE e.corrupt) c
       GROUP BY c.tenant ORDER BY c.tenant),
    counted AS (
      INSERT INTO message_bus_total AS t
             (tenant, shard, payload_count, payload_bytes, payload_corrupt)
        SELECT l.tenant, 0, -l.n, -l.bytes, -l.corrupt FROM less l
      ON CONFLICT (tenant, shard) DO UPDATE
         SET payload_count = t.payload_count + excluded.payload_count,
             payload_bytes = t.payload_bytes + excluded.payload_bytes,
             payload_corrupt = t.payload_corrupt + excluded.payload_corrupt)
    SELECT freed.payload::text FROM freed WHERE freed.route = 1 ORDER BY freed.seq;
END $body$;

-- Likewise what expires.
CREATE OR REPLACE FUNCTION cleanup_expired_messages(at_most integer DEFAULT 1000,
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
  PERFORM message_bus_lock_totals();
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
  INSERT INTO message_bus_total AS t (tenant, shard, expired, dead_lettered)
    SELECT e.tenant, 0, CASE WHEN dead_letters THEN 0 ELSE e.n END,
           CASE WHEN dead_letters THEN e.n ELSE 0 END
      FROM (SELECT message_bus_tenant(g.destination) AS tenant,
                   sum(n.ready + n.delayed + n.dead) AS n
              FROM ended n JOIN message_bus_group g ON g.id = n.queue_group
             GROUP BY 1 ORDER BY 1) e
     WHERE e.n > 0
  ON CONFLICT (tenant, shard) DO UPDATE
     SET expired = t.expired + excluded.expired,
         dead_lettered = t.dead_lettered + excluded.dead_lettered;
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
