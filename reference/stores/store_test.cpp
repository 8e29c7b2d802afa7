// What every store must do, run over each of them.
//
// Method: steps and questions by hand on a clock that the test moves; the same expectations for
// SQLite and memory, so that each checks the other.
#include <gtest/gtest.h>

#include <filesystem>

#include "reference/stores/memory/payload_store.hpp"
#include "reference/stores/memory/queue_store.hpp"
#include "reference/stores/sqlite/database.hpp"
#include "reference/stores/sqlite/payload_store.hpp"
#include "reference/stores/sqlite/queue_store.hpp"
#include "reference/stores/temporary.hpp"

namespace reference::stores {
namespace {

using core::Ms;

class ManualClock : public Clock {
 public:
  [[nodiscard]] core::Instant now() const override { return ms; }
  core::Instant ms = 1'000'000;
};

struct Kind {
  const char* name;
  bool sqlite;
};

class Stores : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override { open(); }

  // Opens, or opens again as a restart does.
  void open() {
    if (GetParam().sqlite) {
      queues.reset();
      payloads.reset();
      auto database = sqlite::Database::open(directory.path());
      ASSERT_TRUE(database) << database.error().detail();
      queues = std::make_unique<sqlite::SqliteQueueStore>(*database, clock);
      payloads = std::make_unique<sqlite::SqlitePayloadStore>(*database, clock);
    } else if (!queues) {
      queues = std::make_unique<memory::MemoryQueueStore>(clock);
      payloads = std::make_unique<memory::MemoryPayloadStore>(clock);
    }
    ASSERT_TRUE(payloads->migrate());
    ASSERT_TRUE(queues->migrate());
  }

