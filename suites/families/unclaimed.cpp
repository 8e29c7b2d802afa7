// API-4: methods, params and attributes of what the bus does not claim.
#include <array>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "suites/checkers/unclaimed.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

void methods(Stage& stage) {
  Session& session = stage.connect();
  for (const checkers::MethodOf& one : checkers::methods_of_capabilities()) {
    if (!checkers::none_claimed(stage.claims(), one.capabilities)) continue;
    auto answer = session.call(one.method, json::parse(one.params).as_object());
    if (!answer && session.closed()) return;
  }
}

void params(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  int number = 0;
  const auto ask = [&](std::string_view method, json::object params) {
    params["destination"] = destination;
    if (method == "bus/publish")
      params["event"] = {{"specversion", "1.0"},
                         {"id", fmt::format("unclaimed {}", ++number)},
                         {"source", "busproof"},
                         {"type", "busproof.message"},
                         {"data", "unclaimed"}};
    if (params.contains("pattern")) params.erase("destination");
    auto answer = session.call(method, std::move(params));
    return answer || !session.closed();
  };
  for (const char* mode : {"queue", "topic"}) {
    if (!stage.claims().has(mode)) {
      if (!ask("bus/publish", {{"mode", mode}}) || !ask("bus/subscribe", {{"mode", mode}})) return;
      continue;
    }
    if (!stage.claims().has("ttl") && !ask("bus/publish", {{"mode", mode}, {"ttl_ms", 60'000}}))
      return;
  }
  const auto lacks = [&](const char* mode, const char* capability) {
    return stage.claims().has(mode) && !stage.claims().has(capability);
  };
  if (lacks("queue", "delay") && !ask("bus/publish", {{"mode", "queue"}, {"delay_ms", 100}}))
    return;
  if (lacks("queue", "groups") && !ask("bus/subscribe", {{"mode", "queue"}, {"group", "other"}}))
    return;
  if (lacks("topic", "patterns"))
    ask("bus/subscribe", {{"mode", "topic"}, {"pattern", destination + "*"}});
}

void attributes(Stage& stage) {
  const std::string mode = stage.mode(), destination = stage.destination();
  Session& session = stage.connect();
  targets::Subscribe wanted{.destination = destination, .mode = mode};
  if (mode == "queue") wanted.credit = stage.credit_for(20);
  Consumer consumer(stage, session, stage.subscribe(session, wanted));
  json::object together;
  std::size_t accepted = 0;
  const auto send = [&](json::object attributes) {
    auto published = session.publish({.destination = destination,
                                      .mode = mode,
                                      .payload = Payload::text("travels"),
                                      .attributes = std::move(attributes)});
    if (published) ++accepted;
  };
  for (const checkers::AttributeOf& one : checkers::attributes_of_capabilities()) {
    if (stage.claims().has(one.capability)) continue;
    together[one.attribute] = one.value;
    send({{one.attribute, one.value}});
  }
  send(together);
  consumer.count(accepted);
  consumer.fence(destination, mode);
}

constexpr JudgedCase kMethods[] = {{"API-4.methods", checkers::judge_unclaimed_methods}};
constexpr JudgedCase kParams[] = {{"API-4.params", checkers::judge_unclaimed_params}};
constexpr JudgedCase kAttributes[] = {{"API-4.attributes", checkers::judge_unclaimed_attributes}};

constexpr std::array kScenarios = {
    Scenario{.name = "Api.API_4_unclaimed_methods_are_refused", .cases = kMethods, .run = methods},
    Scenario{.name = "Api.API_4_unclaimed_params_are_refused", .cases = kParams, .run = params},
    Scenario{
        .name = "Api.API_4_unclaimed_attributes_travel", .cases = kAttributes, .run = attributes},
};

}  // namespace

std::span<const Scenario> unclaimed() { return kScenarios; }

}  // namespace busproof::families
