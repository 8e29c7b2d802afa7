// Method: a message's true status is known at every instant of a made-up history, whose operations
// overlap, are refused or are never answered. What an inspection saw at any instant while it was
// under way is accepted; what the message certainly was not is named and pointed at. STORE-6.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/checkers/status.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;
namespace json = boost::json;

constexpr std::uint32_t kMessage = 1;
constexpr std::int32_t kAttemptsMax = 3;
constexpr int kLongest = 25;  // How long a request is under way, before and after it takes effect.

enum class Copy : std::uint8_t { waiting, settled, dead };

struct Group {
  std::string name;
  Copy copy = Copy::waiting;
  std::int32_t attempt = 0;
  std::uint32_t delivery = 0;
  Millis received = -1;  ///< When the delivery that is out came; negative: none is.
};

/// A bus with one message in two groups, and what is seen of it.
class World {
 public:
  /// `disturbed`: requests overlap, and some are refused or lost.
  explicit World(bool disturbed) : disturbed_(disturbed) {
    for (std::uint32_t i = 0; i < 2; ++i) {
      About about{.subscription = i + 1};
      about.asked["group"] = groups_[i].name;
      sketch.subscribe(1, 2, 10, 0, about);
    }
    sketch.request(Action::publish, 10, 12,
                   {.message = kMessage,
                    .subscription = 0,
                    .asked = {{"mode", "queue"}},
                    .said = {{"transaction_id", "tx"}}});
    now_ = 12;
    truth_.emplace_back(11, status());
    for (Group& group : groups_) deliver(group);
  }

  void step() {
    now_ += disturbed_ ? any_between(1, 15) : 100;
    Group& group = groups_[static_cast<std::size_t>(any_between(0, 2))];
    if (group.copy == Copy::dead) return on_dead(group, any_between(0, 2) == 0);
    if (group.copy == Copy::waiting && group.received >= 0 && group.received < now_)
      settle(group, any_between(0, 4));
  }

  /// An inspection that saw what was true at some instant while it was under way.
  Millis inspect() {
    now_ += disturbed_ ? any_between(1, 10) : 100;
    looks_.push_back({now_ - before(), now_, now_ + after()});
    return now_;
  }

  /// Writes the inspections down; the one that saw the instant `lie` says `word` instead.
  void tell(Millis lie = -1, const std::string& word = {}) {
    for (const Look& look : looks_)
      sketch.request(Action::inspect, look.from, look.to,
                     {.message = kMessage,
                      .subscription = 0,
                      .said = {{"status", look.at == lie ? word : at(look.at)}}});
  }

  [[nodiscard]] std::string at(Millis instant) const {
    std::string found;
    for (const auto& [since, status] : truth_)
      if (since <= instant) found = status;
    return found;
  }

  Sketch sketch{{{"attempts_max", kAttemptsMax}},
                {{"dead_letter", json::object()}, {"redrive", json::object()}}};

 private:
  struct Look {
    Millis from, at, to;
  };

  [[nodiscard]] std::string status() const {
    bool waiting = false;
    for (const Group& group : groups_) {
      if (group.copy == Copy::dead) return "error";
      waiting = waiting || group.copy == Copy::waiting;
    }
    return waiting ? "pending" : "complete";
  }

  Millis before() const { return disturbed_ ? any_between(0, kLongest) : 5; }
  Millis after() const { return disturbed_ ? any_between(1, kLongest) : 5; }

  void deliver(Group& group) {
    group.delivery = ++deliveries_;
    group.received = now_ + (disturbed_ ? any_between(1, 10) : 5);
    sketch.deliver(group.received, about(group), ++group.attempt);
  }

  About about(const Group& group) const {
    return {.message = kMessage,
            .delivery = group.delivery,
            .subscription = group.name == "a" ? 1U : 2U};
  }

  /// Whether the request takes effect; it is refused, lost, or both answered and carried out.
  bool request(Action action, Millis from, About about) {
    const int fate = disturbed_ ? any_between(0, 10) : 9;
    const bool happens = fate > 1;
    if (fate == 0) about.error = "store_unavailable";
    const bool lost = fate == 1 || fate == 2;
    sketch.request(action, from, lost ? -1 : now_ + after(), about);
    return happens;
  }

  void settle(Group& group, int how) {
    About what = about(group);
    const Millis from = std::max(group.received, now_ - before());
    const bool ack = how == 0, requeue = how == 1;
    what.amount = requeue ? 1 : 0;
    group.received = -1;
    if (!request(ack ? Action::ack : Action::reject, from, what)) return;
    if (ack) group.copy = Copy::settled;
    if (!ack && (!requeue || group.attempt == kAttemptsMax)) group.copy = Copy::dead;
    truth_.emplace_back(now_, status());
    if (group.copy == Copy::waiting) deliver(group);
  }

  void on_dead(Group& group, bool purge) {
    About what{.subscription = 0};
    what.asked = {{"method", purge ? "bus/purge" : "bus/redrive"},
                  {"params", {{"destination", "q"}, {"group", group.name}}}};
    what.said = {{"count", 1}};
    if (!request(Action::call, now_ - before(), what)) return;
    group.copy = purge ? Copy::settled : Copy::waiting;
    truth_.emplace_back(now_, status());
    if (purge) return;
    group.attempt = 0;
    deliver(group);
  }

  bool disturbed_;
  Millis now_ = 0;
  std::uint32_t deliveries_ = 0;
  std::vector<Group> groups_ = {{"a"}, {"b"}};
  std::vector<std::pair<Millis, std::string>> truth_;
  std::vector<Look> looks_;
};

/// The history, a line for each event.
std::string told(const Sketch& sketch) {
  const history::History history = sketch.history();
  std::string lines;
  for (const history::Event& event : history.events)
    lines += "\n" + history::describe(history, event);
  return lines;
}

RC_GTEST_PROP(Status, Store6_AcceptsWhateverWasTrueMeanwhile, ()) {
  World world(true);
  for (int steps = any_between(1, 30); steps > 0; --steps)
    any_between(0, 2) == 0 ? static_cast<void>(world.inspect()) : world.step();
  world.tell();
  const Judgement judgement = world.sketch.judged(judge_status);
  if (judgement.verdict() == Verdict::violated) RC_FAIL(judgement.says() + told(world.sketch));
}

RC_GTEST_PROP(Status, Store6_NamesAStatusThatCannotBe, ()) {
  World world(false);
  std::vector<Millis> looks;
  for (int steps = any_between(1, 12); steps > 0; --steps) {
    world.step();
    looks.push_back(world.inspect());
  }
  const Millis lie =
      looks[static_cast<std::size_t>(any_between(0, static_cast<int>(looks.size())))];
  const std::vector<std::string> words = {"pending", "complete", "error", "expired"};
  const std::string word = words[static_cast<std::size_t>(any_between(0, 4))];
  RC_PRE(word != world.at(lie));
  world.tell(lie, word);
  const Judgement judgement = world.sketch.judged(judge_status);
  RC_ASSERT(judgement.finding() == "wrong_status");
  RC_ASSERT(points_at_message(judgement, world.sketch.history(), kMessage));
}

}  // namespace
}  // namespace busproof::checkers
