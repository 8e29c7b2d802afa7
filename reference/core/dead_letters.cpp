// Counts of a queue, and its dead letters: listed, redriven, purged.
//
// Source: QUE-6, QUE-7, QUE-13, SEC-7.
#include "reference/core/state.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

constexpr int kPageDefault = 100;

struct Place {
  std::string destination;
  std::string group;
};

// A place that its caller may not know is forbidden.
Place read_place(State& state, Call& call) {
  Place place{state.keep(call.reply.conn, call.params.name("destination")),
              call.params.optional_name("group").value_or("default")};
  check_access(state, call, place.destination);
  return place;
}

std::optional<std::vector<TransactionId>> read_ids(const State& state, Call& call) {
  auto ids = call.params.optional_texts("transaction_ids");
  if (ids)
    for (auto& id : *ids) id = state.keep(call.reply.conn, id);
  return ids;
}

// Redrive and purge differ in the step alone.
void on_dead(State& state, const Reply& reply, QueueOp op, const std::string& destination) {
  state.to_queue(std::move(op), [&state, reply, destination](const Result<Answer>& answer) {
    if (!answer) return state.refuse(reply, store_fault(answer.error()));
    state.answer(reply, {{"count", answer->count}});
    state.ring(destination);
  });
}

}  // namespace

void pending(State& state, Call& call) {
  const Place place = read_place(state, call);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  const Reply reply = call.reply;
  // What is due by now counts as having happened.
  run_sweep(state);
  state.ask(AskCounts{place.destination, place.group}, [&state, reply](const Result<View>& view) {
    if (!view) return state.refuse(reply, store_fault(view.error()));
    const auto& counts = std::get<Counts>(*view);
    state.answer(reply, {{"ready", counts.ready},
                         {"leased", counts.leased},
                         {"delayed", counts.delayed},
                         {"dead", counts.dead}});
  });
}

void dead_letters(State& state, Call& call) {
  const Place place = read_place(state, call);
  const auto page = call.params.page(kPageDefault, kPageDefault);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  const Reply reply = call.reply;
  state.ask(AskDead{place.destination, place.group, page.after, page.limit},
            [&state, reply](const Result<View>& view) {
              if (!view) return state.refuse(reply, store_fault(view.error()));
              const auto& found = std::get<DeadPage>(*view);
              json::array messages;
              for (const auto& letter : found.letters)
                messages.emplace_back(json::object{
                    {"transaction_id", state.show(letter.message.id)},
                    {"attempts", letter.attempts},
                    {"reason", letter.reason},
                    {"event", json::parse(event_text(state, letter.message), {}, kDeep)}});
              json::object result{{"messages", std::move(messages)}};
              if (found.next) result["cursor"] = std::to_string(*found.next);
              state.answer(reply, result);
            });
}

void redrive(State& state, Call& call) {
  const Place place = read_place(state, call);
  auto ids = read_ids(state, call);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  on_dead(state, call.reply, Redrive{place.destination, place.group, std::move(ids)},
          place.destination);
}

void purge(State& state, Call& call) {
  const Place place = read_place(state, call);
  auto ids = read_ids(state, call);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  on_dead(state, call.reply, Purge{place.destination, place.group, std::move(ids)},
          place.destination);
}

}  // namespace reference::core
