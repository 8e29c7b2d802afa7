-- Tenants: each counts for itself. What is in `totals` is the empty tenant's.

CREATE TABLE tenant_totals (
  tenant          TEXT PRIMARY KEY,            -- the mark before its names
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
) STRICT, WITHOUT ROWID;
