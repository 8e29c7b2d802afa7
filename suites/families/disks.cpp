// DUR: the disk beneath the store gets full, and has room again.
#include <array>
#include <set>

#include "suites/checkers/full_disk.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Publish;
using targets::Published;
using targets::Session;

constexpr std::uint64_t kDiskBytes = 16 * 1'048'576;
constexpr std::size_t kLarge = 65'536;

/// Publishes until one is refused, or more has been accepted than the disk can hold.
void publish_until_refused(Stage& stage, Session& session, const std::string& destination,
                           std::set<std::uint32_t>& accepted) {
  const Payload small = Payload::binary(random_bytes(stage, 1000));
  const Payload large = Payload::binary(random_bytes(stage, kLarge));
  constexpr std::size_t kSmallFirst = 20, kEnough = kSmallFirst + 2 * kDiskBytes / kLarge;
  for (std::size_t i = 0; i < kEnough; ++i) {
    const bool first = i < kSmallFirst || !fits(stage.claims(), large);
    const auto answer =
        session.publish({.destination = destination, .payload = first ? small : large});
    if (!answer) return;
    accepted.insert(answer->message);
  }
}

/// Some at once: they may be written together, and are refused each by itself.
void publish_at_once(Stage& stage, Session& session, const std::string& destination,
                     std::set<std::uint32_t>& accepted) {
  constexpr int kAtOnce = 30;
  std::vector<std::uint32_t> under_way;
  for (int i = 0; i < kAtOnce; ++i)
    under_way.push_back(session.start_publish(
        {.destination = destination, .payload = Payload::binary(random_bytes(stage, 5000))}));
  for (const std::uint32_t operation : under_way)
    if (auto answer = session.await_publish(operation)) accepted.insert(answer->message);
}

void disk_gets_full(Stage& stage) {
  stage.put_on_small_disk(kDiskBytes);
  const std::string destination = stage.destination();
  std::set<std::uint32_t> accepted;
  std::vector<Published> before;
  Session& session = stage.connect();
  for (const std::size_t size : {10, 500, 4000, 30'000}) {
    const Publish wanted{.destination = destination,
                         .payload = Payload::binary(random_bytes(stage, size))};
    if (!fits(stage.claims(), wanted.payload)) continue;
    before.push_back(stage.publish(session, wanted));
    accepted.insert(before.back().message);
  }
  stage.fill_disk();
  publish_until_refused(stage, session, destination, accepted);
  publish_at_once(stage, session, destination, accepted);
  if (stage.claims().has("store"))
    for (const Published& message : before) {
      let_breaker_close(stage);
      if (auto read = session.retrieve(message); !read && session.closed()) break;
    }
  stage.make_room();
  let_breaker_close(stage);
  Session& after = session.closed() ? stage.connect() : session;
  publish_until_accepted(stage, after, destination, recovery_of(stage), accepted);
  take_all(stage, after, destination, accepted);
}

constexpr JudgedCase kFull[] = {{"DUR-9.refused", checkers::judge_full_disk_refuses},
                                {"DUR-9.kept", checkers::judge_full_disk_keeps},
                                {"DUR-9.reads", checkers::judge_full_disk_reads},
                                {"DUR-9.recovers", checkers::judge_full_disk_recovers}};

constexpr std::array kScenarios = {
    Scenario{.name = "Disk.DUR_9_gets_full_and_has_room_again",
             .cases = kFull,
             .bus = stage::Bus::own,
             .run = disk_gets_full},
};

}  // namespace

std::span<const Scenario> disks() { return kScenarios; }

}  // namespace busproof::families
