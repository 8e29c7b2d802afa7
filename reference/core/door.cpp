// Payloads by the side door. Who has a transaction id may read what it names, as by bus/retrieve.
//
// Source: STORE-1, STORE-2, SUM-2, SUM-7, CHUNK-3, TTL-2.
#include "reference/core/door.hpp"

#include <algorithm>
#include <utility>

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

constexpr const char* kBytes = "application/octet-stream";
constexpr std::size_t kTypeMost = 255;

const Fault kUnknown{Kind::not_found, "no such payload"};
const Fault kExpired{Kind::expired, "the message has expired"};
const Fault kMismatch{Kind::digest_mismatch, "the stored payload fails its digest"};
const Fault kBroken{Kind::internal, "a piece before this one could not be read"};

// What a sender says is not trusted to be fit for a header.
std::string type_of(const MessageView& message) {
  json::error_code error;
  const auto event = json::parse(message.event, error, {}, kDeep);
  const auto* given =
      error || !event.is_object() ? nullptr : event.get_object().if_contains("datacontenttype");
  if (given != nullptr && given->is_string()) {
    const std::string_view text = given->get_string();
    const bool fit =
        !text.empty() && text.size() <= kTypeMost &&
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (fit) return std::string(text);
  }
  if (message.upload || message.body.kind == BodyKind::binary) return kBytes;
  if (message.body.kind == BodyKind::json) return "application/json";
  return message.body.kind == BodyKind::text ? "text/plain; charset=utf-8" : kBytes;
}

std::shared_ptr<PayloadHead> head_of(const MessageView& message) {
  auto head = std::make_shared<PayloadHead>();
  head->id = message.id;
  head->owner = message.payload.value_or(message.id);
  head->size = message.size;
  head->stored = message.route == Route::reference;
  head->piece = head->stored ? message.chunk : std::max<std::uint64_t>(message.size, 1);
  head->digest = message.digest;
  head->type = type_of(message);
  return head;
}

struct Door {
  State& state;
  Ticket ticket;
  std::optional<std::string> session;

  [[nodiscard]] TransactionId keep(std::string_view id) const {
    return state.tenants.keep(tenant_of(state, session), id);
  }

  void say(DoorAnswer answer) const {
    state.effects.emplace_back(Served{ticket, std::move(answer)});
  }

  void operator()(FindPayload& asked) const {
    const auto id = dataref_id(asked.name).value_or(asked.name);
    if (!is_transaction_id(id)) return say(kUnknown);
    state.ask(AskMessage{keep(id), true}, [door = *this](Result<View> view) {
      if (!view) return door.say(store_fault(view.error()));
      auto* message = std::get_if<MessageView>(&*view);
      if (message == nullptr) return door.say(kUnknown);
      if (message->status == Status::expired) return door.say(kExpired);
      auto head = head_of(*message);
      if (head->stored) return door.say(std::move(head));
      door.check_inline(std::move(head), std::move(message->body));
    });
  }

  void check_inline(std::shared_ptr<PayloadHead> head, Body body) const {
    std::vector<std::pair<Body, Digest>> bodies;
    bodies.emplace_back(std::move(body), head->digest);
    state.check(std::move(bodies), [door = *this, head](Checked checked) {
      head->bytes = std::move(checked.bodies.front().first.bytes);
      if (!checked.intact.front() || head->bytes.size() != head->size)
        return door.mismatch(head->id);
      door.say(head);
    });
  }

  void mismatch(const TransactionId& id) const {
    spoil(state, id);
    say(kMismatch);
  }

  void operator()(FetchPiece& asked) const {
    auto held = std::make_shared<FetchPiece>(std::move(asked));
    state.to_payload(ReadPayload{held->head->owner, held->n, 1},
                     [door = *this, held](Result<PayloadAnswer> got) {
                       if (!got) return door.fail(*held, store_fault(got.error()));
                       const auto& head = *held->head;
                       // No piece may claim more than a piece has, or its inflation took that room.
                       if (!got->found || got->pieces.front().size > head.piece)
                         return door.look_again(*held);
                       door.await_turn(held, std::move(got->pieces.front()));
                     });
  }

