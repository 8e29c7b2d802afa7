// The test hooks, on a port of their own and only when switched on. Source: SEC-5.
#include <fmt/format.h>

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

constexpr Ms kDelayMost{60'000};
constexpr Ms kDelayDefault{100};
constexpr std::int64_t kChunkMost = 1'000'000;
constexpr std::int64_t kAdvanceMost = 10LL * 365 * 24 * 3'600'000;

// Compares without telling by its time where the first difference is.
bool same_secret(std::string_view given, std::string_view expected) {
  unsigned difference = given.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i)
    difference |= static_cast<unsigned char>(given[i]) ^
                  static_cast<unsigned char>(expected[expected.empty() ? 0 : i % expected.size()]);
  return difference == 0;
}

void sweep_all(State& state, const Reply& reply, bool count) {
  state.after_sweep.emplace_back(
      [&state, reply, count](const std::optional<Fault>& fault, std::int64_t expired) {
        if (fault) return state.refuse(reply, *fault);
        state.answer(reply, count ? json::object{{"expired", expired}} : json::object());
      });
  state.to_payload(
      SweepPayloads{}, [](const Result<PayloadAnswer>&) {}, Behalf::bus);
  // One under way began with the clock as it was.
  state.sweep_again = state.sweeping;
  run_sweep(state);
}

void clock(State& state, Call& call) {
  const auto advance = call.params.integer("advance_ms");
  if (!call.params.fault() && (advance < 0 || advance > kAdvanceMost))
    call.params.fail(invalid_argument("advance_ms must be 0.." + std::to_string(kAdvanceMost)));
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  state.shift += Ms(advance);
  sweep_all(state, call.reply, false);
}

void sweep(State& state, Call& call) { sweep_all(state, call.reply, true); }

std::optional<Damage> parse_damage(std::string_view text) {
  if (text == "flip") return Damage::flip;
  if (text == "truncate") return Damage::truncate;
  if (text == "extend") return Damage::extend;
  if (text == "zero") return Damage::zero;
  if (text == "delete") return Damage::erase;
  if (text == "swap") return Damage::swap;
  if (text == "double") return Damage::repeat;
  if (text == "bomb") return Damage::bomb;
  return std::nullopt;
}

// Damages what the queue store holds; what goes by reference lies in the payload store.
void corrupt_stored(State& state, const Reply& reply, const Corrupt& damage, Route route) {
  const auto conclude = [&state, reply](bool found) {
    if (found) return state.answer(reply, {});
    state.refuse(reply, invalid_argument("the stored body has no such byte"));
  };
  if (route == Route::reference && damage.part != Part::digest) {
    state.to_payload(damage, [&state, reply, conclude](const Result<PayloadAnswer>& answer) {
      if (!answer) return state.refuse(reply, store_fault(answer.error()));
      conclude(answer->found);
    });
    return;
  }
  state.to_queue(damage, [&state, reply, conclude](const Result<Answer>& answer) {
    if (!answer) return state.refuse(reply, store_fault(answer.error()));
    conclude(!answer->refused);
  });
}

// What can be done to which part; nothing where this bus cannot do it.
std::optional<Part> parse_part(std::string_view text, Damage damage) {
  const bool of_chunks = damage == Damage::swap || damage == Damage::repeat;
  if (text == "digest" && damage == Damage::flip) return Part::digest;
  if (text == "payload" && !of_chunks) return Part::payload;
  if (text == "chunk") return Part::chunk;
  return std::nullopt;
}

// `with` names a transaction, whose chunk of the same number is meant, or a chunk of this one.
void read_with(Params& params, Corrupt& damage) {
  damage.with_chunk = damage.chunk;
  if (damage.damage != Damage::swap) return;
  Params as_text = params;
  damage.with = as_text.optional_text("with");
  if (as_text.fault() || !damage.with)
    damage.with_chunk = static_cast<std::uint32_t>(params.integer("with"));
}

