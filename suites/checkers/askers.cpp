#include "suites/checkers/askers.hpp"

#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::Operation;
using history::text_of;
using history::View;

std::string attribute(const json::object& detail, std::string_view name) {
  const json::value* own = detail.if_contains("attributes");
  return own != nullptr && own->is_object() ? text_of(own->get_object(), name) : "";
}

/// The ids asked with, by the destination of the answers.
std::map<std::string, std::set<std::string>> questions(const View& view) {
  std::map<std::string, std::set<std::string>> asked;
  for (const Operation& publish : view.operations(Action::publish))
    if (attribute(publish.asked, "messagetype") == "request")
      asked[attribute(publish.asked, "replyto")].insert(attribute(publish.asked, "correlationid"));
  return asked;
}

}  // namespace

Judgement judge_askers(const View& view, const contract::Claims& claims) {
  const auto asked = questions(view);
  const auto groups = deliveries_by_group(view);
  for (const history::Delivery& delivery : view.deliveries()) {
    const auto group = group_of(view, delivery.subscription);
    const auto own = group ? asked.find(view.history().text(group->first)) : asked.end();
    const Operation* publish = view.publish_of(delivery.message);
    if (own == asked.end() || publish == nullptr || is_fence(view, delivery.message)) continue;
    const std::string id = attribute(delivery.said, "correlationid");
    if (own->second.contains(id) && attribute(publish->asked, "correlationid") == id) continue;
    return Judgement::violated(
        "foreign_answer",
        fmt::format("An asker was given m{} under the id \"{:.60}\", which is no question of its "
                    "own or not this answer's.",
                    delivery.message, id),
        {publish->invoke_index, delivery.index});
  }
  std::uint64_t judged = 0;
  for (const auto& [group, came] : groups) {
    if (!asked.contains(view.history().text(group.first))) continue;
    const Owed owed(view, claims, group, came);
    for (const Operation& publish : view.operations(Action::publish)) {
      const auto due = owed.due(publish);
      if (!due || attribute(publish.asked, "messagetype") != "response") continue;
      if (came.contains(publish.message)) {
        ++judged;
      } else if (const Operation* fence = owed.fence_behind(*due)) {
        return Judgement::violated(
            "answer_missing",
            fmt::format("Answer m{} was accepted and did not come.", publish.message),
            {publish.answer_index, fence->invoke_index});
      }
    }
  }
  return Judgement::met(asked.size() > 1 ? judged : 0);
}

}  // namespace busproof::checkers