  void await_turn(const std::shared_ptr<FetchPiece>& asked, Piece piece) const {
    if (!asked->line) return unpack(asked, std::move(piece));
    if (asked->line->broken) return say(kBroken);
    // Who waits in the line does not hold it.
    const auto line = std::exchange(asked->line, nullptr);
    auto held = std::make_shared<Piece>(std::move(piece));
    line->waiting.emplace(asked->n, [door = *this, asked, held](std::shared_ptr<PieceLine> back) {
      if (!back) return door.say(kBroken);
      asked->line = std::move(back);
      door.unpack(asked, std::move(*held));
    });
    go_on(line);
  }

  static void go_on(const std::shared_ptr<PieceLine>& line) {
    auto& waiting = line->waiting;
    if (!waiting.empty() && waiting.begin()->first == line->next)
      waiting.extract(waiting.begin()).mapped()(line);
  }

  // Who stands behind what could not be had waits no longer.
  static void break_off(const FetchPiece& asked) {
    if (!asked.line) return;
    asked.line->broken = true;
    auto& waiting = asked.line->waiting;
    for (auto behind = waiting.upper_bound(asked.n); behind != waiting.end();
         behind = waiting.upper_bound(asked.n))
      waiting.extract(behind).mapped()(nullptr);
  }

  void unpack(const std::shared_ptr<FetchPiece>& asked, Piece piece) const {
    std::shared_ptr<RunningDigest> digest;
    if (asked->line) digest = {asked->line, &asked->line->digest};
    state.unpack(std::move(piece), std::move(digest),
                 [door = *this, asked](std::optional<std::string> bytes) {
                   door.unpacked(*asked, std::move(bytes));
                 });
  }

  void unpacked(const FetchPiece& asked, std::optional<std::string> bytes) const {
    const auto& head = *asked.head;
    const auto wanted = std::min(head.piece, head.size - asked.n * head.piece);
    if (!bytes || bytes->size() != wanted) return look_again(asked);
    if (asked.line && asked.last &&
        !state.policies.whole(asked.line->digest.finish(), head.digest, head.size))
      return mismatch(head.id);
    say(std::move(*bytes));
    if (!asked.line) return;
    ++asked.line->next;
    go_on(asked.line);
  }

  void fail(const FetchPiece& asked, Fault fault) const {
    say(std::move(fault));
    break_off(asked);
  }

  // A message may go while its payload is read, and its pieces with it.
  void look_again(const FetchPiece& asked) const {
    const auto& id = asked.head->id;
    state.ask(AskMessage{id, false}, [door = *this, id](const Result<View>& view) {
      if (!view) return door.say(store_fault(view.error()));
      const auto* message = std::get_if<MessageView>(&*view);
      if (message == nullptr) return door.say(kUnknown);
      if (message->status == Status::expired) return door.say(kExpired);
      door.mismatch(id);
    });
    break_off(asked);
  }

  void operator()(AddPart& asked) const {
    add_part(state, at_door(), keep(asked.upload), asked.offset, std::move(asked.bytes));
  }
  void operator()(FindUpload& asked) const { find_upload(state, at_door(), keep(asked.upload)); }
  void operator()(FinishUpload& asked) const {
    finish_upload(state, at_door(), keep(asked.upload), asked.digest);
  }

  [[nodiscard]] Reply at_door() const {
    Reply reply;
    reply.door = ticket;
    reply.session = session;
    return reply;
  }
};

}  // namespace

void knock(State& state, Ticket ticket, DoorRequest request, std::optional<std::string> session) {
  const Door door{state, ticket, std::move(session)};
  if (state.stopping) return door.say(Fault{Kind::closed, "the bus is shutting down"});
  std::visit(door, request);
}

}  // namespace reference::core
