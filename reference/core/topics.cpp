// Topics: live copies to whoever is subscribed now, here or at other nodes. No store has a part in
// it.
//
// Source: PUB-1, PUB-3, PUB-6, PUB-7, AGT-4, SEC-7.
#include <algorithm>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

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

// What every subscriber gets of a message.
struct TopicCopy {
  std::string id, destination;
  std::string route;
  std::string event;
  bool withhold = false;  ///< from connections that get it as a queue's delivery
};

// The part of the delivery that is the same for every subscriber.
std::string common_tail(const State& state, const TopicCopy& copy) {
  std::string tail = R"(","transaction_id":")";
  tail.append(state.show(copy.id)).append(R"(","destination":)");
  append_json_string(tail, state.show(copy.destination));
  tail += R"(,"route":")" + copy.route + R"(","event":)" + copy.event;
  return tail += "}}";
}

std::string told_text(const TopicCopy& copy) {
  return boost::json::serialize(boost::json::value{{"id", copy.id},
                                                   {"destination", copy.destination},
                                                   {"route", copy.route},
                                                   {"event", copy.event},
                                                   {"withhold", copy.withhold}});
}

// Nothing where another kind of node has said something else.
std::optional<TopicCopy> read_told(std::string_view told) {
  boost::json::error_code error;
  const auto value = boost::json::parse(told, error);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) return std::nullopt;
  TopicCopy copy;
  const std::pair<const char*, std::string*> texts[] = {{"id", &copy.id},
                                                        {"destination", &copy.destination},
                                                        {"route", &copy.route},
                                                        {"event", &copy.event}};
  for (const auto& [name, text] : texts) {
    const auto* member = object->if_contains(name);
    if (member == nullptr || !member->is_string()) return std::nullopt;
    text->assign(member->get_string().data(), member->get_string().size());
  }
  const auto* withhold = object->if_contains("withhold");
  copy.withhold = withhold != nullptr && withhold->is_bool() && withhold->get_bool();
  return copy;
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

// What is not yet counted for the tenant of that destination.
Count& open_count(State& state, std::string_view destination) {
  const auto mark = mark_in(destination);
  auto found = state.uncounted.find(mark);
  if (found == state.uncounted.end()) {
    found = state.uncounted.emplace(mark, Count()).first;
    found->second.tenant = mark;
  }
  return found->second;
}

struct Audience {
  std::vector<SubscriptionId> exact, matching;
  [[nodiscard]] std::size_t size() const { return exact.size() + matching.size(); }
};

// The subscriptions of this node that a message to that destination reaches.
Audience audience_of(const State& state, const std::string& destination) {
  Audience audience;
  if (const auto found = state.topics.find(destination); found != state.topics.end())
    audience.exact = found->second;
  for (const auto id : state.patterns) {
    const auto& subscription = state.subscriptions.at(id);
    if (state.policies.matches(subscription.destination, state.show(destination)) &&
        may_know(state, subscription.conn, destination))
      audience.matching.push_back(id);
  }
  return audience;
}

void send_copies(State& state, const Audience& audience, const TopicCopy& copy) {
  const std::string tail = common_tail(state, copy);
  std::vector<Conn> cut_off;
  for (const auto id : audience.exact)
    if (!copy.withhold || !has_queue(state, state.subscriptions.at(id).conn, copy.destination))
      send_copy(state, id, tail, cut_off);
  for (const auto id : audience.matching) send_copy(state, id, tail, cut_off);
  // What they held goes to others now, not when they notice.
  for (const auto conn : cut_off) drop_connection(state, conn);
}

}  // namespace

std::int64_t fan_out(State& state, const Publication& item, bool withhold) {
  const auto audience = audience_of(state, item.destination);
  if (audience.size() == 0 && !state.settings.shared) return 0;
  const TopicCopy copy{
      item.id, item.destination, std::string(route_text(item.route)),
      item.route == Route::inlined ? with_body(item.event.text, item.event.body) : item.event.text,
      withhold};
  if (state.settings.shared) state.effects.emplace_back(Tell{told_text(copy)});
  if (audience.size() > 0) send_copies(state, audience, copy);
  return static_cast<std::int64_t>(audience.size());
}

void hear_topic(State& state, std::string_view told) {
  const auto copy = read_told(told);
  if (!copy) return;
  const auto audience = audience_of(state, copy->destination);
  if (audience.size() == 0) return;
  send_copies(state, audience, *copy);
  open_count(state, copy->destination).topic_delivered +=
      static_cast<std::int64_t>(audience.size());
  if (!state.next_count) state.next_count = state.now + kCountWithin;
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

void count_topic(State& state, std::string_view destination, std::int64_t delivered) {
  auto& count = open_count(state, destination);
  ++count.topic_published;
  count.topic_delivered += delivered;
  if (!state.next_count) state.next_count = state.now + kCountWithin;
}

void flush_counts(State& state) {
  state.next_count.reset();
  const auto counts = std::exchange(state.uncounted, {});
  Step step;
  for (const auto& [tenant, count] : counts) step.ops.emplace_back(count);
  if (step.ops.empty()) return;
  const auto then = [&state, counts](const Result<Answer>& answer) {
    if (answer) return;
    // Not lost, only later: they ride with the next flush.
    for (const auto& [tenant, count] : counts) {
      auto& again = open_count(state, tenant);
      again.topic_published += count.topic_published;
      again.topic_delivered += count.topic_delivered;
    }
    if (!state.next_count) state.next_count = state.now + Ms(1'000);
  };
  state.to_queue(std::move(step), then, Behalf::bus);
}

Count uncounted(const State& state, const std::optional<std::string>& tenant) {
  Count sum;
  for (const auto& [mark, count] : state.uncounted) {
    if (tenant && mark != *tenant) continue;
    sum.topic_published += count.topic_published;
    sum.topic_delivered += count.topic_delivered;
  }
  return sum;
}

}  // namespace reference::core
