#include "suites/checkers/audit.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/remains.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using history::Action;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::View;

/// One question to the audit with all its pages.
struct Asked {
  const Operation* first;
  const Operation* last;
  std::string transaction_id, session_id;
  std::vector<json::object> records;
  std::string cursor = {};  ///< Of the page that comes next; empty: that was all.
};

std::string cursor_in(const json::object& object) {
  const json::value* cursor = object.if_contains("cursor");
  return cursor == nullptr || cursor->is_null() ? "" : json::serialize(*cursor);
}

void take_page(Asked& asked, const Operation& page) {
  asked.last = &page;
  asked.cursor = cursor_in(page.said);
  if (const json::value* records = page.said.if_contains("records"); records && records->is_array())
    for (const json::value& record : records->get_array())
      if (record.is_object()) asked.records.push_back(record.get_object());
}

std::vector<Asked> audits(const View& view) {
  std::vector<Asked> found;
  for (const Operation& call : view.operations(Action::call)) {
    if (!call.ok() || text_of(call.asked, "method") != "bus/audit") continue;
    const json::value* given = call.asked.if_contains("params");
    if (given == nullptr || !given->is_object()) continue;
    const json::object& params = given->get_object();
    Asked asked{&call, &call, text_of(params, "transaction_id"), text_of(params, "session_id"), {}};
    const std::string cursor = cursor_in(params);
    const auto open = std::find_if(found.rbegin(), found.rend(), [&](const Asked& other) {
      return !cursor.empty() && other.cursor == cursor &&
             other.transaction_id == asked.transaction_id && other.session_id == asked.session_id;
    });
    if (open != found.rend()) {
      take_page(*open, call);
    } else if (cursor.empty()) {
      take_page(asked, call);
      found.push_back(std::move(asked));
    }
  }
  return found;
}

/// What the records of one message lack, as a finding; empty where one of them has it all.
std::string lacking(const Operation& publish, const std::vector<json::object>& records) {
  const std::string id = text_of(publish.said, "transaction_id");
  std::string best = "unrecorded";
  int furthest = 0;
  for (const json::object& record : records) {
    if (text_of(record, "transaction_id") != id) continue;
    const std::array<std::pair<bool, const char*>, 4> wanted = {
        {{number_of(record, "datasize", -1) == number_of(publish.asked, "size"), "wrong_size"},
         {text_of(record, "route") == text_of(publish.said, "route"), "wrong_route"},
         {!text_of(record, "who").empty(), "no_sender"},
         {!text_of(record, "outcome").empty(), "no_outcome"}}};
    const auto failed =
        std::find_if(wanted.begin(), wanted.end(), [](const auto& one) { return !one.first; });
    if (failed == wanted.end()) return "";
    const int right = 1 + static_cast<int>(failed - wanted.begin());
    if (right > furthest) best = failed->second;
    furthest = std::max(furthest, right);
  }
  return best;
}

std::string session_of(const Operation& publish) {
  const json::value* own = publish.asked.if_contains("attributes");
  return own == nullptr || !own->is_object() ? "" : text_of(own->get_object(), "sessionid");
}

/// Whether anything but its publish was asked for by that message: whoever asked may be recorded.
bool was_touched(const View& view, const Operation& publish) {
  constexpr std::array kOthers = {Action::ack,      Action::reject,  Action::extend,
                                  Action::retrieve, Action::inspect, Action::remove};
  return std::any_of(kOthers.begin(), kOthers.end(), [&](Action action) {
    const auto all = view.operations(action);
    return std::any_of(all.begin(), all.end(), [&](const Operation& operation) {
      return operation.message == publish.message;
    });
  });
}

bool is_foreign(const View& view, const Asked& asked, const Operation& publish) {
  if (!asked.transaction_id.empty())
    return asked.transaction_id != text_of(publish.said, "transaction_id");
  return !asked.session_id.empty() && session_of(publish) != asked.session_id &&
         !was_touched(view, publish);
}

}  // namespace

Judgement judge_audit_complete(const View& view, const contract::Claims& claims) {
  const auto all = audits(view);
  std::uint64_t judged = 0;
  bool lagging = false;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!publish.ok() || text_of(publish.asked, "mode") == "topic") continue;
    const std::string id = text_of(publish.said, "transaction_id");
    const Asked* last = nullptr;
    for (const Asked& asked : all)
      if (asked.transaction_id == id && asked.first->invoked > publish.answered &&
          asked.cursor.empty())
        last = &asked;
    if (last == nullptr) continue;
    const std::string wrong = lacking(publish, last->records);
    const auto asked_at = last->first->invoked;
    const auto due =
        publish.answered + settle_time(claims) + own_delay(view, publish.answered, asked_at);
    if (wrong.empty())
      ++judged;
    else if (asked_at > due)
      return Judgement::violated(
          wrong,
          fmt::format("The audit has {} records for m{}, and none that shows it as it was: {}.",
                      last->records.size(), publish.message, wrong),
          {publish.answer_index, last->first->invoke_index, last->last->answer_index});
    else
      lagging = true;
  }
  if (lagging) return Judgement::inconclusive("the audit was not asked once it must be up to date");
  return Judgement::met(judged);
}

Judgement judge_audit_no_extra(const View& view, const contract::Claims&) {
  std::map<std::string, const Operation*> known;
  bool in_doubt = false;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.ok()) known.emplace(text_of(publish.said, "transaction_id"), &publish);
    in_doubt = in_doubt || publish.outcome == Phase::info;
  }
  std::uint64_t judged = 0;
  for (const Asked& asked : audits(view)) {
    for (const json::object& record : asked.records) {
      const std::string id = text_of(record, "transaction_id");
      if (id.empty()) continue;
      const std::vector<std::size_t> events = {asked.first->invoke_index, asked.last->answer_index};
      const auto message = known.find(id);
      if (message == known.end() && !in_doubt)
        return Judgement::violated(
            "made_up", fmt::format("The audit tells of {}, which no publish was given.", id),
            events);
      if (message == known.end()) continue;
      if (is_foreign(view, asked, *message->second))
        return Judgement::violated(
            "foreign",
            fmt::format("Asked for another, the audit tells of m{}.", message->second->message),
            {message->second->answer_index, events.front(), events.back()});
      ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
