// PUB-10: topics after the bus has lost the link to its servers and got it back.
#include "suites/checkers/relinked.hpp"

#include <array>
#include <optional>

#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/stage/links.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

constexpr int kHere = 1, kThere = 2;
constexpr milliseconds kCutFor{400}, kBetween{50};

/// Who listens, and how much came so far.
struct Ear {
  Session& session;
  std::string destination;  ///< Something that it asks for.
  Subscribed subscription;
  std::size_t came = 0;

  /// Whether anything new has come, or never will.
  bool hears(milliseconds limit) {
    return session.closed() || session.wait(subscription, limit, [&](const auto& deliveries) {
      return deliveries.size() > came;
    });
  }
  void forget() { came = session.deliveries(subscription).size(); }
};

/// To each of them, from elsewhere; a bus without its servers may refuse that.
bool tell(Session& publisher, const std::vector<Ear>& ears) {
  for (const Ear& ear : ears)
    if (auto told = publisher.publish(
            {.destination = ear.destination, .mode = "topic", .payload = Payload::text("topic")});
        !told && publisher.closed())
      return false;
  return true;
}

bool tell_until_heard(Stage& stage, Session& publisher, std::vector<Ear>& ears,
                      milliseconds limit) {
  const auto until = history::now() + limit;
  while (tell(publisher, ears)) {
    bool all = true;
    for (Ear& ear : ears) all = ear.hears(kBetween) && all;
    if (all || history::now() > until) return all;
    stage.let_pass(kBetween);
  }
  return false;
}

/// Says on another topic, too, what is sent to the deaf: so much that it cannot be chance.
void tell_the_deaf(Stage& stage, Session& publisher, Session& listener, std::vector<Ear> ears) {
  constexpr int kRounds = 5;
  constexpr milliseconds kSilence{1'500};
  if (listener.closed()) return;
  const std::string beside = stage.destination("beside");
  const Subscribed witness = stage.subscribe(listener, {.destination = beside, .mode = "topic"});
  stage.let_pass(milliseconds(stage.claims().limit("propagation_ms").value_or(1'000)));
  ears.push_back({listener, beside, witness});
  for (int i = 0; i < kRounds; ++i) tell(publisher, ears);
  if (!stage.wait_count(listener, witness, kRounds)) return;
  stage.let_pass(kSilence);
  stage.subscribe(listener, {.destination = stage.destination("end"), .mode = "topic"});
}

void loses_its_link(Stage& stage) {
  stage.need_own_bus();
  auto links = stage.links();
  const auto all = links.all();
  const bool nodes = stage.claims().has("multi_node");
  if (nodes) {
    stage.need_nodes(2);
    if (!stage.start_node(kThere))
      throw stage::Abandoned{contract::Verdict::blocked, "a second node does not start"};
  }
  Session& listener = nodes ? stage.connect_to_node(kHere) : stage.connect();
  Session& publisher = nodes ? stage.connect_to_node(kThere) : stage.connect();
  std::vector<Ear> ears;
  const std::string name = stage.destination("t");
  ears.push_back(
      {listener, name, stage.subscribe(listener, {.destination = name, .mode = "topic"})});
  if (stage.claims().has("patterns")) {
    const std::string begin = stage.destination("p");
    ears.push_back(
        {listener, begin + "-any",
         stage.subscribe(listener,
                         {.destination = begin + "-*", .mode = "topic", .pattern = true})});
  }
  if (!tell_until_heard(stage, publisher, ears, stage.patience())) return;
  {
    auto cut = links.disturb(all, proxy::Refuse{});
    stage.let_pass(kCutFor);
  }
  for (Ear& ear : ears) ear.forget();
  const milliseconds limit =
      recovery_of(stage) + milliseconds(stage.claims().limit("propagation_ms").value_or(1'000));
  constexpr milliseconds kBeyond{1'000};
  if (!tell_until_heard(stage, publisher, ears, limit + kBeyond))
    tell_the_deaf(stage, publisher, listener, ears);
}

constexpr JudgedCase kAgain[] = {{"PUB-10.live_again", checkers::judge_live_again},
                                 {"PUB-10.patterns", checkers::judge_patterns_live_again}};

constexpr std::array kScenarios = {
    Scenario{.name = "Topics.PUB_10_nobody_goes_deaf_with_the_link",
             .cases = kAgain,
             .bus = stage::Bus::own,
             .run = loses_its_link},
};

}  // namespace

std::span<const Scenario> relinked() { return kScenarios; }

}  // namespace busproof::families
