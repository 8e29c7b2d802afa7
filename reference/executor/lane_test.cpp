// The lane: what gathers while a round is under way is the next batch, in order.
#include "reference/executor/lane.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "reference/stores/clock.hpp"
#include "reference/stores/memory/payload_store.hpp"
#include "reference/stores/memory/queue_store.hpp"

namespace reference::executor {
namespace {

// Lets the test hold apply() up, and notes how large each batch was.
class GatedStore : public stores::memory::MemoryQueueStore {
 public:
  using MemoryQueueStore::MemoryQueueStore;
  core::Result<std::vector<core::Answer>> apply(std::span<const core::Step> batch,
                                                core::Shift shift) override {
    std::unique_lock lock(mutex);
    batches.push_back(batch.size());
    changed.notify_all();
    changed.wait(lock, [this] { return open; });
    if (failing) return tl::unexpected(core::StoreError::did_not_happen("told to"));
    return MemoryQueueStore::apply(batch, shift);
  }
  void wait_for_batches(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return batches.size() >= count; });
  }
  void let_go() {
    const std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::size_t> batches;
  bool open = false;
  bool failing = false;
};

core::ToQueue join(std::uint64_t ticket) {
  core::ToQueue work{core::Ticket{ticket}, {}, core::Shift(0)};
  work.step.ops.emplace_back(core::Join{"q", "g"});
  return work;
}

struct LaneTest : ::testing::Test {
  stores::SystemClock clock;
  GatedStore queues{clock};
  stores::memory::MemoryPayloadStore payloads{clock};
  std::vector<std::uint64_t> answered;
  std::size_t failed = 0;
  Lane lane{queues, payloads, [this](const Answers& answers) {
              for (const auto& [ticket, answer] : answers.steps) {
                answered.push_back(static_cast<std::uint64_t>(ticket));
                if (!answer) ++failed;
              }
            }};
};

TEST_F(LaneTest, ABatchIsWhatGatheredMeanwhile) {
  lane.push(join(1));
  queues.wait_for_batches(1);
  for (std::uint64_t ticket = 2; ticket <= 6; ++ticket) lane.push(join(ticket));
  queues.let_go();
  lane.end();
  EXPECT_EQ(queues.batches, (std::vector<std::size_t>{1, 5}));
  EXPECT_EQ(answered, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6}));
}

TEST_F(LaneTest, ABatchHasABound) {
  lane.push(join(0));
  queues.wait_for_batches(1);
  for (std::uint64_t ticket = 1; ticket <= 1'500; ++ticket) lane.push(join(ticket));
  queues.let_go();
  lane.end();
  EXPECT_EQ(queues.batches, (std::vector<std::size_t>{1, 1'024, 476}));
  EXPECT_EQ(answered.size(), 1'501U);
}

TEST_F(LaneTest, AFailureReachesEveryStepOfItsBatch) {
  queues.failing = true;
  lane.push(join(1));
  queues.wait_for_batches(1);
  lane.push(join(2));
  lane.push(join(3));
  queues.let_go();
  lane.end();
  EXPECT_EQ(failed, 3U);
}

TEST_F(LaneTest, WhatHasNotBegunCanBeTakenBack) {
  lane.push(join(1));
  queues.wait_for_batches(1);
  lane.push(join(2));
  lane.push(join(3));
  EXPECT_EQ(lane.withdraw({core::Ticket{1}, core::Ticket{3}, core::Ticket{9}}),
            std::vector{core::Ticket{3}});
  queues.let_go();
  lane.end();
  EXPECT_EQ(answered, (std::vector<std::uint64_t>{1, 2}));
}

}  // namespace
}  // namespace reference::executor
