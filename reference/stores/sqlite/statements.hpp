// Every statement of the queue store, prepared once. Columns are read by position, in this order.
#pragma once

#include "reference/stores/sqlite/queue_store.hpp"

namespace reference::stores::sqlite {

/// What the columns of kMessageColumns are.
enum MessageColumn : int {
  kSeq,
  kId,
  kDestination,
  kRoute,
  kEvent,
  kBodyKind,
  kSize,
  kStored,
  kCodec,
  kDigest,
  kCreated,
  kExpires,
  kError,
  kUpload,
  kPayload,
  kChunk,
  kBody,
};
#define REFBUS_MESSAGE_COLUMNS                                                                \
  "m.seq, m.transaction_id, m.destination, m.route, m.event, m.body_kind, m.size, m.stored, " \
  "m.codec, m.digest, m.created, m.expires, m.error, m.upload, "                              \
  "m.payload, m.chunk, m.body"

/// What bus/audit tells, of messages and of those that are gone.
#define REFBUS_AUDIT_COLUMNS "seq, transaction_id, who, created, size, route, upload"

enum OwedState : std::int64_t { kReady = 0, kLeased = 1, kDelayed = 2, kDead = 3 };

struct SqliteQueueStore::OwedRow {
  std::int64_t state = kReady;
  int attempt = 0;
};

struct SqliteQueueStore::Statements {
  explicit Statements(Database& d) : database(d) {}
  Database& database;

