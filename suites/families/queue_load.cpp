// QUE: many at once; leases that are extended; queues that stay empty.
#include <algorithm>
#include <array>
#include <deque>
#include <set>

#include "suites/checkers/extend.hpp"
#include "suites/checkers/load.hpp"
#include "suites/checkers/silence.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

/// One member of a crowd: acks what comes, several acks under way at once.
struct Member {
  Session* session;
  Subscribed subscription;
  std::size_t acked = 0;
  std::vector<std::uint32_t> under_way = {};
  bool here = true;
};

/// Several members of one group, looked after by one thread.
class Crowd {
 public:
  Crowd(Stage& stage, const targets::Subscribe& wanted, std::size_t members) : stage_(stage) {
    for (std::size_t i = 0; i < members; ++i) {
      Session& session = stage.connect();
      members_.push_back({&session, stage.subscribe(session, wanted)});
    }
  }

  /// Acks what has come to each by now.
  void look() {
    for (Member& member : members_) {
      if (!member.here) continue;
      const auto all = member.session->deliveries(member.subscription);
      for (; member.acked < all.size(); ++member.acked) {
        came_.insert(all[member.acked].message);
        member.under_way.push_back(member.session->start_ack(all[member.acked]));
      }
    }
  }

  /// The last member goes politely, with whatever it has not acked yet.
  void one_leaves() {
    members_.back().here = false;
    members_.back().session->close();
    await_acks(members_.back());
  }

  /// Acks until all of `wanted` have come, or nothing new has for as long as the stage is patient.
  bool until(const std::set<std::uint32_t>& wanted) {
    constexpr milliseconds kTurn{20};
    const auto turns = stage_.patience() / kTurn;
    for (long long silent = 0; silent < turns;) {
      const std::size_t before = came_.size();
      look();
      if (std::includes(came_.begin(), came_.end(), wanted.begin(), wanted.end())) return true;
      silent = came_.size() > before ? 0 : silent + 1;
      Member& member = members_[next_++ % members_.size()];
      if (!member.here) continue;
      member.session->wait(member.subscription, kTurn,
                           [&](const auto& all) { return all.size() > member.acked; });
    }
    return false;
  }

  void finish() {
    for (Member& member : members_) await_acks(member);
  }

 private:
  static void await_acks(Member& member) {
    // A refused ack is the judges' to weigh.
    for (const std::uint32_t operation : std::exchange(member.under_way, {}))
      if (auto answer = member.session->await_ack(operation); !answer) continue;
  }

  Stage& stage_;
  std::vector<Member> members_;
  std::set<std::uint32_t> came_;
  std::size_t next_ = 0;
};

/// One publisher of a crowd: many publishes under way at once.
class Publisher {
 public:
  Publisher(Stage& stage, const std::string& destination)
      : stage_(stage), session_(stage.connect()), destination_(destination) {}

  void publish() {
    constexpr std::size_t kUnderWay = 24;
    if (under_way_.size() == kUnderWay) await_one();
    under_way_.push_back(session_.start_publish(
        {.destination = destination_, .payload = Payload::text("one of many")}));
  }

  void finish(std::set<std::uint32_t>& accepted) {
    while (!under_way_.empty()) await_one();
    accepted.insert(accepted_.begin(), accepted_.end());
  }

  Session& session() { return session_; }

 private:
  void await_one() {
    auto published = session_.await_publish(under_way_.front());
    under_way_.pop_front();
    if (!published) stage_.give_up("bus/publish", published.error());
    accepted_.push_back(published->message);
  }

  Stage& stage_;
  Session& session_;
  std::string destination_;
  std::deque<std::uint32_t> under_way_;
  std::vector<std::uint32_t> accepted_;
};

