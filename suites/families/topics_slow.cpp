// PUB-7: a topic subscriber that stops reading, and those beside it.
#include <algorithm>
#include <array>
#include <optional>

#include "suites/checkers/slow_topics.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

constexpr std::string_view kSmallBuffer = "buffer.small";
// What lies in the sockets on the way, before the bus has to keep anything.
constexpr std::int64_t kSocketsBytes = 12'000'000;
// More than that is not worth it: nobody is cut off then.
constexpr std::int64_t kBufferMost = 64 << 20;

struct Readers {
  Session& publisher;
  Session& other;
  Subscribed others;
  std::string topic;
  std::size_t accepted = 0;
  std::optional<std::int64_t> receivers = {};  ///< As the last publish told.
};

bool others_have_all(Stage& stage, const Readers& readers) {
  return readers.other.wait(readers.others, stage.patience(), [&](const auto& deliveries) {
    return deliveries.size() >= readers.accepted;
  });
}

/// A few at once, and the next when who reads has them all: no more is under way than fits. False
/// when it did not get them.
bool publish_some(Stage& stage, Readers& readers, std::size_t count, std::size_t bytes) {
  std::vector<std::uint32_t> under_way;
  for (std::size_t i = 0; i < count; ++i)
    under_way.push_back(
        readers.publisher.start_publish({.destination = readers.topic,
                                         .mode = "topic",
                                         .payload = Payload::text(std::string(bytes, 't'))}));
  bool refused = false;
  for (const std::uint32_t operation : under_way) {
    auto published = readers.publisher.await_publish(operation);
    refused = refused || (!published && published.error().kind() == "backpressure");
    if (!published && published.error().kind() != "backpressure")
      stage.give_up("bus/publish", published.error());
    if (!published) continue;
    ++readers.accepted;
    readers.receivers = published->receivers;
  }
  if (refused) stage.let_pass(milliseconds(100));
  return others_have_all(stage, readers);
}

/// As much as a bus can keep for who reads nothing, or until it no longer counts it.
bool flood(Stage& stage, Readers& readers, std::int64_t buffer) {
  constexpr std::int64_t kBytes = 60'000;
  constexpr std::size_t kUnderWay = 8;
  const auto bytes = std::min(kBytes, stage.claims().limit("inline_bytes_max").value_or(kBytes));
  const auto wanted = (buffer + kSocketsBytes) / std::max<std::int64_t>(bytes, 1);
  const auto limit = history::now() + milliseconds(60'000);
  while (readers.accepted < static_cast<std::size_t>(wanted) && history::now() < limit) {
    if (!publish_some(stage, readers, kUnderWay, static_cast<std::size_t>(bytes))) return false;
    if (readers.receivers == 1) break;
  }
  return true;
}

/// Who reads again hears the reason, or gets what is published from now on.
void reads_again(Stage& stage, Readers& readers, Session& slow, const Subscribed& subscribed) {
  constexpr std::array<checkers::Judge, 1> kTold = {checkers::judge_topic_told};
  const auto publish = [&] {
    auto told = readers.publisher.publish({.destination = readers.topic, .mode = "topic"});
    return told ? told->message : 0;
  };
  slow.read_again();
  const auto limit = history::now() + milliseconds(4000);
  while (history::now() < limit) {
    const std::uint32_t message = publish();
    const bool came = slow.wait(subscribed, milliseconds(200), [&](const auto& deliveries) {
      return !deliveries.empty() && message != 0 && deliveries.back().message == message;
    });
    if (came || slow.closed() || stage.met_so_far(kTold)) return;
  }
  // Deaf, it seems: long after a last message it still answers.
  publish();
  stage.let_pass(milliseconds(6000));
  for (int i = 0; i < 5 && !slow.closed(); ++i) {
    stage.let_pass(milliseconds(500));
    if (auto sign = slow.subscribe({.destination = stage.destination("sign"), .mode = "topic"});
        !sign)
      return;
  }
}

void stops_reading(Stage& stage) {
  if (stage.has_variant(kSmallBuffer)) {
    stage.stop_bus();
    stage.start_bus(kSmallBuffer);
  }
  Session& slow = stage.connect_silently();
  auto claims = slow.hello();
  if (!claims) stage.give_up("bus/hello", claims.error());
  Session& publisher = stage.connect();
  Session& other = stage.connect();
  const std::string topic = stage.destination("topic");
  const Subscribed its = stage.subscribe(slow, {.destination = topic, .mode = "topic"});
  Readers readers{.publisher = publisher,
                  .other = other,
                  .others = stage.subscribe(other, {.destination = topic, .mode = "topic"}),
                  .topic = topic};
  slow.stop_reading();
  const auto buffer = std::min(claims->limit("buffer_bytes_max").value_or(0), kBufferMost);
  bool all_came = flood(stage, readers, buffer);
  for (int i = 0; all_came && i < 10; ++i) all_came = publish_some(stage, readers, 1, 100);
  if (!all_came) {
    // The bus is awake and who reads did not get it.
    stage.let_pass(milliseconds(1000));
    stage.subscribe(other, {.destination = stage.destination("sign"), .mode = "topic"});
  }
  reads_again(stage, readers, slow, its);
}

constexpr JudgedCase kCases[] = {{"PUB-7.others", checkers::judge_topic_others},
                                 {"PUB-7.told", checkers::judge_topic_told}};

constexpr std::array kScenarios = {
    Scenario{.name = "Topics.PUB_7_who_reads_nothing_delays_nobody",
             .cases = kCases,
             .bus = stage::Bus::own,
             .run = stops_reading},
};

}  // namespace

std::span<const Scenario> topics_slow() { return kScenarios; }

}  // namespace busproof::families
