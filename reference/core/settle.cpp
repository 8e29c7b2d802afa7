// Settling: ack, reject, extend, and giving back what nobody settled.
//
// Source: QUE-3..10, QUE-15, QUE-23, and the protocol's words on settling.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

constexpr std::size_t kRemembered = 1'000;
constexpr std::size_t kIdDigits = 16;
/// When a delivery in doubt is looked at again whose settling is asked for anew.
constexpr Ms kLookedAgain{1'000};

Past past_of(Settling settling) {
  return settling == Settling::acking ? Past::acked : Past::rejected;
}

// How a settling that comes after the end of a delivery is answered.
void answer_past(State& state, const Reply& reply, Past past, Settling wants) {
  switch (past) {
    case Past::lost:
      return state.refuse(reply, {Kind::lease_lost, "the lease is over"});
    case Past::gone:
      return state.answer(reply, {});
    case Past::acked:
    case Past::rejected:
      if (past_of(wants) == past) return state.answer(reply, {});
      return state.refuse(
          reply, {Kind::conflict,
                  past == Past::acked ? "the delivery was acked" : "the delivery was rejected"});
  }
}

// The delivery a request names on its own connection, open or past.
struct Named {
  Delivery* open = nullptr;
  std::optional<Past> past;
  Token token = 0;
};

Named find_delivery(State& state, Call& call) {
  Named named;
  const std::string id = call.params.text("delivery_id");
  const auto token = parse_delivery_id(id);
  if (call.params.fault() || !token) return named;
  named.token = *token;
  const auto found = state.deliveries.find(*token);
  if (found != state.deliveries.end() && found->second.conn == call.reply.conn)
    named.open = &found->second;
  named.past = state.connection(call.reply.conn)->settled.find(*token);
  return named;
}

const Fault kNoDelivery{Kind::not_found, "no such delivery on this connection"};

void pump_of(State& state, SubscriptionId id) {
  const auto found = state.subscriptions.find(id);
  if (found == state.subscriptions.end()) return;
  // By value: a pump may end what the iterator points at.
  const std::string destination = found->second.destination;
  const std::string group = found->second.group;
  pump(state, destination, group);
}

// The store has answered a settling: the delivery becomes past and everybody waiting hears it.
void settled(State& state, Token token, const Reply& reply, const Result<Answer>& answer) {
  const auto found = state.deliveries.find(token);
  if (found == state.deliveries.end()) {
    // It ended another way while the store was asked: deleted, forgotten or its connection gone.
    if (!answer) return state.refuse(reply, store_fault(answer.error()));
    if (answer->refused) return state.refuse(reply, {Kind::lease_lost, "the lease is over"});
    return state.answer(reply, {});
  }
  const Settling settling = found->second.settling;
  const auto waiters = std::move(found->second.waiters);
  const SubscriptionId subscription = found->second.subscription;
  if (!answer) {
    found->second.settling = Settling::none;
    found->second.waiters.clear();
    if (!answer.error().definite()) state.doubtful.emplace(found->second.ends, token);
    const Fault fault = store_fault(answer.error());
    state.refuse(reply, fault);
    for (const auto& waiter : waiters) state.refuse(waiter.reply, fault);
    return;
  }
  const Past past = answer->refused ? Past::lost : past_of(settling);
  end_delivery(state, token, past);
  if (past == Past::lost)
    state.refuse(reply, {Kind::lease_lost, "the lease is over"});
  else
    state.answer(reply, {});
  for (const auto& waiter : waiters) answer_past(state, waiter.reply, past, waiter.wants);
  pump_of(state, subscription);
}

// Starts a settling, or waits for the one under way.
void settle(State& state, const Reply& reply, const Named& named, Settling wants, QueueOp op) {
  auto& delivery = *named.open;
  if (delivery.settling != Settling::none) {
    delivery.waiters.push_back({reply, wants});
    return;
  }
  delivery.settling = wants;
  state.to_queue(std::move(op), [&state, token = named.token, reply](const Result<Answer>& answer) {
    settled(state, token, reply, answer);
  });
}

}  // namespace

void SettleMemory::remember(Token token, Past past, Tick ends, Tick now) {
  if (entries_.insert_or_assign(token, Entry{past, ends}).second) order_.push_back(token);
  while (order_.size() > kRemembered && entries_.at(order_.front()).ends <= now) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
}

std::optional<Past> SettleMemory::find(Token token) const {
  const auto found = entries_.find(token);
  if (found == entries_.end()) return std::nullopt;
  return found->second.past;
}

std::string delivery_id(Token token) { return fmt::format("{:016x}", token); }

std::optional<Token> parse_delivery_id(std::string_view text) {
  Token token = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, token, 16);
  if (text.size() != kIdDigits || error != std::errc() || stop != end) return std::nullopt;
  return delivery_id(token) == text ? std::optional(token) : std::nullopt;
}

