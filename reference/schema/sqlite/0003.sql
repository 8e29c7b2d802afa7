-- What is kept of messages that expired, where REFBUS_ARCHIVE says so; and the sweeps that took any.

CREATE TABLE message_archive (
  id             INTEGER PRIMARY KEY,
  transaction_id TEXT    NOT NULL UNIQUE,
  destination    TEXT    NOT NULL,
  event          TEXT    NOT NULL,             -- JSON without the payload
  body_kind      INTEGER NOT NULL,             -- as in message
  body           BLOB,                         -- NULL where the route was a reference
  size           INTEGER NOT NULL,
  digest         BLOB    NOT NULL,
  correlation    TEXT,
  created        INTEGER NOT NULL,             -- milliseconds since 1970, UTC
  expires        INTEGER NOT NULL,
  swept          INTEGER NOT NULL
) STRICT;
CREATE INDEX message_archive_swept ON message_archive (swept);

CREATE TABLE maintenance_log (
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,                    -- milliseconds since 1970, UTC
  expired INTEGER NOT NULL
) STRICT;
