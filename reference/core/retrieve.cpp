// bus/retrieve: stored bytes, whole or a slice, never wrong ones as good.
//
// A payload stored in pieces is checked piece by piece; the answer that reaches its end also checks
// the whole. Source: STORE-1, STORE-9, SUM-2, SUM-3, SUM-7, CHUNK-3, TTL-2.
#include <algorithm>

#include "reference/core/base64.hpp"
#include "reference/core/state.hpp"

namespace reference::core {
namespace {

struct Slice {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // already cut to what one answer may hold
};

const Fault kUnknown{Kind::not_found, "no such message"};
const Fault kExpired{Kind::expired, "the message has expired"};
const Fault kMismatch{Kind::digest_mismatch, "the stored payload fails its digest"};

void answer_slice(State& state, const Reply& reply, const MessageView& message,
                  std::uint64_t offset, std::string_view bytes) {
  state.answer(reply, {{"offset", offset},
                       {"data_base64", to_base64(bytes)},
                       {"datasize", message.size},
                       {"datadigest", digest_text(message.digest)},
                       {"more", offset + bytes.size() < message.size}});
}

void refuse_corrupt(State& state, const Reply& reply, const TransactionId& id) {
  spoil(state, id);
  state.refuse(reply, kMismatch);
}

void answer_inline(State& state, const Reply& reply, MessageView message, Slice slice) {
  std::vector<std::pair<Body, Digest>> bodies;
  bodies.emplace_back(std::move(message.body), message.digest);
  auto held = std::make_shared<MessageView>(std::move(message));
  auto then = [&state, reply, held, slice](const Checked& checked) {
    const std::string_view bytes = checked.bodies.front().first.bytes;
    if (!checked.intact.front() || bytes.size() != held->size)
      return refuse_corrupt(state, reply, held->id);
    answer_slice(state, reply, *held, slice.offset, bytes.substr(slice.offset, slice.length));
  };
  if (held->size > kHashHere) return state.check(std::move(bodies), then);
  Checked checked;
  checked.intact.push_back(state.policies.intact(bodies.front().first, bodies.front().second));
  checked.bodies = std::move(bodies);
  then(checked);
}

// A payload on its way out, one piece at a time. Only what the answer needs is kept.
struct Transfer {
  Reply reply;
  MessageView message;
  Slice slice;
  std::uint32_t next = 0;                 // piece
  std::uint32_t end = 0;                  // beyond the last one that is needed
  std::shared_ptr<RunningDigest> digest;  // where the whole is read
  std::string bytes;                      // of the slice so far

  [[nodiscard]] std::uint64_t start() const { return next * message.chunk; }
  [[nodiscard]] std::uint64_t piece_size() const {
    return std::min(message.chunk, message.size - start());
  }
};

void take_piece(Transfer& transfer, std::string_view bytes) {
  const auto& slice = transfer.slice;
  const auto from = std::max(slice.offset, transfer.start());
  const auto to = std::min(slice.offset + slice.length, transfer.start() + bytes.size());
  if (from < to) transfer.bytes += bytes.substr(from - transfer.start(), to - from);
  ++transfer.next;
}

// A message may go while its payload is read, and its pieces with it.
void look_again(State& state, const std::shared_ptr<Transfer>& transfer) {
  state.ask(AskMessage{transfer->message.id, false}, [&state, transfer](Result<View> view) {
    if (!view) return state.refuse(transfer->reply, store_fault(view.error()));
    const auto* message = std::get_if<MessageView>(&*view);
    if (message == nullptr) return state.refuse(transfer->reply, kUnknown);
    if (message->status == Status::expired) return state.refuse(transfer->reply, kExpired);
    refuse_corrupt(state, transfer->reply, message->id);
  });
}

void read_on(State& state, const std::shared_ptr<Transfer>& transfer) {
  if (transfer->next == transfer->end) {
    const auto& message = transfer->message;
    if (transfer->digest &&
        !state.policies.whole(transfer->digest->finish(), message.digest, message.size))
      return refuse_corrupt(state, transfer->reply, message.id);
    return answer_slice(state, transfer->reply, message, transfer->slice.offset, transfer->bytes);
  }
  const auto unpacked = [&state, transfer](const std::optional<std::string>& bytes) {
    if (!bytes || bytes->size() != transfer->piece_size()) return look_again(state, transfer);
    take_piece(*transfer, *bytes);
    read_on(state, transfer);
  };
  const auto& message = transfer->message;
  state.to_payload(ReadPayload{message.payload.value_or(message.id), transfer->next, 1},
                   [&state, transfer, unpacked](Result<PayloadAnswer> answer) {
                     if (!answer) return state.refuse(transfer->reply, store_fault(answer.error()));
                     // No piece may claim more than a piece has, or its inflation took that room.
                     if (!answer->found || answer->pieces.front().size > transfer->message.chunk)
                       return look_again(state, transfer);
                     state.unpack(std::move(answer->pieces.front()), transfer->digest, unpacked);
                   });
}

// The answer with the end in it reads everything, since the whole's digest is owed by then. None
// holds more than a piece's bytes.
void answer_reference(State& state, const Reply& reply, MessageView message, Slice slice) {
  const auto chunk = message.chunk;
  slice.length = std::min(slice.length, chunk);
  auto transfer = std::make_shared<Transfer>();
  const bool whole = slice.offset + slice.length == message.size;
  if (whole) transfer->digest = std::make_shared<RunningDigest>();
  transfer->next = whole ? 0 : static_cast<std::uint32_t>(slice.offset / chunk);
  transfer->end = static_cast<std::uint32_t>(pieces_of(slice.offset + slice.length, chunk));
  transfer->reply = reply;
  transfer->message = std::move(message);
  transfer->slice = slice;
  read_on(state, transfer);
}

}  // namespace

std::uint64_t pieces_of(std::uint64_t size, std::uint64_t chunk) {
  return (size + chunk - 1) / chunk;
}

void spoil(State& state, const TransactionId& id) {
  state.to_queue(
      Spoil{id, "digest_mismatch: the stored payload fails its digest"},
      [](const Result<Answer>&) {}, Behalf::bus);
}

void retrieve(State& state, Call& call) {
  const auto id = state.keep(call.reply.conn, call.params.text("transaction_id"));
  const auto offset = call.params.optional_integer("offset").value_or(0);
  const auto length = call.params.optional_integer("length");
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  if (offset < 0 || (length && *length <= 0))
    return state.refuse(call.reply, invalid_argument("offset is negative or length below 1"));
  const Reply reply = call.reply;
  state.ask(AskMessage{id, true}, [&state, reply, offset, length](Result<View> view) {
    if (!view) return state.refuse(reply, store_fault(view.error()));
    auto* message = std::get_if<MessageView>(&*view);
    if (message == nullptr) return state.refuse(reply, kUnknown);
    if (message->status == Status::expired) return state.refuse(reply, kExpired);
    const auto from = static_cast<std::uint64_t>(offset);
    if (from > message->size)
      return state.refuse(reply, invalid_argument("offset lies beyond the payload"));
    std::uint64_t most = state.settings.limits.retrieve_bytes_max;
    if (length) most = std::min(most, static_cast<std::uint64_t>(*length));
    const Slice slice{from, std::min(most, message->size - from)};
    if (slice.length == 0 && (message->size > 0 || message->route == Route::reference))
      return answer_slice(state, reply, *message, from, {});
    if (message->route == Route::inlined)
      return answer_inline(state, reply, std::move(*message), slice);
    answer_reference(state, reply, std::move(*message), slice);
  });
}

}  // namespace reference::core