void many_at_once(Stage& stage) {
  constexpr std::size_t kPublishers = 3, kMembers = 4, kEach = 250, kLeavesAt = 150;
  constexpr std::int64_t kLeaseMs = 3000;
  const std::string destination = stage.destination();
  targets::Subscribe wanted{.destination = destination, .credit = stage.credit_for(10)};
  const bool timed = stage.claims().trait("queue", "lease") == "timed";
  if (timed) wanted.lease_ms = kLeaseMs;
  Crowd crowd(stage, wanted, kMembers);
  std::vector<Publisher> publishers;
  for (std::size_t i = 0; i < kPublishers; ++i) publishers.emplace_back(stage, destination);
  for (std::size_t i = 0; i < kEach; ++i) {
    for (Publisher& publisher : publishers) publisher.publish();
    if (i % 8 == 0) crowd.look();
    if (i == kLeavesAt) crowd.one_leaves();
  }
  std::set<std::uint32_t> owed;
  for (Publisher& publisher : publishers) publisher.finish(owed);
  if (!crowd.until(owed)) {
    // What is missing may be held for the one that left, until then.
    const auto grace = stage.claims().limit("redelivery_grace_ms").value_or(1000);
    stage.let_pass(milliseconds(grace + 500 + (timed ? kLeaseMs : 0)));
  }
  owed.insert(stage.publish_fence(publishers.front().session(), destination));
  crowd.until(owed);
  crowd.finish();
}

/// Two are held beside each other; the lease of one is extended, and both are left alone.
void one_extended(Stage& stage) {
  constexpr std::int64_t kLeaseMs = 600, kLongerMs = 1300;
  const auto& claims = stage.claims();
  const bool any = claims.trait("queue", "extend") == "any";
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = stage.subscribe(
      session, {.destination = destination, .credit = stage.credit_for(20), .lease_ms = kLeaseMs});
  const auto extended = publish_many(stage, session, destination, 1).front().message;
  if (!stage.wait_count(session, held, 1)) return;
  if (!any) stage.let_pass(milliseconds(kLeaseMs / 2));
  const std::int64_t length = any ? kLongerMs : kLeaseMs;
  // Refused, on a slow machine: then there is nothing to judge, and it is tried again.
  if (!session.extend(session.deliveries(held).front(), length)) return;
  publish_many(stage, session, destination, 1);
  const milliseconds due(length + claims.limit("redelivery_grace_ms").value_or(1000));
  const auto again = [&](const std::vector<Delivered>& all) {
    return std::count_if(all.begin(), all.end(),
                         [&](const Delivered& came) { return came.message == extended; }) > 1;
  };
  if (!session.wait(held, due + milliseconds(500), again)) stage.let_pass(due);
  stage.fence(session, held, destination);
}

/// Several queues that nobody publishes to, and one beside them that shows that the bus is awake.
void nothing_to_deliver(Stage& stage) {
  constexpr int kEmpty = 8;
  constexpr milliseconds kWatched{700};
  Session& session = stage.connect();
  const std::string beside = stage.destination("beside");
  const Subscribed held =
      stage.subscribe(session, {.destination = beside, .credit = stage.credit_for(10)});
  for (int i = 0; i < kEmpty; ++i)
    stage.subscribe(session, {.destination = stage.destination("empty"),
                              .credit = stage.credit_for(1 + 50 * (i % 3))});
  stage.let_pass(kWatched);
  stage.fence(session, held, beside);
}

constexpr JudgedCase kMany[] = {{"QUE-14.lost", checkers::judge_crowd_loses_none},
                                {"QUE-14.made_up", checkers::judge_crowd_makes_up_none},
                                {"QUE-14.acked_again", checkers::judge_crowd_acked_once}};
constexpr JudgedCase kExtended[] = {{"QUE-15.holds", checkers::judge_extension_holds},
                                    {"QUE-15.ends", checkers::judge_extension_ends}};
constexpr JudgedCase kSilent[] = {{"QUE-18.silent", checkers::judge_empty_is_silent}};

constexpr std::array kScenarios = {
    Scenario{.name = "Queue.QUE_14_many_publishers_and_many_members",
             .cases = kMany,
             .run = many_at_once},
    Scenario{.name = "Queue.QUE_15_an_extended_lease_holds_that_much_longer",
             .cases = kExtended,
             .run = one_extended},
    Scenario{.name = "Queue.QUE_18_an_empty_queue_is_silent",
             .cases = kSilent,
             .run = nothing_to_deliver},
};

}  // namespace

std::span<const Scenario> queue_load() { return kScenarios; }

}  // namespace busproof::families
