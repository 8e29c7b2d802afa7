// What every store must do where a queue is full and drops, and where what expires is kept.
//
// Method: a store opened with that setting, on a clock that the test moves.
#include "reference/stores/sqlite/database.hpp"
#include "reference/stores/store_fixture.hpp"

namespace reference::stores {
namespace {

class StoresAtTheEnd : public Stores {
 protected:
  void open_with(core::Expiry wanted) {
    expiry = wanted;
    queues.reset();
    payloads.reset();
    open();
  }
  core::Enqueue limited(const std::string& id, core::Overflow overflow) {
    auto op = message(id);
    op.messages_max = 3;
    op.overflow = overflow;
    return op;
  }
  core::Enqueue mortal(const std::string& id, Ms ttl) {
    auto op = message(id);
    op.ttl = ttl;
    return op;
  }
  Ids dead() {
    Ids found;
    for (const auto& letter : look<core::DeadPage>(core::AskDead{"q", "default", 0, 10}).letters)
      found.push_back(letter.message.id + " " + letter.reason);
    return found;
  }
};

TEST_P(StoresAtTheEnd, DropTheOldestThatWaits) {
  for (const char* id : {"a", "b", "c"})
    EXPECT_FALSE(apply(limited(id, core::Overflow::drop_oldest)).refused);
  EXPECT_EQ(ids(lease(1)), (Ids{"a"}));
  EXPECT_FALSE(apply(limited("d", core::Overflow::drop_oldest)).refused);
  EXPECT_EQ(counts().deleted, 1);
  EXPECT_EQ(counts().accepted, 4);
  EXPECT_EQ(ids(lease(5)), (Ids{"c", "d"})) << "a is leased, b was the oldest that waited";
  EXPECT_FALSE(apply(limited("e", core::Overflow::drop_oldest)).refused);
  EXPECT_TRUE(lease(5).empty()) << "all are leased: the new one goes";
  EXPECT_EQ(counts().deleted, 2);
  EXPECT_EQ(look<core::MessageView>(core::AskMessage{"e", true}).body.bytes, "body of e");
}

TEST_P(StoresAtTheEnd, DropTheNewest) {
  for (const char* id : {"a", "b", "c", "d"})
    EXPECT_FALSE(apply(limited(id, core::Overflow::drop_newest)).refused);
  EXPECT_EQ(ids(lease(5)), (Ids{"a", "b", "c"}));
  EXPECT_EQ(counts().deleted, 1);
  EXPECT_EQ(apply(limited("e", core::Overflow::refuse)).refused, core::Refusal::full);
}

TEST_P(StoresAtTheEnd, ExpiredBecomesADeadLetterOnce) {
  open_with({.dead_letters = true});
  apply(mortal("a", Ms(100)));
  apply(mortal("b", Ms(100)));
  apply(message("c"));
  EXPECT_EQ(ids(lease(1, Ms(500))), (Ids{"a"}));
  clock.ms += 100;
  EXPECT_EQ(sweep().expired, 2);
  EXPECT_EQ(dead(), (Ids{"b expired"})) << "a is still in its holder's hands";
  clock.ms += 400;
  sweep();
  EXPECT_EQ(dead(), (Ids{"a expired", "b expired"}));
  EXPECT_EQ(sweep().expired, 0);
  EXPECT_EQ(counts().dead, 2);
  EXPECT_EQ(counts().expired, 0);
  EXPECT_EQ(status("b"), core::Status::expired);
  EXPECT_EQ(apply(core::Redrive{"q", "default", {}}).count, 0) << "their time is over";
  EXPECT_EQ(apply(core::Purge{"q", "default", {}}).count, 2);
  EXPECT_TRUE(dead().empty());
  EXPECT_EQ(counts().deleted, 2);
}

TEST_P(StoresAtTheEnd, AnAckEndsWhatExpiredUnderItsLease) {
  open_with({.dead_letters = true});
  apply(mortal("a", Ms(100)));
  const auto held = lease(1, Ms(500))[0];
  clock.ms += 100;
  sweep();
  EXPECT_FALSE(apply(core::Ack{held.copy}).refused);
  clock.ms += 500;
  sweep();
  EXPECT_TRUE(dead().empty());
  EXPECT_EQ(counts().acked, 1);
}

INSTANTIATE_TEST_SUITE_P(All, StoresAtTheEnd, kEveryStore, kind_name);

TEST(SqliteArchive, KeepsWhatTheSweepTookAndHowMany) {
  const TemporaryDirectory directory;
  ManualClock clock;
  auto database = sqlite::Database::open(directory.path());
  ASSERT_TRUE(database);
  sqlite::SqliteQueueStore queues(*database, clock, {.archive = true});
  ASSERT_TRUE(queues.migrate());
  std::vector<core::Step> steps;
  for (const auto& [id, ttl] :
       {std::pair("a", Ms(100)), std::pair("b", Ms(100)), std::pair("c", Ms(100'000))}) {
    core::Enqueue op;
    op.id = id;
    op.destination = "q";
    op.event = "{}";
    op.ttl = ttl;
    steps.push_back({{op}});
  }
  ASSERT_TRUE(queues.apply(steps, core::Shift(0)));
  clock.ms += 100;
  ASSERT_TRUE(queues.sweep(100, 3, core::Shift(0)));
  ASSERT_TRUE(queues.sweep(100, 3, core::Shift(0)));
  const auto held = (*database)->hold();
  sqlite::Statement archived(**database, "SELECT transaction_id, swept FROM message_archive");
  Ids found;
  while (archived.row()) {
    found.push_back(archived.text(0));
    EXPECT_EQ(archived.integer(1), clock.ms);
  }
  EXPECT_EQ(found, (Ids{"a", "b"}));
  sqlite::Statement logged(**database, "SELECT count(*), sum(expired) FROM maintenance_log");
  ASSERT_TRUE(logged.row());
  EXPECT_EQ(logged.integer(0), 1) << "a sweep that took nothing is not worth a line";
  EXPECT_EQ(logged.integer(1), 2);
}

}  // namespace
}  // namespace reference::stores
