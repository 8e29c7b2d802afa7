// Subscriptions: making them, their credit, and their end.
//
// Source: QUE-10, QUE-11, PUB-8, PUB-9, AGT-1, AGT-2.
#include <algorithm>

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

std::string subscription_name(SubscriptionId id) { return "s" + std::to_string(id); }

// The subscription that a request names, if it is this connection's and lives.
std::optional<SubscriptionId> find_subscription(State& state, Call& call) {
  const std::string name = call.params.text("subscription");
  if (call.params.fault()) return std::nullopt;
  for (const auto id : state.connection(call.reply.conn)->subscriptions)
    if (subscription_name(id) == name && !state.subscriptions.at(id).ending) return id;
  call.params.fail({Kind::not_found, "no such subscription on this connection"});
  return std::nullopt;
}

void read_queue_part(State& state, Params& params, Subscription& into) {
  const auto& limits = state.settings.limits;
  into.group = params.optional_name("group").value_or("default");
  into.term =
      params.optional_ms("lease_ms", Ms(1), limits.lease_max).value_or(limits.lease_default);
  const auto credit = params.optional_integer("credit");
  if (credit && (*credit < 0 || *credit > limits.credit_max))
    params.fail(invalid_argument("credit must be 0.." + std::to_string(limits.credit_max)));
  into.credit = static_cast<int>(credit.value_or(limits.credit_default));
  if (into.pattern) params.fail(invalid_argument("a queue knows no pattern"));
}

Subscription read_subscription(State& state, Call& call) {
  auto& params = call.params;
  Subscription into;
  into.conn = call.reply.conn;
  const std::string mode = params.text("mode");
  into.pattern = params.has("pattern");
  const bool named = params.has("destination");
  if (!named && !into.pattern) params.fail(invalid_params("destination or pattern must be given"));
  into.destination = named ? params.name("destination") : params.text("pattern");
  if (into.pattern && !params.fault()) {
    const std::string pattern = params.text("pattern");
    if (named) params.fail(invalid_argument("destination and pattern exclude each other"));
    if (pattern.empty() || pattern.find('\0') != std::string::npos)
      params.fail(invalid_argument("a pattern has at least one byte and no NUL"));
  }
  if (params.fault()) return into;
  if (mode == "queue") {
    read_queue_part(state, params, into);
  } else if (mode == "topic") {
    into.mode = Mode::topic;
    if (params.has("credit")) params.fail(invalid_argument("a topic knows no credit"));
  } else {
    params.fail(invalid_argument("mode must be queue or topic"));
  }
  return into;
}

void add_subscription(State& state, SubscriptionId id, Subscription subscription) {
  state.connection(subscription.conn)->subscriptions.insert(id);
  state.subscriptions.emplace(id, std::move(subscription));
}

void subscribe_queue(State& state, const Reply& reply, Subscription subscription) {
  Join join{subscription.destination, subscription.group};
  state.to_queue(std::move(join), [&state, reply, subscription](const Result<Answer>& answer) {
    if (!answer) return state.refuse(reply, store_fault(answer.error()));
    if (state.connection(subscription.conn) == nullptr) return;
    const SubscriptionId id = state.next_subscription++;
    add_subscription(state, id, subscription);
    auto& group = state.queues[subscription.destination][subscription.group];
    group.members.push_back(id);
    group.dry = false;
    state.answer(
        reply, {{"subscription", subscription_name(id)}, {"lease_ms", subscription.term.count()}});
    pump(state, subscription.destination, subscription.group);
  });
}

// Takes the subscription out of its group on this node; whether it was the last one.
bool leave_group(State& state, SubscriptionId id) {
  const auto& subscription = state.subscriptions.at(id);
  const auto groups = state.queues.find(subscription.destination);
  const auto group = groups->second.find(subscription.group);
  std::erase(group->second.members, id);
  return group->second.members.empty();
}

// Removes an empty group's entry unless a Lease for it is under way.
void tidy_group(State& state, const std::string& destination, const std::string& name) {
  const auto groups = state.queues.find(destination);
  if (groups == state.queues.end()) return;
  const auto group = groups->second.find(name);
  if (group == groups->second.end() || group->second.asking || !group->second.members.empty())
    return;
  groups->second.erase(group);
  if (groups->second.empty()) state.queues.erase(groups);
}

