// Every statement of the payload store, prepared once.
#pragma once

#include "reference/stores/sqlite/payload_store.hpp"

namespace reference::stores::sqlite {

struct SqlitePayloadStore::Statements {
  explicit Statements(Database& d) : database(d) {}
  Database& database;
  Statement insert{database, "INSERT INTO payload (transaction_id, expires) VALUES (?, ?)"};
  Statement insert_piece{database,
                         "INSERT INTO payload_piece (payload, n, codec, size, digest, body) "
                         "VALUES (?, ?, ?, ?, ?, ?)"};
  Statement find{database, "SELECT id FROM payload WHERE transaction_id = ?"};
  Statement pieces{
      database,
      "SELECT digest, body, codec, size FROM payload_piece WHERE payload = ? AND n >= ? "
      "AND n < ? ORDER BY n"};
  Statement all_pieces{database,
                       "SELECT digest, body, codec, size, n FROM payload_piece WHERE payload = ? "
                       "ORDER BY n"};
  Statement erase_pieces{database, "DELETE FROM payload_piece WHERE payload = ?"};
  Statement erase{database, "DELETE FROM payload WHERE id = ?"};
  Statement expired{database, "SELECT id FROM payload WHERE expires <= ? LIMIT ?"};

  Statement insert_upload{database,
                          "INSERT INTO payload (transaction_id, expires, size, chunk, digest, "
                          "sealed) VALUES (?, ?, ?, ?, ?, 0)"};
  Statement count_open{database, "SELECT count(*) FROM payload WHERE sealed = 0 AND expires > ?"};
  Statement find_upload{database,
                        "SELECT id, size, chunk, digest, reached, sealed FROM payload WHERE "
                        "transaction_id = ? AND size IS NOT NULL AND (sealed = 1 OR expires > ?)"};
  Statement erase_from{database, "DELETE FROM payload_piece WHERE payload = ? AND n >= ?"};
  Statement reach{database, "UPDATE payload SET reached = ?, expires = ? WHERE id = ?"};
  Statement keep{database,
                 "UPDATE payload SET expires = CASE sealed WHEN 1 THEN max(expires, ?1) ELSE ?1 "
                 "END, sealed = 1 WHERE transaction_id = ?2 AND (sealed = 1 OR expires > ?3)"};
};

}  // namespace reference::stores::sqlite
