// What every store must do as time passes: leases, delays, expiry, restarts.
//
// Method: a clock that the test moves by single milliseconds around each limit.
#include "reference/core/tenants.hpp"
#include "reference/stores/store_fixture.hpp"

namespace reference::stores {
namespace {

class StoresInTime : public Stores {};

TEST_P(StoresInTime, EndLeasesOnTimeAndNotBefore) {
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

TEST_P(StoresInTime, MakeADeadLetterOfTheLastAttempt) {
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

TEST_P(StoresInTime, FailRetriesDelaysAndTakesBackWhatWasNotSent) {
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

TEST_P(StoresInTime, ExpireWhatNobodyHoldsAndKeepWhatIsHeld) {
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
  // Nothing but what the audit will let go of some day.
  EXPECT_GE(sweep().next_due, kPastKept);
  const auto totals = look<core::StatsPage>(core::AskStats{std::nullopt, "", 10}).totals;
  EXPECT_EQ(totals.payload_count, 0);
  EXPECT_EQ(totals.payload_bytes, 0);
}

TEST_P(StoresInTime, EachTenantIsCountedForItself) {
  const core::Tenants tenants(true);
  const auto one = tenants.mark_of("one"), two = tenants.mark_of("two");
  for (const auto& mark : {one, two, std::string()}) {
    auto op = message(tenants.keep(mark, "a"));
    op.destination = tenants.keep(mark, "q");
    op.ttl = mark == two ? Ms(500) : Ms(60'000);
    apply(op);
    op.id = tenants.keep(mark, "b");
    apply(op);
  }
  core::Count topics{.tenant = one, .topic_published = 3, .topic_delivered = 4};
  apply(topics);
  apply(core::Delete{tenants.keep(one, "a")});
  apply(core::Spoil{tenants.keep(one, "b"), "bad"});
  clock.ms += 500;
  EXPECT_EQ(sweep().expired, 2);
  const auto totals_of = [&](std::optional<std::string> tenant) {
    core::AskStats ask{std::nullopt, "", 10};
    ask.tenant = std::move(tenant);
    return look<core::StatsPage>(ask).totals;
  };
  const auto first = totals_of(one), second = totals_of(two), nobody = totals_of("");
  EXPECT_EQ(first.published, 2);
  EXPECT_EQ(first.deleted, 1);
  EXPECT_EQ(first.topic_published, 3);
  EXPECT_EQ(first.topic_delivered, 4);
  EXPECT_EQ(first.payload_count, 1);
  EXPECT_EQ(first.payload_corrupt, 1);
  EXPECT_EQ(second.published, 2);
  EXPECT_EQ(second.expired, 2);
  EXPECT_EQ(second.payload_count, 0);
  EXPECT_EQ(nobody.published, 2);
  EXPECT_EQ(nobody.expired + nobody.deleted + nobody.topic_published + nobody.payload_corrupt, 0);
  EXPECT_EQ(nobody.payload_count, 2);
  const auto all = totals_of(std::nullopt);
  EXPECT_EQ(all.published, 6);
  EXPECT_EQ(all.payload_count, 3);
  EXPECT_EQ(all.payload_corrupt, 1);
  apply(core::Reset{});
  EXPECT_EQ(totals_of(one).published + totals_of(std::nullopt).published, 0);
}

TEST_P(StoresInTime, ALeaseThatOutlivesItsMessageEndsIt) {
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

TEST_P(StoresInTime, TheShiftMovesTheClock) {
  auto op = message("a");
  op.delay = Ms(60'000);
  apply(op);
  shift = Ms(60'000);
  sweep();
  EXPECT_EQ(lease(1).size(), 1U);
  shift = Ms(100'000);
  EXPECT_EQ(status("a"), core::Status::expired);
}

TEST_P(StoresInTime, RefuseASendersExpiryThatHasPassedOrLiesTooFar) {
  auto op = message("a");
  op.not_after = clock.ms;
  EXPECT_EQ(apply(op).refused, core::Refusal::invalid);
  op.not_after = clock.ms + 1'000'001;
  EXPECT_EQ(apply(op).refused, core::Refusal::invalid);
  op.not_after = clock.ms + 7;
  EXPECT_FALSE(apply(op).refused);
  EXPECT_EQ(look<core::MessageView>(core::AskMessage{"a", false}).expires, clock.ms + 7);
}

TEST_P(StoresInTime, SurviveARestart) {
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

TEST_P(StoresInTime, SweepNoMoreThanAskedAndSaySo) {
  for (int i = 0; i < 5; ++i) apply(message(std::to_string(i)));
  lease(5, Ms(100));
  clock.ms += 100;
  EXPECT_TRUE(sweep(2).more);
  EXPECT_EQ(counts().ready, 2);
  sweep(2);
  EXPECT_FALSE(sweep(2).more);
  EXPECT_EQ(counts().ready, 5);
}

INSTANTIATE_TEST_SUITE_P(All, StoresInTime, kEveryStore, kind_name);

}  // namespace
}  // namespace reference::stores
