// What is asked at the side door, and what it answers: payloads as bytes, a piece at a time, for
// those who speak HTTP.
//
// Threads: values only. Errors: a Fault, as for any other request.
// Source: STORE-1, STORE-2, SUM-2, CHUNK-3, CHUNK-5.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "reference/core/fault.hpp"
#include "reference/core/ids.hpp"
#include "reference/core/payload.hpp"

namespace reference::core {

/// All that is known of a payload before its bytes.
struct PayloadHead {
  TransactionId id;
  TransactionId owner;  ///< under which its pieces are stored
  std::uint64_t size = 0;
  std::uint64_t piece = 0;  ///< bytes of each piece but the last; an inline payload is one
  Digest digest{};
  std::string type;   ///< its media type, fit for a header
  std::string bytes;  ///< the whole, of an inline payload, checked
  bool stored = false;
};
using SharedHead = std::shared_ptr<const PayloadHead>;

/// A dataref, or the transaction id in it. Answered with a head.
struct FindPayload {
  std::string name;
};
/// All of a payload's pieces on their way, several at a time: the digest gets them in order.
struct PieceLine {
  using Turn = std::function<void(std::shared_ptr<PieceLine>)>;
  RunningDigest digest;
  std::uint32_t next = 0;  ///< the piece that the digest gets next
  std::map<std::uint32_t, Turn> waiting;
  bool broken = false;  ///< one of them could not be had
};
/// Answered with the piece's bytes, checked. Where there is a line, the piece has its turn in it,
/// and `last` says that its digest has then had all of them: it must come out as the payload's own.
struct FetchPiece {
  SharedHead head;
  std::uint32_t n = 0;
  std::shared_ptr<PieceLine> line;
  bool last = false;
};
/// Answered as bus/upload_append, bus/upload_status and bus/upload_commit answer, the size beside
/// the offset.
struct AddPart {
  TransactionId upload;
  std::uint64_t offset = 0;
  std::string bytes;
};
struct FindUpload {
  TransactionId upload;
};
struct FinishUpload {
  TransactionId upload;
  Digest digest{};
};

using DoorRequest = std::variant<FindPayload, FetchPiece, AddPart, FindUpload, FinishUpload>;
using DoorAnswer = std::variant<SharedHead, std::string, boost::json::object, Fault>;

}  // namespace reference::core
