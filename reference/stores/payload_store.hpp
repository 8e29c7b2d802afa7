// Where payloads above the inline limit live, in pieces.
//
// Threads: one lane calls all methods, one at a time; another store's lane runs beside it.
// Errors: a StoreError is about the store; a payload that isn't there is an answer.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reference/core/effect.hpp"
#include "reference/core/result.hpp"

namespace reference::stores {

/// Payloads that come in parts. What is not sealed is no payload yet, and gone once its time is
/// over, swept or not.
class UploadStore {
 public:
  UploadStore() = default;
  UploadStore(const UploadStore&) = delete;
  UploadStore& operator=(const UploadStore&) = delete;
  virtual ~UploadStore() = default;

  /// Begins an upload; false where `most` are open already.
  virtual core::Result<bool> open(const core::OpenUpload& open, core::Shift shift) = 0;

  /// Returns once the pieces are as durable as the store gives: the upload as it is then, changed
  /// or not. Nothing where there is no such upload.
  virtual core::Result<std::optional<core::Upload>> append(const core::AppendUpload& append,
                                                           core::Shift shift) = 0;

  virtual core::Result<std::optional<core::Upload>> upload(const core::TransactionId& id,
                                                           core::Shift shift) = 0;

  /// The payload is kept for `ttl` from now at least, whole uploads and others alike; an upload is
  /// sealed by it. False where it is not there.
  virtual core::Result<bool> keep(const core::TransactionId& id, core::Ms ttl,
                                  core::Shift shift) = 0;
};

class PayloadStore {
 public:
  PayloadStore() = default;
  PayloadStore(const PayloadStore&) = delete;
  PayloadStore& operator=(const PayloadStore&) = delete;
  virtual ~PayloadStore() = default;

  /// Stores the pieces, all or none. Kept for `ttl` at least.
  virtual core::Result<void> put(const core::TransactionId& id, std::span<const core::Piece> pieces,
                                 core::Ms ttl, core::Shift shift) = 0;

  /// At most `count` pieces from number `first` on; none where the payload is not there. An empty
  /// id tells only whether the store answers, in one round trip.
  virtual core::Result<std::vector<core::Piece>> pieces(const core::TransactionId& id,
                                                        std::uint32_t first,
                                                        std::uint32_t count) = 0;

  /// Removes payloads; unknown ones are no error.
  virtual core::Result<void> drop(std::span<const core::TransactionId> ids) = 0;

  /// Removes what has outlived its time, at most `at_most`; how many there were.
  virtual core::Result<std::int64_t> sweep(int at_most, core::Shift shift) = 0;

  /// Damages one stored payload on purpose; false where it isn't there or has no such byte.
  virtual core::Result<bool> corrupt(const core::Corrupt& damage) = 0;

  /// Removes everything.
  virtual core::Result<void> reset() = 0;

  virtual core::Result<void> migrate() = 0;

  /// The store's uploads; null where it knows none, and then the bus claims none.
  virtual UploadStore* uploads() { return nullptr; }
};

/// Does what the core asks for.
core::Result<core::PayloadAnswer> carry_out(PayloadStore& store, const core::PayloadOp& op,
                                            core::Shift shift);

}  // namespace reference::stores
