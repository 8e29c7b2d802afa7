// Topics: live copies to whoever is subscribed now. No store has a part in it.
//
// Source: PUB-1, PUB-3, PUB-6, PUB-7, AGT-4, SEC-7.
#include <algorithm>

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

constexpr Ms kCountWithin{100};

// Whether the connection also has the destination as a queue, so that the copy would be a double.
bool has_queue(const State& state, Conn conn, const std::string& destination) {
  const auto groups = state.queues.find(destination);
  if (groups == state.queues.end()) return false;
  return std::any_of(groups->second.begin(), groups->second.end(), [&](const auto& group) {
    return std::any_of(group.second.members.begin(), group.second.members.end(),
                       [&](SubscriptionId id) { return state.subscriptions.at(id).conn == conn; });
  });
}

std::string copy_text(SubscriptionId subscription, const std::string& tail) {
  return R"({"jsonrpc":"2.0","method":"bus/deliver","params":{"subscription":"s)" +
         std::to_string(subscription) + tail;
}

// The part of the delivery that is the same for every subscriber.
std::string common_tail(const Publication& item) {
  std::string tail = R"(","transaction_id":")" + item.id + R"(","destination":)";
  append_json_string(tail, item.destination);
  tail += R"(,"route":")";
  tail += route_text(item.route);
  tail += R"(","event":)";
  tail +=
      item.route == Route::inlined ? with_body(item.event.text, item.event.body) : item.event.text;
  return tail += "}}";
}

// Whether the subscriber is too far behind to take another `bytes`.
bool too_slow(const State& state, const Connection& to, std::size_t bytes) {
  return to.unsent > 0 && to.unsent + bytes > state.settings.limits.buffer_bytes_max;
}

// Sends one copy; a reader too slow for the declared buffer is told so and cut off.
void send_copy(State& state, SubscriptionId id, const std::string& tail,
               std::vector<Conn>& cut_off) {
  const Conn conn = state.subscriptions.at(id).conn;
  const auto* to = state.connection(conn);
  if (to == nullptr || to->closing) return;
  if (!too_slow(state, *to, tail.size())) return state.send(conn, copy_text(id, tail));
  state.close(conn, notification_text("bus/closed",
                                      {{"kind", "backpressure"}, {"message", "reads too slowly"}}));
  cut_off.push_back(conn);
}

}  // namespace

std::int64_t fan_out(State& state, const Publication& item, bool withhold) {
  std::vector<SubscriptionId> exact;
  if (const auto found = state.topics.find(item.destination); found != state.topics.end())
    exact = found->second;
  std::vector<SubscriptionId> matching;
  for (const auto id : state.patterns) {
    const auto& subscription = state.subscriptions.at(id);
    if (state.policies.matches(subscription.destination, item.destination) &&
        may_know(state, subscription.conn, item.destination))
      matching.push_back(id);
  }
  if (exact.empty() && matching.empty()) return 0;
  const std::string tail = common_tail(item);
  std::vector<Conn> cut_off;
  for (const auto id : exact)
    if (!withhold || !has_queue(state, state.subscriptions.at(id).conn, item.destination))
      send_copy(state, id, tail, cut_off);
  for (const auto id : matching) send_copy(state, id, tail, cut_off);
  // What they held goes to others now, not when they notice.
  for (const auto conn : cut_off) drop_connection(state, conn);
  return static_cast<std::int64_t>(exact.size() + matching.size());
}

void join_topic(State& state, SubscriptionId id) {
  const auto& subscription = state.subscriptions.at(id);
  if (subscription.pattern)
    state.patterns.push_back(id);
  else
    state.topics[subscription.destination].push_back(id);
}

void leave_topic(State& state, SubscriptionId id) {
  const auto& subscription = state.subscriptions.at(id);
  if (subscription.pattern) {
    std::erase(state.patterns, id);
    return;
  }
  const auto found = state.topics.find(subscription.destination);
  std::erase(found->second, id);
  if (found->second.empty()) state.topics.erase(found);
}

void count_topic(State& state, std::int64_t delivered) {
  ++state.uncounted.topic_published;
  state.uncounted.topic_delivered += delivered;
  if (!state.next_count) state.next_count = state.now + kCountWithin;
}

void flush_counts(State& state) {
  state.next_count.reset();
  const Count count = std::exchange(state.uncounted, {});
  if (count.topic_published == 0) return;
  const auto then = [&state, count](const Result<Answer>& answer) {
    if (answer) return;
    // Not lost, only later: they ride with the next flush.
    state.uncounted.topic_published += count.topic_published;
    state.uncounted.topic_delivered += count.topic_delivered;
    if (!state.next_count) state.next_count = state.now + Ms(1'000);
  };
  state.to_queue(QueueOp(count), then, Behalf::bus);
}

}  // namespace reference::core
