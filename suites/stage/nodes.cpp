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

void Stage::mark_node(std::string_view name, int number, std::string_view why, bool ended) {
  json::object detail;
  if (!why.empty()) detail["why"] = why;
  if (ended) detail["ended"] = true;
  recorder().add({.action = history::Action::mark, .amount = number},
                 {.error = name, .detail = detail.empty() ? "" : json::serialize(detail)});
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

void Stage::leave_for_empty_stores() {
  auto made = setting_.target.afresh();
  if (!made) give_up("preparing empty stores", made.error());
  nodes_.clear();
  nodes_.emplace(1, std::move(*made));
}

void Stage::start_nodes_on_empty_stores(int count) {
  leave_for_empty_stores();
  start_nodes(count);
}

void Stage::start_nodes_on_older_stores(int count, const targets::Older& older) {
  leave_for_empty_stores();
  put_into(node(1), older);
  start_nodes(count);
}

void Stage::start_nodes(int count) {
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
    const bool ended = !result && !node(number).running();
    mark_node(result ? "node_started" : "node_not_started", number,
              result ? std::string_view() : std::string_view(result.error().detail()), ended);
  }
}

void Stage::mark_at_node(const targets::Session& session, int number) {
  at_node_[&session] = number;
  recorder().add({.action = history::Action::mark, .session = session.number(), .amount = number},
                 {.error = "at_node"});
}

targets::Session& Stage::connect_to_node(int number, const json::object& extra) {
  targets::Session& session = connect_to(node(number));
  mark_at_node(session, number);
  if (auto claims = session.hello(extra); !claims)
    give_up(fmt::format("bus/hello of node {}", number), claims.error());
  return session;
}

targets::Session* Stage::return_to_node(int number, const targets::Session& instead_of) {
  const auto mark_of = [&](std::string_view name, std::uint32_t session, std::int64_t amount,
                           const std::string& detail = {}) {
    recorder().add({.action = history::Action::mark, .session = session, .amount = amount},
                   {.error = name, .detail = detail});
  };
  mark_of("return", instead_of.number(), number);
  auto session = targets::Session::open(node(number).connector(), shared());
  if (!session) {
    mark_of("not_returned", instead_of.number(), number,
            json::serialize(json::object{{"why", session.error().detail()}}));
    return nullptr;
  }
  sessions_.push_back(std::move(*session));
  mark_of("returned", sessions_.back()->number(), instead_of.number());
  mark_at_node(*sessions_.back(), number);
  return sessions_.back().get();
}

}  // namespace busproof::stage
