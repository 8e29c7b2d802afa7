// Messages as the queue store's statements answer them. Columns are read by position.
#pragma once

#include "reference/core/step.hpp"
#include "reference/stores/postgres/connection.hpp"

namespace reference::stores::postgres {

/// What the columns of REFBUS_POSTGRES_MESSAGE_COLUMNS are; a head's are all but the last.
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
  kChecksum,
  kCreated,
  kExpires,
  kError,
  kStatus,
  kChunk,
  kUpload,
  kPayloadOwner,
  kBody,
};
#define REFBUS_POSTGRES_HEAD_COLUMNS                                                        \
  "m.seq, m.transaction_id, m.destination, m.route, m.event, m.body_kind, "                 \
  "m.payload_size_bytes, m.compressed_size_bytes, m.compression_type, m.checksum, "         \
  "message_bus_ms(m.created_at), message_bus_ms(m.expires_at), m.error_message, m.status, " \
  "m.chunk, "                                                                               \
  "m.upload, m.payload_owner"
#define REFBUS_POSTGRES_MESSAGE_COLUMNS REFBUS_POSTGRES_HEAD_COLUMNS ", m.payload"

core::Status status_of(std::string_view name);

/// The message whose columns begin at `first`; its status is `expired` where `now` says so.
core::MessageView message_of(const Rows& rows, int row, int first, core::Instant now,
                             bool with_body);

/// Likewise, as a delivery; attempt and lease are left to the caller.
core::Taken taken_of(const Rows& rows, int row, int first);

}  // namespace reference::stores::postgres