  Statement insert_message{
      database,
      "INSERT INTO message (seq, transaction_id, destination, queued, route, "
      "event, body_kind, body, size, stored, codec, digest, correlation, created, "
      "expires, identity, known_until, who, session, upload, payload, chunk) VALUES (?, ?, ?, ?, "
      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  Statement insert_owed{database,
                        "INSERT INTO owed (queue_group, message, state, rank, place, attempt, due) "
                        "VALUES (?, ?, ?, ?, ?, 0, ?)"};
  Statement select_ready{database,
                         "SELECT o.attempt, " REFBUS_MESSAGE_COLUMNS
                         " FROM owed o JOIN message m ON m.seq = o.message WHERE o.queue_group = ? "
                         "AND o.state = 0 AND m.expires > ? ORDER BY o.rank, o.place LIMIT ?"};
  Statement lease_owed{database,
                       "UPDATE owed SET state = 1, attempt = attempt + 1 WHERE queue_group = ? AND "
                       "message = ?"};
  Statement delete_owed{database, "DELETE FROM owed WHERE queue_group = ? AND message = ?"};
  Statement select_owed{database,
                        "SELECT state, attempt FROM owed WHERE queue_group = ? AND message = ?"};
  Statement update_owed{database,
                        "UPDATE owed SET state = ?, attempt = ?, due = ?, reason = ? WHERE "
                        "queue_group = ? AND message = ?"};
  Statement redrive_owed{database,
                         "UPDATE owed SET state = 0, attempt = 0, due = NULL, reason = NULL, "
                         "place = ? WHERE queue_group = ? AND message = ?"};
  Statement select_leased{database, "SELECT queue_group, message FROM owed WHERE state = 1"};
  Statement select_delayed{database,
                           "SELECT queue_group, message, attempt FROM owed WHERE state = 2 AND "
                           "due <= ? ORDER BY due LIMIT ?"};
  Statement min_delayed{database, "SELECT min(due) FROM owed WHERE state = 2"};
  Statement select_dead{database, "SELECT message FROM owed WHERE queue_group = ? AND state = 3"};
  Statement dead_page{
      database, "SELECT o.attempt, o.reason, " REFBUS_MESSAGE_COLUMNS
                " FROM owed o JOIN message m ON m.seq = o.message WHERE o.queue_group = ? AND "
                "o.state = 3 AND o.message > ? ORDER BY o.message LIMIT ?"};
  Statement oldest_waiting{database,
                           "SELECT message, state FROM owed WHERE queue_group = ? AND state IN "
                           "(0, 2) ORDER BY message LIMIT 1"};
  Statement archive_message{
      database,
      "INSERT INTO message_archive (transaction_id, destination, event, body_kind, body, size, "
      "digest, correlation, created, expires, swept) SELECT transaction_id, destination, event, "
      "body_kind, body, size, digest, correlation, created, expires, ? FROM message WHERE seq = ?"};
  Statement log_sweep{database, "INSERT INTO maintenance_log (at, expired) VALUES (?, ?)"};
  Statement group_messages{database, "SELECT message, state FROM owed WHERE queue_group = ?"};
  Statement delete_group_owed{database, "DELETE FROM owed WHERE queue_group = ?"};

  Statement select_expired{database,
                           "SELECT seq FROM message WHERE gone = 0 AND expires <= ? ORDER BY "
                           "expires LIMIT ?"};
  Statement min_expires{database, "SELECT min(expires) FROM message WHERE gone = 0"};
  Statement mark_gone{database, "UPDATE message SET gone = 1 WHERE seq = ?"};
  Statement select_gone{database, "SELECT seq FROM message WHERE gone = 1"};
  Statement message_expires{database, "SELECT expires FROM message WHERE seq = ?"};
  Statement message_meta{database,
                         "SELECT transaction_id, destination, route, size, error IS NOT NULL, "
                         "coalesce(payload, transaction_id) FROM message WHERE seq = ?"};
  Statement names_payload{database,
                          "SELECT 1 FROM message WHERE payload = ?1 UNION ALL SELECT 1 FROM "
                          "message WHERE transaction_id = ?1 LIMIT 1"};
  Statement find_upload{database,
                        "SELECT seq FROM message WHERE transaction_id = ? AND upload > 0 AND "
                        "expires > ?"};
  Statement name_upload{database, "UPDATE message SET upload = 2 WHERE seq = ?"};
  Statement message_seq{database,
                        "SELECT seq, size, error IS NOT NULL FROM message WHERE "
                        "transaction_id = ?"};
  Statement delete_message{database, "DELETE FROM message WHERE seq = ?"};
  Statement spoil_message{database, "UPDATE message SET error = ? WHERE seq = ?"};
  Statement select_body{database, "SELECT seq, body, digest FROM message WHERE transaction_id = ?"};
  Statement update_body{database, "UPDATE message SET body = ? WHERE seq = ?"};
  Statement update_digest{database, "UPDATE message SET digest = ? WHERE seq = ?"};

  Statement select_first{database,
                         "SELECT transaction_id, route, digest FROM message WHERE seq = ? UNION "
                         "ALL SELECT transaction_id, route, digest FROM past WHERE seq = ?"};
  Statement newest_known{database,
                         "SELECT seq, identity, known_until FROM message WHERE known_until IS NOT "
                         "NULL ORDER BY seq DESC"};
  Statement newest_past{database,
                        "SELECT seq, identity, known_until FROM past WHERE known_until IS NOT "
                        "NULL ORDER BY seq DESC"};
  Statement insert_past{
      database,
      "INSERT INTO past (seq, transaction_id, who, session, route, size, digest, created, "
      "identity, known_until, upload, ended, outcome) SELECT seq, transaction_id, who, session, "
      "route, size, digest, created, identity, known_until, upload, ?, ? FROM message WHERE "
      "seq = ?"};
  Statement min_past{database, "SELECT min(ended) FROM past"};
  Statement delete_past{database,
                        "DELETE FROM past WHERE seq IN (SELECT seq FROM past WHERE ended <= ? "
                        "ORDER BY ended LIMIT ?)"};
  Statement audit_message{database, "SELECT " REFBUS_AUDIT_COLUMNS
                                    ", destination, expires, error IS NOT NULL FROM message WHERE "
                                    "transaction_id = ? AND seq > ?"};
  Statement audit_past{database, "SELECT " REFBUS_AUDIT_COLUMNS
                                 ", outcome FROM past WHERE transaction_id = ? AND seq > ?"};
  Statement audit_session{database, "SELECT " REFBUS_AUDIT_COLUMNS
                                    ", destination, expires, error IS NOT NULL FROM message WHERE "
                                    "session = ? AND seq > ? ORDER BY seq LIMIT ?"};
  Statement audit_past_session{
      database, "SELECT " REFBUS_AUDIT_COLUMNS
                ", outcome FROM past WHERE session = ? AND seq > ? ORDER BY seq LIMIT ?"};

  Statement select_message{
      database, "SELECT " REFBUS_MESSAGE_COLUMNS " FROM message m WHERE m.transaction_id = ?"};
  Statement correlated_page{
      database, "SELECT " REFBUS_MESSAGE_COLUMNS
                " FROM message m WHERE m.correlation = ? AND m.seq > ? AND m.queued = 1 "
                "AND m.expires > ? ORDER BY m.seq LIMIT ?"};
  Statement destination_page{database,
                             "SELECT DISTINCT destination FROM queue_group WHERE destination > ? "
                             "ORDER BY destination LIMIT ?"};
};

}  // namespace reference::stores::sqlite
