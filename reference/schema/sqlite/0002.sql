-- Events that are known again, and the audit: what a message was stays known when it is gone.

ALTER TABLE message ADD COLUMN identity BLOB;       -- of destination, source and id; NULL: never
ALTER TABLE message ADD COLUMN known_until INTEGER; -- known again by it until then
ALTER TABLE message ADD COLUMN who TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN session TEXT;
CREATE INDEX message_session ON message (session, seq) WHERE session IS NOT NULL;

-- Messages that are gone: the audit's, and those whose event is still known.
CREATE TABLE past (
  seq            INTEGER PRIMARY KEY,          -- as the message's
  transaction_id TEXT    NOT NULL UNIQUE,
  who            TEXT    NOT NULL,
  session        TEXT,
  route          INTEGER NOT NULL,
  size           INTEGER NOT NULL,
  digest         BLOB    NOT NULL,
  created        INTEGER NOT NULL,
  identity       BLOB,
  known_until    INTEGER,
  ended          INTEGER NOT NULL,
  outcome        INTEGER NOT NULL              -- 1 complete, 3 expired, 4 deleted
) STRICT;
CREATE INDEX past_ended ON past (ended);
CREATE INDEX past_session ON past (session, seq) WHERE session IS NOT NULL;