void corrupt(State& state, Call& call) {
  Corrupt damage;
  damage.id = call.params.text("transaction_id");
  const std::string part = call.params.text("part");
  const std::string op = call.params.text("op");
  const auto at = call.params.optional_integer("at").value_or(0);
  const auto chunk = call.params.optional_integer("chunk").value_or(0);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  const auto parsed = parse_damage(op);
  const auto parsed_part = parsed ? parse_part(part, *parsed) : std::nullopt;
  if (!parsed_part)
    return state.refuse(call.reply, {Kind::not_supported, "this bus cannot do that damage"});
  if (at < 0 || chunk < 0 || chunk > kChunkMost)
    return state.refuse(call.reply, invalid_argument("at or chunk is out of range"));
  damage.part = *parsed_part;
  damage.damage = *parsed;
  damage.at = static_cast<std::uint64_t>(at);
  damage.chunk = static_cast<std::uint32_t>(chunk);
  read_with(call.params, damage);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  const Reply reply = call.reply;
  state.ask(AskMessage{damage.id, false}, [&state, reply, damage](const Result<View>& view) {
    if (!view) return state.refuse(reply, store_fault(view.error()));
    const auto* message = std::get_if<MessageView>(&*view);
    if (message == nullptr) return state.refuse(reply, {Kind::not_found, "no such message"});
    const bool pieces = damage.damage == Damage::bomb || damage.part == Part::chunk;
    if (pieces && message->route == Route::inlined)
      return state.refuse(reply, {Kind::not_supported, "an inline body has no chunks"});
    corrupt_stored(state, reply, damage, message->route);
  });
}

std::optional<Ill> parse_ill(std::string_view action) {
  if (action == "up") return Ill::none;
  if (action == "down") return Ill::down;
  if (action == "slow") return Ill::slow;
  if (action == "readonly") return Ill::readonly;
  if (action == "hang") return Ill::hanging;
  return std::nullopt;
}

// Both stores may be one file; to the bus they are two, and each can fail by itself.
void backend(State& state, Call& call) {
  const std::string name = call.params.text("name");
  const std::string action = call.params.text("action");
  const auto delay = call.params.optional_ms("delay_ms", Ms(0), kDelayMost);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  const auto ill = parse_ill(action);
  if (!ill || (name != "payloads" && name != "queues"))
    return state.refuse(call.reply, invalid_argument("name must be payloads or queues, action up, "
                                                     "down, slow, readonly or hang"));
  state.effects.emplace_back(Ail{name == "payloads" ? Store::payloads : Store::queues, *ill,
                                 delay.value_or(kDelayDefault)});
  state.answer(call.reply, {});
}

void show_state(State& state, Call& call) {
  state.answer(call.reply, {{"shift_ms", state.shift.count()},
                            {"connections", state.connections.size()},
                            {"subscriptions", state.subscriptions.size()},
                            {"destinations", state.queues.size()},
                            {"topics", state.topics.size()},
                            {"patterns", state.patterns.size()},
                            {"open_deliveries", state.deliveries.size()},
                            {"unanswered_steps", state.on_stored.size()},
                            {"sweeping", state.sweeping}});
}

void reset(State& state, Call& call) {
  const Reply reply = call.reply;
  state.to_payload(
      ResetPayloads{}, [](const Result<PayloadAnswer>&) {}, Behalf::bus);
  Step step;
  step.ops.emplace_back(Reset{});
  // Nothing is closed: the live members' groups exist again at once.
  for (const auto& [destination, groups] : state.queues)
    for (const auto& [name, group] : groups)
      if (!group.members.empty()) step.ops.emplace_back(Join{destination, name});
  state.to_queue(std::move(step), [&state, reply](const Result<Answer>& answer) {
    if (!answer) return state.refuse(reply, store_fault(answer.error()));
    std::vector<Token> open;
    for (const auto& [token, delivery] : state.deliveries) open.push_back(token);
    for (const auto token : open) end_delivery(state, token, Past::gone);
    std::vector<std::string> destinations;
    for (const auto& [destination, groups] : state.queues) destinations.push_back(destination);
    for (const auto& destination : destinations) state.ring(destination);
    state.answer(reply, {});
  });
}

}  // namespace

void control(State& state, Conn conn, Request request) {
  const Reply reply{conn, request.id, request.notification, 0};
  Call call{reply, Params(request.params(), state.settings.limits)};
  const auto known = [&](std::string_view name) { return request.method == name; };
  if (!request.method.starts_with("ctl/"))
    return state.refuse(reply, {Kind::method_not_found, "only control methods here"});
  if (!state.settings.control_token ||
      !same_secret(call.params.optional_text("token").value_or(""), *state.settings.control_token))
    return state.refuse(reply, {Kind::unauthenticated, "wrong token"});
  if (known("ctl/clock")) return clock(state, call);
  if (known("ctl/sweep")) return sweep(state, call);
  if (known("ctl/corrupt")) return corrupt(state, call);
  if (known("ctl/state")) return show_state(state, call);
  if (known("ctl/reset")) return reset(state, call);
  if (known("ctl/backend")) return backend(state, call);
  state.refuse(reply, {Kind::method_not_found, "no such method"});
}

}  // namespace reference::core
