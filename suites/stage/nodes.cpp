// What a stage does with several nodes of one bus.
#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "suites/stage/hello.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::stage {
namespace {

namespace json = boost::json;
using contract::Result;
using contract::Verdict;

}  // namespace

void Stage::need_nodes(int count) const {
  need_hold();
  const int most = setting_.target.file().nodes;
  if (most < count)
    throw Abandoned{Verdict::unverified,
                    fmt::format("nodes: the target starts {}, and {} are needed", most, count)};
}

targets::Target& Stage::node(int number) {
  if (const auto found = nodes_.find(number); found != nodes_.end()) return *found->second;
  if (number == 1) return setting_.target;
  auto made = node(1).node(number);
  if (!made) give_up(fmt::format("preparing node {}", number), made.error());
  return *nodes_.emplace(number, std::move(*made)).first->second;
}

void Stage::mark_node(std::string_view name, int number, std::string_view why) {
  const std::string detail =
      why.empty() ? std::string() : json::serialize(json::object{{"why", why}});
  recorder().add({.action = history::Action::mark, .amount = number},
                 {.error = name, .detail = detail});
}

bool Stage::start_node(int number) {
  const auto up = start_and_greet(node(number));
  mark_node(up ? "node_started" : "node_not_started", number,
            up ? std::string_view() : std::string_view(up.error().detail()));
  return up.has_value();
}

/// What its sessions hold may be free before their end is seen here.
void Stage::leave_node(int number) {
  for (const auto& session : sessions_)
    if (const auto at = at_node_.find(session.get()); at != at_node_.end() && at->second == number)
      session->leaving();
}

void Stage::stop_node(int number) {
  leave_node(number);
  mark_node("node_stopping", number);
  node(number).stop(milliseconds(claims_.limit("shutdown_ms").value_or(0)) +
                    targets::Target::kStopGrace);
  mark_node("node_stopped", number);
}

void Stage::kill_node(int number) {
  leave_node(number);
  mark_node("node_killed", number);
  node(number).kill();
}

void Stage::start_nodes_on_empty_stores(int count) {
  auto made = setting_.target.afresh();
  if (!made) give_up("preparing empty stores", made.error());
  nodes_.clear();
  nodes_.emplace(1, std::move(*made));
  std::map<int, Result<void>> started;
  for (int number = 1; number <= count; ++number) {
    node(number);
    started.emplace(number, Result<void>());
  }
  // None is waited for before all have begun.
  for (auto& [number, result] : started) result = node(number).start();
  const milliseconds limit(claims_.limit_or_default("recovery_ms"));
  for (auto& [number, result] : started) {
    if (result)
      if (auto up = await_hello(node(number), recorder(), limit); !up)
        result = tl::make_unexpected(up.error());
    mark_node(result ? "node_started" : "node_not_started", number,
              result ? std::string_view() : std::string_view(result.error().detail()));
  }
}

targets::Session& Stage::connect_to_node(int number, const json::object& extra) {
  targets::Session& session = connect_to(node(number));
  at_node_[&session] = number;
  recorder().add({.action = history::Action::mark, .session = session.number(), .amount = number},
                 {.error = "at_node"});
  if (auto claims = session.hello(extra); !claims)
    give_up(fmt::format("bus/hello of node {}", number), claims.error());
  return session;
}

}  // namespace busproof::stage
