// QUE: groups and their members: who gets what, and what a member that goes away gives back.
#include <algorithm>
#include <array>
#include <deque>
#include <set>

#include "suites/checkers/holders.hpp"
#include "suites/checkers/release.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kLongLeaseMs = 20'000;
// Long enough to be surely held when its connection is cut, short enough to wait for.
constexpr std::int64_t kShortLeaseMs = 600;

/// Members that compete, each with a consumer of its own.
class Crew {
 public:
  explicit Crew(Stage& stage) : stage_(stage) {}

  void join(Session& session, const std::string& destination, std::int64_t credit) {
    const Subscribed held =
        stage_.subscribe(session, {.destination = destination,
                                   .credit = stage_.credit_for(credit),
                                   .lease_ms = lease_for(stage_, kLongLeaseMs)});
    members_.push_back({session, held, Consumer(stage_, session, held)});
  }

  /// Every message that came to any of them.
  std::set<std::uint32_t> seen() {
    std::set<std::uint32_t> messages;
    for (Member& member : members_)
      for (const Delivered& came : member.session.deliveries(member.held))
        messages.insert(came.message);
    return messages;
  }

  /// Waits, a little with each in turn, until as many messages have come.
  bool wait(std::size_t messages) {
    return until([&] { return seen().size() >= messages; }, false);
  }

  /// The same, acking.
  bool work(std::size_t messages) {
    return until([&] { return seen().size() >= messages; }, true);
  }

  bool fence(const std::string& destination) {
    const std::uint32_t fence = stage_.publish_fence(members_.front().session, destination);
    return until([&] { return seen().contains(fence); }, true);
  }

 private:
  struct Member {
    Session& session;
    Subscribed held;
    Consumer consumer;
  };

  template <typename Enough>
  bool until(Enough enough, bool acking) {
    constexpr milliseconds kTurn{20};
    const history::Time end = history::now() + stage_.patience();
    for (;;) {
      for (Member& member : members_)
        if (acking) member.consumer.until([](const auto&) { return true; });
      if (enough()) return true;
      if (history::now() > end) return false;
      for (Member& member : members_) {
        if (member.session.closed()) return false;
        const std::size_t came = member.session.deliveries(member.held).size();
        member.session.wait(member.held, kTurn, [&](const auto& now) { return now.size() > came; });
      }
    }
  }

  Stage& stage_;
  std::deque<Member> members_;
};

void members_compete(Stage& stage) {
  constexpr std::int64_t kWindow = 5;
  constexpr std::size_t kMessages = 60;
  const std::string destination = stage.destination();
  Crew crew(stage);
  Session& first = stage.connect();
  crew.join(first, destination, kWindow);
  crew.join(first, destination, kWindow);
  std::int64_t windows = 2 * stage.credit_for(kWindow);
  if (stage.many_connections()) {
    crew.join(stage.connect(), destination, kWindow);
    windows += stage.credit_for(kWindow);
  }
  publish_many(stage, first, destination, kMessages);
  // All hold as much as they may before the first of them settles anything.
  crew.wait(static_cast<std::size_t>(windows));
  crew.work(kMessages);
  crew.fence(destination);
}

void groups_get_their_own(Stage& stage) {
  constexpr std::size_t kBefore = 25, kAfter = 10;
  constexpr std::int64_t kCredit = 20;
  const std::string destination = stage.destination();
  Session& first = stage.connect();
  Session& second = stage.many_connections() ? stage.connect() : first;
  std::deque<Consumer> consumers;
  const auto join = [&](Session& session, std::string_view group) {
    const Subscribed held = stage.subscribe(session, {.destination = destination,
                                                      .group = std::string(group),
                                                      .credit = stage.credit_for(kCredit)});
    consumers.emplace_back(stage, session, held);
  };
  join(first, "early");
  join(second, "also early");
  publish_many(stage, first, destination, kBefore);
  for (Consumer& consumer : consumers) consumer.count(kBefore);
  join(first, "late");
  publish_many(stage, first, destination, kAfter);
  const std::uint32_t fence = stage.publish_fence(first, destination);
  for (Consumer& consumer : consumers)
    consumer.until([&](const auto& came) {
      return std::any_of(came.begin(), came.end(),
                         [&](const Delivered& one) { return one.message == fence; });
    });
}

/// One member holds some messages and goes; another is there to get them.
void member_leaves(Stage& stage, void (Session::*go)(), std::int64_t lease_ms,
                   milliseconds held_for) {
  constexpr std::int64_t kCredit = 10;
  const std::int64_t credit = stage.credit_for(kCredit);
  const auto messages = static_cast<std::size_t>(std::clamp<std::int64_t>(credit - 1, 1, 5));
  const std::string destination = stage.destination();
  const targets::Subscribe wanted{
      .destination = destination, .credit = credit, .lease_ms = lease_for(stage, lease_ms)};
  Session& first = stage.connect();
  Session& second = stage.connect();
  const Subscribed leaving = stage.subscribe(first, wanted);
  publish_many(stage, first, destination, messages);
  stage.wait_count(first, leaving, messages);
  const Subscribed staying = stage.subscribe(second, wanted);
  (first.*go)();
  const milliseconds due =
      held_for + milliseconds(stage.claims().limit("redelivery_grace_ms").value_or(1000) + 500);
  Consumer consumer(stage, second, staying);
  const bool came = consumer.within(
      due, [&](const auto& deliveries) { return messages_in(deliveries) >= messages; });
  // What has not come by now is late or lost: which of the two, a fence well after it is due tells.
  if (!came) stage.let_pass(due);
  consumer.fence(destination);
}

void member_disconnects(Stage& stage) {
  member_leaves(stage, &Session::close, kLongLeaseMs, milliseconds(0));
}

void member_is_cut(Stage& stage) {
  member_leaves(stage, &Session::cut, kShortLeaseMs, milliseconds(kShortLeaseMs));
}

constexpr JudgedCase kOneHolder[] = {{"QUE-2.one_holder", checkers::judge_one_holder}};
constexpr JudgedCase kGroups[] = {{"QUE-2.every_group", checkers::judge_every_group},
                                  {"QUE-2.late_group", checkers::judge_late_group}};
constexpr JudgedCase kDisconnect[] = {{"QUE-10.disconnect", checkers::judge_given_back_at_once}};
constexpr JudgedCase kCut[] = {{"QUE-10.cut", checkers::judge_given_back_by_lease},
                               {"QUE-10.kept", checkers::judge_given_back_by_lease}};

constexpr std::array kScenarios = {
    Scenario{.name = "Groups.QUE_2_members_compete", .cases = kOneHolder, .run = members_compete},
    Scenario{
        .name = "Groups.QUE_2_each_gets_its_own", .cases = kGroups, .run = groups_get_their_own},
    Scenario{.name = "Groups.QUE_10_gives_back_at_a_close",
             .cases = kDisconnect,
             .run = member_disconnects},
    Scenario{.name = "Groups.QUE_10_gives_back_after_a_cut", .cases = kCut, .run = member_is_cut},
};

}  // namespace

std::span<const Scenario> queue_groups() { return kScenarios; }

}  // namespace busproof::families
