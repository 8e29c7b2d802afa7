// What expires where that makes a dead letter of it: TTL-3.dead_lettered.
#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/expired.hpp"
#include "suites/checkers/groups.hpp"
#include "suites/checkers/life.hpp"
#include "suites/checkers/remains.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::View;

/// Where a call asked for dead letters of the default group, all of them: not from a cursor on.
std::optional<std::string> listed_destination(const Operation& call) {
  if (!call.ok() || text_of(call.asked, "method") != "bus/dead_letters") return std::nullopt;
  const auto* params = call.asked.if_contains("params");
  if (params == nullptr || !params->is_object()) return std::nullopt;
  const auto& asked = params->get_object();
  const bool in_part = asked.contains("cursor") || !text_of(call.said, "cursor").empty();
  if (in_part || asked.contains("group")) return std::nullopt;
  return text_of(asked, "destination");
}

std::int64_t times_listed(const Operation& call, std::uint32_t message) {
  const auto* listed = call.said.if_contains("messages");
  if (listed == nullptr || !listed->is_array()) return 0;
  const auto& items = listed->get_array();
  return std::count_if(items.begin(), items.end(), [&](const boost::json::value& item) {
    return item.is_object() && number_of(item.get_object(), "message") == message;
  });
}

/// Whether a consumer, or somebody who deletes, had to do with the message: it may have died or
/// gone another way.
bool touched(const View& view, std::uint32_t message) {
  for (const Action action : {Action::ack, Action::reject, Action::remove})
    for (const Operation& operation : view.operations(action))
      if (operation.message == message) return true;
  const auto all = view.deliveries();
  return std::any_of(all.begin(), all.end(),
                     [&](const history::Delivery& one) { return one.message == message; });
}

/// Whether dead letters may have been taken away, or a group with all of its own.
bool cleared(const View& view) {
  const auto calls = view.operations(Action::call);
  const auto ends = view.operations(Action::unsubscribe);
  return std::any_of(calls.begin(), calls.end(),
                     [](const Operation& call) {
                       const std::string method = text_of(call.asked, "method");
                       return method == "bus/purge" || method == "bus/redrive";
                     }) ||
         std::any_of(ends.begin(), ends.end(),
                     [](const Operation& end) { return number_of(end.asked, "forget") == 1; });
}

}  // namespace

Judgement judge_expired_dead_lettered(const View& view, const contract::Claims& claims) {
  if (cleared(view)) return Judgement::inconclusive("dead letters were taken away meanwhile");
  std::uint64_t judged = 0;
  for (const Operation& call : view.operations(Action::call)) {
    const auto destination = listed_destination(call);
    if (!destination) continue;
    for (const Operation& publish : view.operations(Action::publish)) {
      if (!publish.ok() || view.history().text(publish.destination) != *destination) continue;
      const auto owed = groups_owed(view, publish);
      const auto group = owed.find("default");
      if (group == owed.end() || !group->second || touched(view, publish.message)) continue;
      const std::int64_t times = times_listed(call, publish.message);
      const std::vector<std::size_t> events{publish.invoke_index, call.answer_index};
      const auto what = [&](std::string_view says) {
        return fmt::format("Message m{} {}.", publish.message, says);
      };
      if (times > 1)
        return Judgement::violated("listed_twice", what("is two dead letters of one group"),
                                   events);
      if (times == 1 && !maybe_over(view, claims, publish, call.answered))
        return Judgement::violated("dead_alive", what("lives and is a dead letter"), events);
      if (!certainly_over(view, claims, publish, call.invoked,
                          grace_of(claims) + settle_time(claims)))
        continue;
      if (times == 0)
        return Judgement::violated("not_dead_lettered", what("expired and is no dead letter"),
                                   events);
      ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
