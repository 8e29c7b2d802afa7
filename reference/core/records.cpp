// Messages as records: inspect, delete, and all of one correlation.
//
// Source: STORE-5, STORE-6, COR-1, COR-2, SUM-7, SEC-7.
#include "reference/core/state.hpp"
#include "reference/core/timestamp.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

constexpr int kPageDefault = 100;
constexpr int kPageMost = 1'000;

std::string_view status_text(Status status) {
  switch (status) {
    case Status::pending:
      return "pending";
    case Status::complete:
      return "complete";
    case Status::error:
      return "error";
    case Status::expired:
      return "expired";
  }
  return "error";
}

json::object inspection(const MessageView& message) {
  const std::uint64_t chunks =
      message.route == Route::reference ? pieces_of(message.size, message.chunk) : 1;
  json::object result{{"status", status_text(message.status)},
                      {"route", route_text(message.route)},
                      {"datasize", message.size},
                      {"stored_bytes", message.stored},
                      {"compression", codec_text(message.codec)},
                      {"datadigest", digest_text(message.digest)},
                      {"chunks", chunks},
                      {"created_at", to_rfc3339(message.created)},
                      {"expires_at", to_rfc3339(message.expires)},
                      {"event", json::parse(message.event)}};
  if (message.error) result["error"] = *message.error;
  return result;
}

}  // namespace

std::string event_text(const State& state, const MessageView& message) {
  const bool carries =
      message.route == Route::inlined && state.policies.intact(message.body, message.digest);
  return carries ? with_body(message.event, message.body) : message.event;
}

void inspect(State& state, Call& call) {
  const auto id = state.keep(call.reply.conn, call.params.text("transaction_id"));
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  const Reply reply = call.reply;
  state.ask(AskMessage{id, false}, [&state, reply](const Result<View>& view) {
    if (!view) return state.refuse(reply, store_fault(view.error()));
    const auto* message = std::get_if<MessageView>(&*view);
    if (message == nullptr) return state.refuse(reply, {Kind::not_found, "no such message"});
    state.answer(reply, inspection(*message));
  });
}

void remove(State& state, Call& call) {
  const auto id = state.keep(call.reply.conn, call.params.text("transaction_id"));
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  const Reply reply = call.reply;
  // An unknown id is what a second delete meets: both are answered alike.
  state.to_queue(Delete{id}, [&state, reply](const Result<Answer>& answer) {
    if (!answer) return state.refuse(reply, store_fault(answer.error()));
    state.answer(reply, {});
  });
}

void correlated(State& state, Call& call) {
  AskCorrelated ask;
  ask.correlation = call.params.text("correlation_id");
  const auto page = call.params.page(kPageDefault, kPageMost);
  ask.after = page.after;
  ask.limit = page.limit;
  ask.shown = shown_to(state, call.reply.conn);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  const Reply reply = call.reply;
  state.ask(std::move(ask), [&state, reply](const Result<View>& view) {
    if (!view) return state.refuse(reply, store_fault(view.error()));
    const auto& found = std::get<CorrelatedPage>(*view);
    json::array messages;
    for (const auto& message : found.messages)
      messages.emplace_back(
          json::object{{"transaction_id", state.show(message.id)},
                       {"destination", state.show(message.destination)},
                       {"status", status_text(message.status)},
                       {"event", json::parse(event_text(state, message), {}, kDeep)}});
    json::object result{{"messages", std::move(messages)}};
    if (found.next) result["cursor"] = std::to_string(*found.next);
    state.answer(reply, result);
  });
}

}  // namespace reference::core