// Gives back what the subscription holds and forgets it.
void end_subscription(State& state, SubscriptionId id) {
  const auto open = state.subscriptions.at(id).open;
  for (const auto token : open) release(state, token);
  const auto subscription = std::move(state.subscriptions.at(id));
  state.subscriptions.erase(id);
  if (auto* conn = state.connection(subscription.conn)) conn->subscriptions.erase(id);
  if (subscription.mode == Mode::queue)
    tidy_group(state, subscription.destination, subscription.group);
}

// Called on stores' threads, too: only what never changes is looked at.
bool may_know(const State& state, const Caller& caller, std::string_view destination) {
  if (state.tenants.apart() && !state.policies.sees(caller.tenant, destination)) return false;
  return state.policies.may_subscribe(caller, state.show(destination));
}

}  // namespace

bool may_know(const State& state, Conn conn, std::string_view destination) {
  const auto found = state.connections.find(conn);
  return found != state.connections.end() && may_know(state, found->second.caller, destination);
}

Shown shown_to(const State& state, Conn conn) {
  const auto& caller = state.connections.at(conn).caller;
  return [&state, caller](std::string_view destination) {
    return may_know(state, caller, destination);
  };
}

void check_access(State& state, Call& call, std::string_view destination) {
  if (!may_know(state, call.reply.conn, destination))
    call.params.fail({Kind::forbidden, "this destination is another's"});
}

void subscribe(State& state, Call& call) {
  auto subscription = read_subscription(state, call);
  if (!subscription.pattern) {
    subscription.destination = state.keep(call.reply.conn, subscription.destination);
    check_access(state, call, subscription.destination);
  }
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  if (subscription.mode == Mode::queue)
    return subscribe_queue(state, call.reply, std::move(subscription));
  const SubscriptionId id = state.next_subscription++;
  add_subscription(state, id, std::move(subscription));
  join_topic(state, id);
  state.answer(call.reply, {{"subscription", subscription_name(id)}});
}

void unsubscribe(State& state, Call& call) {
  const bool forget = call.params.optional_boolean("forget").value_or(false);
  const auto id = find_subscription(state, call);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  auto& subscription = state.subscriptions.at(*id);
  subscription.ending = true;
  if (subscription.mode == Mode::topic) {
    leave_topic(state, *id);
    end_subscription(state, *id);
    return state.answer(call.reply, {});
  }
  const bool last = leave_group(state, *id);
  const std::string destination = subscription.destination;
  const std::string name = subscription.group;
  end_subscription(state, *id);
  // Answered behind the releases: then the store holds nothing for this subscription any more.
  QueueOp op = Join{destination, name};
  if (forget && last) op = Forget{destination, name};
  const Reply reply = call.reply;
  state.to_queue(std::move(op), [&state, reply](const Result<Answer>& answer) {
    if (answer)
      state.answer(reply, {});
    else
      state.refuse(reply, store_fault(answer.error()));
  });
}

void set_credit(State& state, Call& call) {
  const auto credit = call.params.integer("credit");
  const auto id = find_subscription(state, call);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  auto& subscription = state.subscriptions.at(*id);
  if (subscription.mode == Mode::topic)
    return state.refuse(call.reply, invalid_argument("a topic knows no credit"));
  if (credit < 0 || credit > state.settings.limits.credit_max)
    return state.refuse(
        call.reply,
        invalid_argument("credit must be 0.." + std::to_string(state.settings.limits.credit_max)));
  subscription.credit = static_cast<int>(credit);
  state.answer(call.reply, {});
  pump(state, subscription.destination, subscription.group);
}

void drop_connection(State& state, Conn conn) {
  auto* connection = state.connection(conn);
  if (connection == nullptr) return;
  const auto ids = connection->subscriptions;
  for (const auto id : ids) {
    state.subscriptions.at(id).ending = true;
    if (state.subscriptions.at(id).mode == Mode::topic)
      leave_topic(state, id);
    else
      leave_group(state, id);
    end_subscription(state, id);
  }
  if (connection->ends) state.token_ends.erase({*connection->ends, conn});
  state.connections.erase(conn);
}

}  // namespace reference::core
