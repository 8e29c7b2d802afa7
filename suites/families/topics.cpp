// PUB: topics, by name. Patterns have a file of their own.
#include <array>

#include <fmt/format.h>

#include "suites/checkers/subscribers.hpp"
#include "suites/checkers/timing.hpp"
#include "suites/checkers/topics.hpp"
#include "suites/families/families.hpp"
#include "suites/families/listening.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

/// A second connection where there can be one, else the first again.
Session& another(Stage& stage, Session& first) {
  return stage.many_connections() ? stage.connect() : first;
}

void several_topics(Stage& stage) {
  constexpr int kRounds = 90;
  Session& publisher = stage.connect();
  Session& other = another(stage, publisher);
  Session& reader = another(stage, publisher);
  Session& beside = another(stage, publisher);
  const std::array topics = {stage.destination("left"), stage.destination("right"),
                             stage.destination("nobody")};
  Listening listening(stage);
  for (Session* session : {&reader, &reader, &beside}) listening.subscribe(*session, topics[0]);
  for (Session* session : {&reader, &beside}) listening.subscribe(*session, topics[1]);
  for (int i = 0; i < kRounds; ++i) {
    const auto& topic = topics[static_cast<std::size_t>(stage.any(0, 1))];
    stage.publish(stage.any(0, 1) == 0 ? publisher : other,
                  {.destination = topic, .mode = "topic", .payload = Payload::text("live")});
    if (i % 20 == 0)
      if (auto told = publisher.publish({.destination = topics[2], .mode = "topic"}); !told) break;
  }
  for (Session* session : {&publisher, &other})
    for (std::size_t i = 0; i < 2; ++i) listening.fence(*session, topics[i]);
}

void unsubscribes_under_way(Stage& stage) {
  constexpr int kRounds = 40;
  Session& publisher = stage.connect();
  Session& reader = another(stage, publisher);
  const std::string topic = stage.destination("topic");
  Listening listening(stage);
  const Subscribed ending = stage.subscribe(reader, {.destination = topic, .mode = "topic"});
  listening.subscribe(reader, topic);
  std::vector<std::uint32_t> under_way;
  const auto start = [&] {
    under_way.push_back(publisher.start_publish(
        {.destination = topic, .mode = "topic", .payload = Payload::text("live")}));
  };
  for (int i = 0; i < kRounds; ++i) start();
  if (auto ended = reader.unsubscribe(ending); !ended)
    stage.give_up("bus/unsubscribe", ended.error());
  for (int i = 0; i < kRounds; ++i) start();
  for (const std::uint32_t operation : under_way)
    if (auto published = publisher.await_publish(operation); !published)
      stage.give_up("bus/publish", published.error());
  listening.fence(publisher, topic);
}

/// Asks until what was told of the destination is 0, or until it should long have been.
template <typename Ask>
void until_zero(Stage& stage, Ask ask) {
  const auto over =
      history::now() + milliseconds(5500 + stage.claims().limit_or_default("counts_settle_ms"));
  while (ask() != 0 && history::now() < over) stage.let_pass(milliseconds(20));
}

void leaves(Stage& stage) {
  Session& publisher = stage.connect();
  Session& reader = stage.connect();
  const std::string topic = stage.destination("topic");
  Listening listening(stage);
  listening.subscribe(reader, topic);
  listening.subscribe(reader, topic);
  const auto publish = [&] {
    return stage.publish(publisher, {.destination = topic, .mode = "topic"}).receivers.value_or(0);
  };
  const auto count = [&] {
    auto told = publisher.call("bus/stats", {{"destination", topic}});
    if (!told) stage.give_up("bus/stats", told.error());
    const auto* all = told->if_contains("destinations");
    const auto* one =
        all != nullptr && all->is_object() ? all->get_object().if_contains(topic) : nullptr;
    return one != nullptr && one->is_object() ? history::number_of(one->get_object(), "subscribers")
                                              : 0;
  };
  publish();
  if (stage.claims().has("stats")) count();
  reader.close();
  until_zero(stage, publish);
  if (stage.claims().has("stats")) until_zero(stage, count);
}

void published_at_once(Stage& stage) {
  constexpr int kRounds = 15;
  Session& publisher = stage.connect();
  Session& reader = another(stage, publisher);
  for (int i = 0; i < kRounds; ++i) {
    const std::string topic = stage.destination("topic");
    Listening listening(stage);
    listening.subscribe(reader, topic);
    stage.publish(i % 3 == 0 ? reader : publisher,
                  {.destination = topic, .mode = "topic", .payload = Payload::text("first")});
    for (Session* session : {&reader, &publisher})
      if (!listening.fence(*session, topic)) return;
  }
}

constexpr JudgedCase kSeveral[] = {{"PUB-1.each", checkers::judge_topic_each},
                                   {"PUB-1.once", checkers::judge_topic_once},
                                   {"PUB-3.topics", checkers::judge_topic_asked_for},
                                   {"PUB-5.in_order", checkers::judge_topic_order},
                                   {"PUB-6.exact", checkers::judge_receivers},
                                   {"PUB-6.zero", checkers::judge_nobody}};
constexpr JudgedCase kSilence[] = {{"PUB-4.silence", checkers::judge_topic_silence}};
constexpr JudgedCase kLeaves[] = {{"PUB-8.receivers", checkers::judge_left_receivers},
                                  {"PUB-8.counts", checkers::judge_left_counts}};
constexpr JudgedCase kAtOnce[] = {{"PUB-9.same_node", checkers::judge_topic_first}};

constexpr std::array kScenarios = {
    Scenario{.name = "Topics.PUB_1_3_5_6_reach_whom_they_should",
             .cases = kSeveral,
             .run = several_topics},
    Scenario{.name = "Topics.PUB_4_silent_after_unsubscribe",
             .cases = kSilence,
             .run = unsubscribes_under_way},
    Scenario{.name = "Topics.PUB_8_who_leaves_is_gone", .cases = kLeaves, .run = leaves},
    Scenario{.name = "Topics.PUB_9_reach_a_new_subscription",
             .cases = kAtOnce,
             .run = published_at_once},
};

}  // namespace

std::span<const Scenario> topics() { return kScenarios; }

}  // namespace busproof::families