void end_delivery(State& state, Token token, Past past) {
  const auto found = state.deliveries.find(token);
  if (found == state.deliveries.end()) return;
  const Delivery delivery = std::move(found->second);
  state.deliveries.erase(found);
  if (const auto owner = state.subscriptions.find(delivery.subscription);
      owner != state.subscriptions.end())
    owner->second.open.erase(token);
  if (auto* connection = state.connection(delivery.conn))
    connection->settled.remember(token, past, delivery.ends, state.now);
  // Whoever settled it a second time meanwhile hears how it ended; the first hears the store.
  for (const auto& waiter : delivery.waiters) answer_past(state, waiter.reply, past, waiter.wants);
}

void ack(State& state, Call& call) {
  const Named named = find_delivery(state, call);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  if (named.open != nullptr)
    return settle(state, call.reply, named, Settling::acking, Ack{named.open->copy});
  if (named.past) return answer_past(state, call.reply, *named.past, Settling::acking);
  state.refuse(call.reply, kNoDelivery);
}

void reject(State& state, Call& call) {
  const auto& limits = state.settings.limits;
  const bool requeue = call.params.boolean("requeue");
  const auto delay = call.params.optional_ms("delay_ms", Ms(0), limits.delay_max);
  const auto reason = call.params.optional_text("reason");
  const Named named = find_delivery(state, call);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  if (named.open == nullptr) {
    if (named.past) return answer_past(state, call.reply, *named.past, Settling::rejecting);
    return state.refuse(call.reply, kNoDelivery);
  }
  const int attempt = named.open->attempt;
  const bool exhausted = state.policies.exhausted(attempt, limits.attempts_max);
  Fail fail;
  fail.copy = named.open->copy;
  fail.rejected = true;
  fail.dead = !requeue || exhausted;
  fail.delay = delay.value_or(state.policies.backoff(attempt, limits.backoff));
  fail.reason = reason.value_or(requeue ? "attempts_exhausted" : "rejected");
  settle(state, call.reply, named, Settling::rejecting, std::move(fail));
}

void extend(State& state, Call& call) {
  call.params.integer("lease_ms");
  const auto term = call.params.optional_ms("lease_ms", Ms(1), state.settings.limits.lease_max);
  const Named named = find_delivery(state, call);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  if (named.open == nullptr) {
    if (named.past == Past::lost)
      return state.refuse(call.reply, {Kind::lease_lost, "the lease is over"});
    if (named.past == Past::acked || named.past == Past::rejected)
      return state.refuse(call.reply, {Kind::conflict, "the delivery is settled"});
    return state.refuse(call.reply, kNoDelivery);
  }
  const Ms length = state.policies.lease(*term);
  const Reply reply = call.reply;
  state.to_queue(Extend{named.open->copy, length}, [&state, token = named.token, reply,
                                                    length](const Result<Answer>& answer) {
    if (!answer) return state.refuse(reply, store_fault(answer.error()));
    if (answer->refused) return state.refuse(reply, {Kind::lease_lost, "the lease is over"});
    if (const auto found = state.deliveries.find(token); found != state.deliveries.end())
      found->second.ends = state.now + length;
    state.answer(reply, {});
  });
}

void end_doubtful(State& state) {
  while (!state.doubtful.empty() && state.doubtful.begin()->first <= state.now) {
    const Token token = state.doubtful.extract(state.doubtful.begin()).mapped();
    const auto found = state.deliveries.find(token);
    if (found == state.deliveries.end()) continue;
    const auto& delivery = found->second;
    if (delivery.ends > state.now) {
      state.doubtful.emplace(delivery.ends, token);
    } else if (delivery.settling == Settling::none) {
      const SubscriptionId subscription = delivery.subscription;
      end_delivery(state, token, Past::lost);
      pump_of(state, subscription);
    } else {
      state.doubtful.emplace(state.now + kLookedAgain, token);
    }
  }
}

void release(State& state, Token token) {
  const auto found = state.deliveries.find(token);
  if (found == state.deliveries.end()) return;
  const auto owner = state.subscriptions.find(found->second.subscription);
  const std::string destination = owner->second.destination;
  Fail fail;
  fail.copy = found->second.copy;
  fail.dead = state.policies.exhausted(found->second.attempt, state.settings.limits.attempts_max);
  fail.reason = "attempts_exhausted";
  end_delivery(state, token, Past::lost);
  // Refused where a settling before it, or the sweep, was faster: then there is nothing to free.
  const auto then = [&state, destination](const Result<Answer>& answer) {
    if (answer && !answer->refused) state.ring(destination);
  };
  state.to_queue(std::move(fail), then, Behalf::bus);
}

void release_unsent(State& state, const Copy& copy, const std::string& destination) {
  Fail fail;
  fail.copy = copy;
  fail.unsent = true;
  const auto then = [&state, destination](const Result<Answer>& answer) {
    if (answer && !answer->refused) state.ring(destination);
  };
  state.to_queue(std::move(fail), then, Behalf::bus);
}

}  // namespace reference::core
