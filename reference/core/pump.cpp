// The pump: turns free credit and ready messages into deliveries.
//
// One Lease per group is under way at a time; it asks for every member with free credit. A group
// found dry is not asked again until a ring says that something may be ready.
// Source: QUE-1, QUE-2, QUE-11, QUE-18, QUE-20, SUM-2, SUM-10.
#include <algorithm>

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

constexpr int kLeaseMost = 256;                          // deliveries of one Lease
constexpr std::uint64_t kLeaseBytes = 4ULL * 1'048'576;  // payload bytes of one Lease

// Which member each token of a Lease belongs to.
struct Asked {
  SubscriptionId member = 0;
  Want want;
};

Group* find_group(State& state, const std::string& destination, const std::string& name) {
  const auto groups = state.queues.find(destination);
  if (groups == state.queues.end()) return nullptr;
  const auto group = groups->second.find(name);
  return group == groups->second.end() ? nullptr : &group->second;
}

// How many more deliveries its credit has room for.
int window_of(const State& state, const Subscription& subscription) {
  return state.policies.window(subscription.credit, static_cast<int>(subscription.open.size()));
}

int free_credit(State& state, SubscriptionId id) {
  const auto& subscription = state.subscriptions.at(id);
  auto* connection = state.connection(subscription.conn);
  if (connection == nullptr || connection->closing) return 0;
  const int window = window_of(state, subscription);
  if (window > 0 && connection->unsent >= unsent_pause(state.settings.limits)) {
    connection->starved = true;
    return 0;
  }
  return window;
}

std::vector<Asked> collect_wants(State& state, Group& group) {
  std::vector<Asked> asked;
  int left = kLeaseMost;
  const std::size_t members = group.members.size();
  for (std::size_t i = 0; i < members && left > 0; ++i) {
    const SubscriptionId id = group.members[(group.turn + i) % members];
    const int count = std::min(free_credit(state, id), left);
    if (count <= 0) continue;
    left -= count;
    asked.push_back(
        {id, {state.next_token, count, state.policies.lease(state.subscriptions.at(id).term)}});
    state.next_token += static_cast<Token>(count);
  }
  if (members > 0) group.turn = (group.turn + 1) % members;
  return asked;
}

const Asked* asked_for(const std::vector<Asked>& asked, Token token) {
  const auto found = std::find_if(asked.begin(), asked.end(), [&](const Asked& one) {
    return token - one.want.first_token < static_cast<Token>(one.want.count);
  });
  return found == asked.end() ? nullptr : &*found;
}

std::string delivery_text(const State& state, SubscriptionId subscription, const Taken& taken,
                          const std::string& destination) {
  std::string text = R"({"jsonrpc":"2.0","method":"bus/deliver","params":{"subscription":"s)" +
                     std::to_string(subscription) + R"(","delivery_id":")" +
                     delivery_id(taken.copy.token) + R"(","transaction_id":")";
  text.append(state.show(taken.id)).append(R"(","destination":)");
  append_json_string(text, state.show(destination));
  text += R"(,"attempt":)" + std::to_string(taken.attempt) + R"(,"route":")";
  text += route_text(taken.route);
  text += R"(","event":)";
  text += taken.route == Route::inlined ? with_body(taken.event, taken.body) : taken.event;
  return text += "}}";
}

// A body that fails its digest reaches nobody: the message is set aside, those behind it go on.
void set_aside(State& state, const Taken& taken) {
  Step step;
  Fail fail;
  fail.copy = taken.copy;
  fail.dead = true;
  fail.reason = "digest_mismatch";
  step.ops.emplace_back(fail);
  step.ops.emplace_back(Spoil{taken.id, "digest_mismatch: the stored payload fails its digest"});
  state.to_queue(
      std::move(step), [](const Result<Answer>&) {}, Behalf::bus);
}

