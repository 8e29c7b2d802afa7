// Method: writes to disk that end when the test says so; what the histories say of them.
#include "suites/stage/heartbeat.hpp"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "suites/history/view.hpp"

namespace busproof::stage {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// A disk that stands still until it is told to go on.
class Disk {
 public:
  [[nodiscard]] DiskWrite write() {
    return [this] {
      std::unique_lock lock(mutex_);
      ++begun_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return goes_; });
    };
  }
  void await_write() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return begun_ > 0; });
  }
  void go_on() {
    const std::lock_guard lock(mutex_);
    goes_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int begun_ = 0;
  bool goes_ = false;
};

void await_time_after(history::Time since, milliseconds span) {
  while (history::now() < since + span) std::this_thread::yield();
}

TEST(DiskPulse, TellsHowLongAWriteTook) {
  Disk disk;
  std::atomic<history::Time> told{history::Time::zero()};
  {
    DiskPulse pulse(disk.write(), [&](history::Time took) { told = took; });
    disk.await_write();
    const history::Time begun = history::now();
    await_time_after(begun, milliseconds(300));
    const auto under_way = pulse.under_way();
    ASSERT_TRUE(under_way);
    EXPECT_GE(*under_way, milliseconds(300));
    EXPECT_EQ(told.load(), history::Time::zero()) << "it is not over";
    disk.go_on();
  }
  EXPECT_GE(told.load(), milliseconds(300));
}

TEST(DiskPulse, DoesNotTellOfWhatEveryDiskTakes) {
  std::atomic<int> writes{0}, told{0};
  history::Time longest{};
  {
    DiskPulse pulse([&] { ++writes; },
                    [&](history::Time took) {
                      ++told;
                      longest = std::max(longest, took);
                    });
    while (writes < 3) std::this_thread::yield();
  }
  EXPECT_TRUE(told == 0 || longest >= milliseconds(250)) << "only where this test did not run";
}

TEST(DiskPulse, WritesToAFileOfItsOwn) {
  const fs::path folder = fs::path(testing::TempDir()) / "disk_pulse_test";
  fs::create_directories(folder);
  const DiskWrite write = writes_in(folder);
  ASSERT_TRUE(write);
  write();
  write();
  EXPECT_EQ(fs::file_size(folder / "pulse"), 4096U) << "over the same block";
  EXPECT_FALSE(writes_in(folder / "missing"));
  fs::remove_all(folder);
}

TEST(Heartbeat, AHistoryThatEndsIsToldOfTheWriteUnderWay) {
  Disk disk;
  targets::Reactor reactor;
  Heartbeat heartbeat(reactor, disk.write());
  history::Recorder ended({}), open({});
  heartbeat.watch(ended);
  heartbeat.watch(open);
  disk.await_write();
  const history::Time begun = history::now();
  await_time_after(begun, milliseconds(300));
  heartbeat.forget(ended);
  heartbeat.forget(ended);
  const history::History history = ended.take();
  const history::View view(history);
  const history::Time now = history::now();
  EXPECT_GE(view.longest_stall(begun, now), milliseconds(300));
  int told = 0;
  for (const history::Event& event : history.events)
    told += history.text(event.error) == "disk" ? 1 : 0;
  EXPECT_EQ(told, 1);
  disk.go_on();
  const auto said = [&open] {
    const history::History so_far = open.so_far();
    return history::View(so_far).longest_stall({}, history::now()) >= milliseconds(300);
  };
  while (!said()) std::this_thread::yield();
  heartbeat.forget(open);
}

}  // namespace
}  // namespace busproof::stage