  core::Answer apply(core::QueueOp op) {
    core::Step step;
    step.ops.push_back(std::move(op));
    auto answers = queues->apply(std::span(&step, 1), shift);
    EXPECT_TRUE(answers);
    return answers ? answers->front() : core::Answer{};
  }
  core::Enqueue message(const std::string& id, std::int64_t rank = 0) {
    core::Enqueue op;
    op.id = id;
    op.destination = "q";
    op.event = R"({"id":"1"})";
    op.body = {core::BodyKind::text, "body of " + id};
    op.size = op.body.bytes.size();
    op.digest = core::sha256(op.body.bytes);
    op.rank = rank;
    op.ttl = Ms(100'000);
    op.ttl_max = Ms(1'000'000);
    return op;
  }
  std::vector<core::Taken> lease(int count, Ms term = Ms(1'000),
                                 const std::string& group = "default",
                                 std::uint64_t bytes = 1'000'000) {
    core::Lease op{"q", group, {{next_token, count, term}}, bytes};
    next_token += 100;
    auto answer = apply(op);
    dry = answer.dry;
    return answer.taken;
  }
  core::Swept sweep(int at_most = 100) {
    auto swept = queues->sweep(at_most, 3, shift);
    EXPECT_TRUE(swept);
    return swept ? *swept : core::Swept{};
  }
  template <typename T>
  T look(const core::Question& question) {
    auto view = queues->look(question, shift);
    EXPECT_TRUE(view);
    return std::get<T>(*view);
  }
  core::Counts counts(const std::string& group = "default") {
    const auto n = look<core::Counts>(core::AskCounts{"q", group});
    EXPECT_EQ(n.accepted,
              n.acked + n.ready + n.leased + n.delayed + n.dead + n.expired + n.deleted);
    return n;
  }
  core::Status status(const std::string& id) {
    return look<core::MessageView>(core::AskMessage{id, false}).status;
  }
  static std::vector<std::string> ids(const std::vector<core::Taken>& taken) {
    std::vector<std::string> all;
    for (const auto& one : taken) all.push_back(one.id);
    return all;
  }

  TemporaryDirectory directory;
  ManualClock clock;
  core::Shift shift{0};
  std::unique_ptr<QueueStore> queues;
  std::unique_ptr<PayloadStore> payloads;
  std::uint64_t next_token = 1'000;
  bool dry = false;
};

using Ids = std::vector<std::string>;

TEST_P(Stores, LeaseByRankThenAcceptance) {
  for (const auto& [id, rank] : {std::pair("a", 0), {"b", -10}, {"c", -2}, {"d", -10}})
    apply(message(id, rank));
  EXPECT_EQ(ids(lease(3)), (Ids{"b", "d", "c"}));
  EXPECT_FALSE(dry);
  EXPECT_EQ(ids(lease(3)), (Ids{"a"}));
  EXPECT_TRUE(dry);
}

TEST_P(Stores, KeepTheMessageWhole) {
  auto op = message("a");
  op.body.bytes = std::string("nul \0 and \xff\xfe", 12);
  op.correlation = std::string("k\0k", 3);
  apply(op);
  open();
  const auto taken = lease(1);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].body.bytes, op.body.bytes);
  EXPECT_EQ(taken[0].body.kind, op.body.kind);
  EXPECT_EQ(taken[0].event, op.event);
  EXPECT_EQ(taken[0].digest, op.digest);
  EXPECT_EQ(look<core::CorrelatedPage>(core::AskCorrelated{*op.correlation, 0, 5}).messages.size(),
            1U);
}

TEST_P(Stores, SettleOnlyWhatTheTokenHolds) {
  apply(message("a"));
  const auto first = lease(1)[0];
  auto other = first.copy;
  ++other.token;
  EXPECT_EQ(apply(core::Ack{other}).refused, core::Refusal::lease_lost);
  clock.ms += 1'000;
  EXPECT_EQ(apply(core::Ack{first.copy}).refused, core::Refusal::lease_lost);
  EXPECT_EQ(sweep().ended, (std::vector<std::uint64_t>{first.copy.token}));
  const auto second = lease(1)[0];
  EXPECT_EQ(second.attempt, 2);
  EXPECT_EQ(apply(core::Ack{first.copy}).refused, core::Refusal::lease_lost);
  EXPECT_FALSE(apply(core::Ack{second.copy}).refused);
  EXPECT_EQ(apply(core::Ack{second.copy}).refused, core::Refusal::lease_lost);
  EXPECT_EQ(counts().acked, 1);
  EXPECT_EQ(status("a"), core::Status::complete);
}

TEST_P(Stores, EndLeasesOnTimeAndNotBefore) {
  apply(message("a"));
  const auto taken = lease(1, Ms(500))[0];
  EXPECT_EQ(sweep().next_due, Ms(500));
  clock.ms += 400;
  EXPECT_FALSE(apply(core::Extend{taken.copy, Ms(300)}).refused);
  clock.ms += 299;
  EXPECT_TRUE(sweep().ended.empty());
  EXPECT_EQ(sweep().next_due, Ms(1));
  clock.ms += 1;
  const auto swept = sweep();
  EXPECT_EQ(swept.ended.size(), 1U);
  EXPECT_EQ(swept.woken, (Ids{"q"}));
  EXPECT_EQ(counts().ready, 1);
}

TEST_P(Stores, MakeADeadLetterOfTheLastAttempt) {
  apply(message("a"));
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(lease(1)[0].attempt, attempt);
    clock.ms += 1'000;
    sweep();
  }
  EXPECT_EQ(counts().dead, 1);
  const auto page = look<core::DeadPage>(core::AskDead{"q", "default", 0, 10});
  ASSERT_EQ(page.letters.size(), 1U);
  EXPECT_EQ(page.letters[0].attempts, 3);
  EXPECT_EQ(page.letters[0].reason, "attempts_exhausted");
  EXPECT_EQ(page.letters[0].message.body.bytes, "body of a");
  EXPECT_EQ(status("a"), core::Status::error);
}

