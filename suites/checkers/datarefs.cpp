#include "suites/checkers/datarefs.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/refusals.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Operation;
using history::text_of;
using history::View;

/// The dataref that the sender gave it; empty where none.
std::string dataref_of(const Operation& publish) {
  const boost::json::value* own = publish.asked.if_contains("attributes");
  return own != nullptr && own->is_object() ? text_of(own->get_object(), "dataref") : "";
}

/// Whether an answer held it: what an upload that was committed may be published by.
bool is_the_buses(const View& view, const std::string& dataref) {
  const auto all = view.operations(Action::call);
  return std::any_of(all.begin(), all.end(), [&](const Operation& call) {
    return call.ok() && text_of(call.said, "dataref") == dataref;
  });
}

}  // namespace

Judgement judge_dataref_refused(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    const std::string dataref = dataref_of(publish);
    if (dataref.empty() || is_the_buses(view, dataref)) continue;
    const std::string what = fmt::format("A publish with the dataref \"{}\"", dataref);
    if (auto undefined = undefined_outcome(view, publish, what)) return *undefined;
    if (auto wrong = not_refused(publish, "invalid_argument", what, judged)) return *wrong;
  }
  return Judgement::met(judged);
}

Judgement judge_nothing_fetched(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const history::Note& seen : view.marks("visitors")) {
    if (seen.amount > 0)
      return Judgement::violated(
          "fetched",
          fmt::format("{} connections came to an address that only messages had named.",
                      seen.amount),
          {seen.index});
    ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