void deliver(State& state, const std::vector<Asked>& asked, const std::string& destination,
             const Taken& taken, bool intact) {
  const auto* one = asked_for(asked, taken.copy.token);
  const auto member =
      one == nullptr ? state.subscriptions.end() : state.subscriptions.find(one->member);
  // Credit may have been taken away since the Lease asked for it.
  if (member == state.subscriptions.end() || member->second.ending ||
      window_of(state, member->second) <= 0)
    return release_unsent(state, taken.copy, destination);
  if (!intact) return set_aside(state, taken);
  Delivery delivery;
  delivery.subscription = one->member;
  delivery.conn = member->second.conn;
  delivery.copy = taken.copy;
  delivery.attempt = taken.attempt;
  delivery.ends = state.now + one->want.term;
  state.deliveries.emplace(taken.copy.token, delivery);
  member->second.open.insert(taken.copy.token);
  state.send(delivery.conn, delivery_text(state, one->member, taken, destination));
}

// The Lease is over: go on where something changed meanwhile or more may be ready.
void go_on(State& state, const std::string& destination, const std::string& name, bool dry) {
  auto* group = find_group(state, destination, name);
  if (group == nullptr) return;
  group->asking = false;
  group->dry = dry && !group->again;
  group->again = false;
  if (group->members.empty()) {
    const auto groups = state.queues.find(destination);
    groups->second.erase(name);
    if (groups->second.empty()) state.queues.erase(groups);
    return;
  }
  pump(state, destination, name);
}

bool all_small(const std::vector<Taken>& taken) {
  return std::all_of(taken.begin(), taken.end(),
                     [](const Taken& one) { return one.body.bytes.size() <= kHashHere; });
}

void leased(State& state, std::vector<Asked> asked, const std::string& destination,
            const std::string& name, Answer answer) {
  const bool dry = answer.dry;
  if (all_small(answer.taken)) {
    for (const auto& taken : answer.taken)
      deliver(state, asked, destination, taken,
              taken.route == Route::reference || state.policies.intact(taken.body, taken.digest));
    return go_on(state, destination, name, dry);
  }
  std::vector<std::pair<Body, Digest>> bodies;
  for (auto& taken : answer.taken) bodies.emplace_back(std::move(taken.body), taken.digest);
  auto held = std::make_shared<std::vector<Taken>>(std::move(answer.taken));
  state.check(std::move(bodies),
              [&state, asked = std::move(asked), destination, name, dry, held](Checked checked) {
                for (std::size_t i = 0; i < held->size(); ++i) {
                  auto& taken = (*held)[i];
                  taken.body = std::move(checked.bodies[i].first);
                  deliver(state, asked, destination, taken,
                          taken.route == Route::reference || checked.intact[i]);
                }
                go_on(state, destination, name, dry);
              });
}

}  // namespace

void pump(State& state, const std::string& destination, const std::string& name) {
  auto* group = find_group(state, destination, name);
  if (group == nullptr || group->dry) return;
  if (group->asking) {
    group->again = true;
    return;
  }
  auto asked = collect_wants(state, *group);
  if (asked.empty()) return;
  group->asking = true;
  Lease lease;
  lease.destination = destination;
  lease.group = name;
  lease.bytes_max = kLeaseBytes;
  for (const auto& one : asked) lease.wants.push_back(one.want);
  auto then = [&state, asked = std::move(asked), destination, name](Result<Answer> answer) mutable {
    if (answer) return leased(state, std::move(asked), destination, name, std::move(*answer));
    // The store failed: nothing is known to be leased here. The next probe that works rings for it.
    if (auto* failed = find_group(state, destination, name)) failed->again = false;
    state.retry_pumps.insert(destination);
    go_on(state, destination, name, true);
  };
  state.to_queue(std::move(lease), std::move(then), Behalf::bus);
}

void wake(State& state, const std::string& destination) {
  const auto groups = state.queues.find(destination);
  if (groups == state.queues.end()) return;
  std::vector<std::string> names;
  for (auto& [name, group] : groups->second) {
    group.dry = false;
    names.push_back(name);
  }
  for (const auto& name : names) pump(state, destination, name);
}

void wake_all(State& state) {
  std::vector<std::string> destinations;
  for (const auto& [destination, groups] : state.queues) destinations.push_back(destination);
  for (const auto& destination : destinations) wake(state, destination);
}

}  // namespace reference::core
