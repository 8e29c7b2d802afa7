// Payloads in Redis, whole in its memory: for small ones. A hash a payload, a field a piece.
//
// All keys have one hash tag, another than the queues': on a Redis Cluster each store is a node's.
// Threads: the store's lane alone.
// Errors: as the connection's. A put is one transaction, as durable as the server's configuration
// makes it.
#pragma once

#include <memory>

#include "reference/stores/clock.hpp"
#include "reference/stores/payload_store.hpp"
#include "reference/stores/redis/connection.hpp"
#include "reference/stores/redis/script.hpp"

namespace reference::stores::redis {

class RedisPayloadStore : public PayloadStore, public UploadStore {
 public:
  /// All its keys begin with `prefix`, which holds no braces. A `clock`, for tests, takes the place
  /// of the server's; it must outlive the store.
  RedisPayloadStore(std::shared_ptr<Connection> connection, const std::string& prefix,
                    const Clock* clock = nullptr);
  /// A key that is where all the keys of such a store are.
  static std::string home(const std::string& prefix);

  core::Result<void> put(const core::TransactionId& id, std::span<const core::Piece> pieces,
                         core::Ms ttl, core::Shift shift) override;
  core::Result<std::vector<core::Piece>> pieces(const core::TransactionId& id, std::uint32_t first,
                                                std::uint32_t count) override;
  core::Result<void> drop(std::span<const core::TransactionId> ids) override;
  core::Result<std::int64_t> sweep(int at_most, core::Shift shift) override;
  core::Result<bool> corrupt(const core::Corrupt& damage) override;
  core::Result<void> reset() override;
  core::Result<void> migrate() override;
  UploadStore* uploads() override { return this; }

  // uploads.cpp
  core::Result<bool> open(const core::OpenUpload& open, core::Shift shift) override;
  core::Result<std::optional<core::Upload>> append(const core::AppendUpload& append,
                                                   core::Shift shift) override;
  core::Result<std::optional<core::Upload>> upload(const core::TransactionId& id,
                                                   core::Shift shift) override;
  core::Result<bool> keep(const core::TransactionId& id, core::Ms ttl, core::Shift shift) override;

 private:
  [[nodiscard]] std::string key_of(const core::TransactionId& id) const;
  core::Result<core::Instant> now(core::Shift shift);
  [[nodiscard]] Command begin(core::Instant at, const char* what,
                              const core::TransactionId& id) const;
  core::Result<Reply> ask(Command command);
  core::Result<void> transact(std::vector<Command> commands);
  core::Result<std::vector<std::string>> expired(const std::string& limit, int at_most);

  std::shared_ptr<Connection> connection_;
  const Clock* clock_;
  std::string prefix_;
  std::string ends_;  ///< the key of ids by when they may go
  Script uploads_;
};

}  // namespace reference::stores::redis
