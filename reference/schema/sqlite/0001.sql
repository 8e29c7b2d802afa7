-- refbus on SQLite. Settled messages stay until they expire; what nobody is owed any more is only
-- a record that can be retrieved.

-- One row per accepted message. seq is the order of acceptance.
CREATE TABLE message (
  seq            INTEGER PRIMARY KEY,
  transaction_id TEXT    NOT NULL UNIQUE,
  destination    TEXT    NOT NULL,
  queued         INTEGER NOT NULL,             -- 0: a topic's payload, owed to nobody
  route          INTEGER NOT NULL,             -- 0 inline, 1 reference
  event          TEXT    NOT NULL,             -- JSON without the payload
  body_kind      INTEGER NOT NULL,             -- 0 none, 1 JSON, 2 text, 3 binary
  body           BLOB,                         -- NULL where the route is a reference
  size           INTEGER NOT NULL,             -- payload bytes
  stored         INTEGER NOT NULL,             -- and what they take where they are stored
  codec          INTEGER NOT NULL,             -- 0 as they are, 1 gzip, 2 zstd
  digest         BLOB    NOT NULL,             -- SHA-256 of the payload bytes
  correlation    TEXT,
  created        INTEGER NOT NULL,             -- milliseconds since 1970, UTC
  expires        INTEGER NOT NULL,
  gone           INTEGER NOT NULL DEFAULT 0,   -- 1: expired, and kept only for who holds a lease
  error          TEXT                          -- why the payload is known to be bad
) STRICT;
CREATE INDEX message_expires ON message (expires) WHERE gone = 0;
CREATE INDEX message_gone ON message (seq) WHERE gone = 1;
CREATE INDEX message_correlation ON message (correlation, seq)
  WHERE correlation IS NOT NULL;

-- A destination's groups with their counts; accepted = the sum of all the others.
CREATE TABLE queue_group (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  destination TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  accepted    INTEGER NOT NULL DEFAULT 0,
  acked       INTEGER NOT NULL DEFAULT 0,
  ready       INTEGER NOT NULL DEFAULT 0,
  leased      INTEGER NOT NULL DEFAULT 0,
  delayed     INTEGER NOT NULL DEFAULT 0,
  dead        INTEGER NOT NULL DEFAULT 0,
  expired     INTEGER NOT NULL DEFAULT 0,
  deleted     INTEGER NOT NULL DEFAULT 0,
  UNIQUE (destination, name)
) STRICT;

-- What a group is still owed: one row per message until it is settled.
CREATE TABLE owed (
  queue_group INTEGER NOT NULL,
  message     INTEGER NOT NULL,
  state       INTEGER NOT NULL,                -- 0 ready, 1 leased, 2 delayed, 3 dead
  rank        INTEGER NOT NULL,                -- lower is delivered first
  place       INTEGER NOT NULL,                -- among equals of a rank
  attempt     INTEGER NOT NULL,                -- deliveries so far
  due         INTEGER,                         -- when a delayed one is ready
  reason      TEXT,                            -- of a dead letter
  PRIMARY KEY (queue_group, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX owed_ready ON owed (queue_group, rank, place) WHERE state = 0;
CREATE INDEX owed_delayed ON owed (due) WHERE state = 2;
CREATE INDEX owed_dead ON owed (queue_group, message) WHERE state = 3;

-- One row: what has happened since this database was made.
CREATE TABLE totals (
  id              INTEGER PRIMARY KEY CHECK (id = 1),
  next_place      INTEGER NOT NULL,            -- above every seq and place ever given
  published       INTEGER NOT NULL,
  delivered       INTEGER NOT NULL,
  acked           INTEGER NOT NULL,
  rejected        INTEGER NOT NULL,
  redelivered     INTEGER NOT NULL,
  dead_lettered   INTEGER NOT NULL,
  expired         INTEGER NOT NULL,
  deleted         INTEGER NOT NULL,
  topic_published INTEGER NOT NULL,
  topic_delivered INTEGER NOT NULL,
  payload_count   INTEGER NOT NULL,
  payload_bytes   INTEGER NOT NULL,
  payload_corrupt INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

-- Payloads above the inline limit, in pieces.
CREATE TABLE payload (
  id             INTEGER PRIMARY KEY,
  transaction_id TEXT    NOT NULL UNIQUE,
  expires        INTEGER NOT NULL
) STRICT;
CREATE INDEX payload_expires ON payload (expires);
CREATE TABLE payload_piece (
  id      INTEGER PRIMARY KEY,
  payload INTEGER NOT NULL,
  n       INTEGER NOT NULL,
  codec   INTEGER NOT NULL,                    -- 0 as it is, 1 gzip, 2 zstd
  size    INTEGER NOT NULL,                    -- bytes before compression
  digest  BLOB    NOT NULL,                    -- SHA-256 of the bytes before compression
  body    BLOB    NOT NULL,
  UNIQUE (payload, n)
) STRICT;