TEST_P(Stores, FailRetriesDelaysAndTakesBackWhatWasNotSent) {
  apply(message("a"));
  core::Fail unsent{.copy = lease(1)[0].copy, .unsent = true};
  EXPECT_EQ(apply(unsent).woken, (Ids{"q"}));
  core::Fail later{.copy = lease(1)[0].copy, .rejected = true, .delay = Ms(700)};
  EXPECT_EQ(apply(later).due, Ms(700));
  EXPECT_EQ(counts().delayed, 1);
  EXPECT_TRUE(lease(1).empty());
  clock.ms += 699;
  sweep();
  EXPECT_TRUE(lease(1).empty());
  clock.ms += 1;
  sweep();
  const auto again = lease(1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt, 2);
  const auto totals = look<core::StatsPage>(core::AskStats{std::nullopt, "", 10}).totals;
  EXPECT_EQ(totals.delivered, 2);
  EXPECT_EQ(totals.redelivered, 1);
  EXPECT_EQ(totals.rejected, 1);
}

TEST_P(Stores, ARedeliveredOneKeepsItsPlaceARedrivenOneGoesToTheEnd) {
  for (const auto* id : {"a", "b", "c"}) apply(message(id));
  apply(core::Fail{.copy = lease(1)[0].copy});
  EXPECT_EQ(ids(lease(3)), (Ids{"a", "b", "c"}));
  open();
  sweep();
  const auto all = lease(3);
  EXPECT_EQ(ids(all), (Ids{"a", "b", "c"}));
  apply(core::Fail{.copy = all[0].copy, .dead = true, .reason = "why"});
  apply(core::Fail{.copy = all[1].copy});
  apply(core::Fail{.copy = all[2].copy});
  EXPECT_EQ(apply(core::Redrive{"q", "default", Ids{"a", "a", "b", "unknown"}}).count, 1);
  const auto after = lease(3);
  EXPECT_EQ(ids(after), (Ids{"b", "c", "a"}));
  EXPECT_EQ(after[2].attempt, 1);
}

