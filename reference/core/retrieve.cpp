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

// No piece may claim more than a piece ever has, or its inflation would take that room.
bool believable(const State& state, const std::vector<Piece>& pieces) {
  return !pieces.empty() && std::all_of(pieces.begin(), pieces.end(), [&](const Piece& piece) {
    return piece.size <= state.settings.limits.chunk_bytes;
  });
}

void answer_reference(State& state, const Reply& reply, MessageView message, Slice slice) {
  const std::uint64_t chunk = state.settings.limits.chunk_bytes;
  const bool whole = slice.offset + slice.length == message.size;
  // The answer with the end in it reads everything, since the whole's digest is owed by then.
  const auto first = whole ? 0 : static_cast<std::uint32_t>(slice.offset / chunk);
  const auto last = static_cast<std::uint32_t>((slice.offset + slice.length - 1) / chunk);
  const auto held = std::make_shared<MessageView>(std::move(message));
  const auto unpacked = [&state, reply, held, slice, start = slice.offset - first * chunk,
                         whole](const std::optional<std::string>& bytes) {
    const bool enough =
        bytes && (whole ? bytes->size() == held->size : bytes->size() >= start + slice.length);
    if (!enough) return refuse_corrupt(state, reply, held->id);
    answer_slice(state, reply, *held, slice.offset,
                 std::string_view(*bytes).substr(start, slice.length));
  };
  state.to_payload(ReadPayload{held->id, first, last - first + 1},
                   [&state, reply, held, whole, unpacked](Result<PayloadAnswer> answer) {
                     if (!answer) return state.refuse(reply, store_fault(answer.error()));
                     if (!answer->found || !believable(state, answer->pieces))
                       return refuse_corrupt(state, reply, held->id);
                     const auto digest = whole ? std::optional(held->digest) : std::nullopt;
                     state.unpack(std::move(answer->pieces), held->body.kind, digest, unpacked);
                   });
}

}  // namespace

void spoil(State& state, const TransactionId& id) {
  state.to_queue(
      Spoil{id, "digest_mismatch: the stored payload fails its digest"},
      [](const Result<Answer>&) {}, Caller::bus);
}

void retrieve(State& state, Call& call) {
  const std::string id = call.params.text("transaction_id");
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
    if (message->status == Status::expired)
      return state.refuse(reply, {Kind::expired, "the message has expired"});
    const auto from = static_cast<std::uint64_t>(offset);
    if (from > message->size)
      return state.refuse(reply, invalid_argument("offset lies beyond the payload"));
    std::uint64_t most = state.settings.limits.retrieve_bytes_max;
    if (length) most = std::min(most, static_cast<std::uint64_t>(*length));
    const Slice slice{from, std::min(most, message->size - from)};
    if (slice.length == 0 && message->size > 0)
      return answer_slice(state, reply, *message, from, {});
    if (message->route == Route::inlined)
      return answer_inline(state, reply, std::move(*message), slice);
    answer_reference(state, reply, std::move(*message), slice);
  });
}

}  // namespace reference::core
