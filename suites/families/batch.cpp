// STORE-8: batches, good ones and such with one bad item.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/batch.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Publish;
using targets::Session;

std::vector<Publish> items(const std::string& destination, std::size_t count) {
  std::vector<Publish> made;
  for (std::size_t i = 0; i < count; ++i)
    made.push_back(
        {.destination = destination, .payload = Payload::text(fmt::format("item {}", i))});
  return made;
}

/// The largest batch within `wanted` that the bus takes.
std::size_t batch_for(Stage& stage, std::size_t wanted) {
  const auto most = stage.claims().limit("batch_max");
  return most ? std::min(wanted, static_cast<std::size_t>(*most)) : wanted;
}

void accepted_whole(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(100)}));
  std::size_t sent = 0;
  for (const std::size_t wanted : {1, 2, 7, 100}) {
    const std::size_t count = batch_for(stage, wanted);
    auto accepted = session.publish_batch(items(destination, count));
    if (!accepted) stage.give_up("bus/publish_batch", accepted.error());
    consumer.count(sent += count);
  }
  consumer.fence(destination);
}

void refused_whole(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(50)}));
  const std::array<void (*)(Publish&), 3> spoil = {
      [](Publish& p) {
        p.params = {{"mode", "sideways"}};
      },
      [](Publish& p) {
        p.attributes = {{"specversion", "99"}};
      },
      [](Publish& p) {
        p.payload = {};
        p.attributes = {{"data_base64", "not base64!"}};
      }};
  const std::size_t count = batch_for(stage, 9);
  for (std::size_t i = 0; i < spoil.size(); ++i) {
    auto wanted = items(destination, count);
    // The first, the last, and one between.
    spoil[i](wanted[i == 0 ? 0 : i == 1 ? count - 1 : count / 2]);
    if (auto accepted = session.publish_batch(wanted); !accepted && session.closed()) return;
  }
  consumer.fence(destination);
}

constexpr JudgedCase kAll[] = {{"STORE-8.all", checkers::judge_batch_accepted}};
constexpr JudgedCase kNone[] = {{"STORE-8.none", checkers::judge_batch_refused}};

constexpr std::array kScenarios = {
    Scenario{.name = "Store.STORE_8_delivers_a_batch_whole", .cases = kAll, .run = accepted_whole},
    Scenario{.name = "Store.STORE_8_refuses_a_batch_whole", .cases = kNone, .run = refused_whole},
};

}  // namespace

std::span<const Scenario> batch() { return kScenarios; }

}  // namespace busproof::families