TEST_P(Stores, OweEveryGroupThatExistsAtAcceptance) {
  apply(core::Join{"q", "one"});
  apply(message("a"));
  apply(core::Join{"q", "two"});
  apply(message("b"));
  EXPECT_EQ(ids(lease(5, Ms(1'000), "one")), (Ids{"a", "b"}));
  const auto two = lease(5, Ms(1'000), "two");
  EXPECT_EQ(ids(two), (Ids{"b"}));
  EXPECT_TRUE(lease(5).empty());
  EXPECT_FALSE(apply(core::Ack{two[0].copy}).refused);
  EXPECT_EQ(status("b"), core::Status::pending);
  EXPECT_EQ(apply(core::Forget{"q", "one"}).ended.size(), 2U);
  EXPECT_EQ(status("b"), core::Status::complete);
  EXPECT_EQ(look<core::StatsPage>(core::AskStats{std::nullopt, "", 10}).totals.deleted, 2);
  EXPECT_EQ(counts("one").accepted, 0);
}

TEST_P(Stores, ShareOneLeaseAmongItsWants) {
  for (const auto* id : {"a", "b", "c", "d"}) apply(message(id));
  const auto answer =
      apply(core::Lease{"q", "default", {{10, 1, Ms(100)}, {20, 5, Ms(200)}}, 1'000'000});
  std::vector<std::uint64_t> tokens;
  for (const auto& one : answer.taken) tokens.push_back(one.copy.token);
  EXPECT_EQ(tokens, (std::vector<std::uint64_t>{10, 20, 21, 22}));
  EXPECT_TRUE(answer.dry);
}

TEST_P(Stores, StopALeaseAtItsBytes) {
  for (const auto* id : {"a", "b", "c"}) apply(message(id));
  EXPECT_EQ(lease(3, Ms(100), "default", 9).size(), 2U);
  EXPECT_FALSE(dry);
}

TEST_P(Stores, ExpireWhatNobodyHoldsAndKeepWhatIsHeld) {
  auto op = message("a");
  op.ttl = Ms(500);
  apply(op);
  op.id = "b";
  op.route = core::Route::reference;
  op.body.bytes.clear();
  apply(op);
  const auto held = lease(1, Ms(5'000))[0];
  clock.ms += 499;
  EXPECT_EQ(sweep().expired, 0);
  EXPECT_EQ(sweep().next_due, Ms(1));
  clock.ms += 1;
  EXPECT_EQ(status("a"), core::Status::expired);
  EXPECT_TRUE(lease(1).empty());
  const auto swept = sweep();
  EXPECT_EQ(swept.expired, 2);
  EXPECT_EQ(swept.unreferenced, (Ids{"b"}));
  EXPECT_EQ(counts().expired, 1);
  EXPECT_EQ(counts().leased, 1);
  EXPECT_FALSE(apply(core::Ack{held.copy}).refused);
  EXPECT_EQ(counts().acked, 1);
  look<std::monostate>(core::AskMessage{"a", false});
  EXPECT_EQ(sweep().next_due, std::nullopt);
  const auto totals = look<core::StatsPage>(core::AskStats{std::nullopt, "", 10}).totals;
  EXPECT_EQ(totals.payload_count, 0);
  EXPECT_EQ(totals.payload_bytes, 0);
}

TEST_P(Stores, ALeaseThatOutlivesItsMessageEndsIt) {
  auto op = message("a");
  op.ttl = Ms(500);
  apply(op);
  lease(1, Ms(800));
  clock.ms += 600;
  sweep();
  open();
  EXPECT_EQ(sweep().ended.size(), 1U);
  EXPECT_EQ(counts().expired, 1);
  look<std::monostate>(core::AskMessage{"a", false});
}

TEST_P(Stores, TheShiftMovesTheClock) {
  auto op = message("a");
  op.delay = Ms(60'000);
  apply(op);
  shift = Ms(60'000);
  sweep();
  EXPECT_EQ(lease(1).size(), 1U);
  shift = Ms(100'000);
  EXPECT_EQ(status("a"), core::Status::expired);
}

TEST_P(Stores, RefuseASendersExpiryThatHasPassedOrLiesTooFar) {
  auto op = message("a");
  op.not_after = clock.ms;
  EXPECT_EQ(apply(op).refused, core::Refusal::invalid);
  op.not_after = clock.ms + 1'000'001;
  EXPECT_EQ(apply(op).refused, core::Refusal::invalid);
  op.not_after = clock.ms + 7;
  EXPECT_FALSE(apply(op).refused);
  EXPECT_EQ(look<core::MessageView>(core::AskMessage{"a", false}).expires, clock.ms + 7);
}

TEST_P(Stores, DoAStepWholeOrNotAtAll) {
  core::Step step;
  step.ops.emplace_back(message("a"));
  auto late = message("b");
  late.not_after = clock.ms - 1;
  step.ops.emplace_back(late);
  auto answers = queues->apply(std::span(&step, 1), shift);
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->front().refused, core::Refusal::invalid);
  EXPECT_EQ(answers->front().refused_at, 1U);
  EXPECT_EQ(counts().accepted, 0);
}

TEST_P(Stores, SurviveARestart) {
  apply(message("a", -3));
  apply(message("b"));
  auto later = message("c");
  later.delay = Ms(5'000);
  apply(later);
  const auto first = lease(1)[0];
  EXPECT_EQ(first.id, "a");
  apply(core::Ack{first.copy});
  lease(1);
  open();
  EXPECT_EQ(apply(core::Ack{first.copy}).refused, core::Refusal::lease_lost);
  sweep();
  EXPECT_EQ(counts().ready, 1);
  EXPECT_EQ(counts().delayed, 1);
  EXPECT_EQ(counts().acked, 1);
  const auto again = lease(5);
  EXPECT_EQ(ids(again), (Ids{"b"}));
  EXPECT_EQ(again[0].attempt, 2);
  clock.ms += 5'000;
  sweep();
  EXPECT_EQ(ids(lease(5)), (Ids{"b", "c"}));
}

TEST_P(Stores, DeleteTellsWhoHeldIt) {
  apply(message("a"));
  const auto held = lease(1)[0];
  EXPECT_EQ(apply(core::Delete{"a"}).ended, (std::vector<std::uint64_t>{held.copy.token}));
  EXPECT_EQ(apply(core::Delete{"a"}).refused, core::Refusal::not_found);
  EXPECT_EQ(apply(core::Ack{held.copy}).refused, core::Refusal::lease_lost);
  EXPECT_EQ(counts().deleted, 1);
}

TEST_P(Stores, SweepNoMoreThanAskedAndSaySo) {
  for (int i = 0; i < 5; ++i) apply(message(std::to_string(i)));
  lease(5, Ms(100));
  clock.ms += 100;
  EXPECT_TRUE(sweep(2).more);
  EXPECT_EQ(counts().ready, 2);
  sweep(2);
  EXPECT_FALSE(sweep(2).more);
  EXPECT_EQ(counts().ready, 5);
}

TEST_P(Stores, PagesGoOnWhereTheyEnded) {
  for (int i = 0; i < 5; ++i) {
    auto op = message(std::to_string(i));
    op.correlation = "k";
    apply(op);
  }
  const auto first = look<core::CorrelatedPage>(core::AskCorrelated{"k", 0, 2});
  ASSERT_EQ(first.messages.size(), 2U);
  ASSERT_TRUE(first.next);
  const auto rest = look<core::CorrelatedPage>(core::AskCorrelated{"k", *first.next, 9});
  EXPECT_EQ(rest.messages.size(), 3U);
  EXPECT_FALSE(rest.next);
  for (const auto& taken : lease(5)) apply(core::Fail{.copy = taken.copy, .dead = true});
  const auto dead = look<core::DeadPage>(core::AskDead{"q", "default", 0, 3});
  EXPECT_EQ(look<core::DeadPage>(core::AskDead{"q", "default", *dead.next, 3}).letters.size(), 2U);
}

TEST_P(Stores, PayloadsComeInPiecesAndGo) {
  ASSERT_TRUE(payloads->put("p", "abcdefgh", 3, Ms(1'000), shift));
  auto pieces = payloads->pieces("p", 1, 5);
  ASSERT_TRUE(pieces);
  ASSERT_EQ(pieces->size(), 2U);
  EXPECT_EQ((*pieces)[0].body.bytes, "def");
  EXPECT_EQ((*pieces)[1].body.bytes, "gh");
  EXPECT_EQ((*pieces)[1].digest, core::sha256("gh"));
  clock.ms += 999;
  EXPECT_EQ(payloads->sweep(9, shift).value_or(-1), 0);
  clock.ms += 1;
  EXPECT_EQ(payloads->sweep(9, shift).value_or(-1), 1);
  EXPECT_TRUE(payloads->pieces("p", 0, 5)->empty());
}

TEST_P(Stores, PayloadsAreDamagedWhereAsked) {
  using core::Damage;
  const auto after = [&](Damage damage, std::uint64_t at) {
    const core::TransactionId id = "p" + std::to_string(next_token++);
    EXPECT_TRUE(payloads->put(id, "abcdefgh", 3, Ms(1'000), shift));
    const auto done = payloads->corrupt({id, core::Part::payload, damage, at});
    std::string all = done && *done ? "" : "refused:";
    const auto pieces = payloads->pieces(id, 0, 9);
    EXPECT_TRUE(pieces);
    for (const auto& piece : pieces.value()) all += piece.body.bytes;
    return all;
  };
  EXPECT_EQ(after(Damage::flip, 4), "abcddfgh");
  EXPECT_EQ(after(Damage::truncate, 4), "abcd");
  EXPECT_EQ(after(Damage::extend, 0), std::string("abcdefgh\0", 9));
  EXPECT_EQ(after(Damage::erase, 0), "");
  EXPECT_EQ(after(Damage::flip, 8), "refused:abcdefgh");
}

INSTANTIATE_TEST_SUITE_P(All, Stores,
                         ::testing::Values(Kind{"sqlite", true}, Kind{"memory", false}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace reference::stores
