#include "suites/checkers/link_spans.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace busproof::checkers {
namespace {

using history::Note;
using history::number_of;
using history::text_of;
using history::View;

constexpr std::size_t kRounds = 3;

const boost::json::object* counters(const Note& mark, std::string_view link) {
  const auto* links = mark.said.if_contains("links");
  if (links == nullptr || !links->is_object()) return nullptr;
  const auto* one = links->get_object().if_contains(link);
  return one != nullptr && one->is_object() ? &one->get_object() : nullptr;
}

/// Whether every span of that sort took more than the idle bus ever did, and no longer.
std::optional<Judgement> more_than_idle(const std::vector<LinkSpan>& busy,
                                        const std::vector<LinkSpan>& idle, std::string_view finding,
                                        std::string_view state) {
  const auto least = [&](auto member) {
    std::int64_t found = busy.front().*member;
    for (const LinkSpan& span : busy) found = std::min(found, span.*member);
    return found;
  };
  const auto most = [&](auto member) {
    std::int64_t found = 0;
    for (const LinkSpan& span : idle) found = std::max(found, span.*member);
    return found;
  };
  const bool bytes = least(&LinkSpan::bytes) > most(&LinkSpan::bytes);
  const bool connections = least(&LinkSpan::connections) > most(&LinkSpan::connections);
  if (!bytes && !connections) return std::nullopt;
  std::vector<std::size_t> events;
  for (const LinkSpan& span : busy) events.insert(events.end(), {span.from, span.to});
  return Judgement::violated(
      std::string(finding),
      fmt::format("{}, and {} of \"{}\" sent its payload store at least {} bytes over {} new "
                  "connections each time; idle for as long it sent at most {} over {}.",
                  state, busy.front().operations, busy.front().what, least(&LinkSpan::bytes),
                  least(&LinkSpan::connections), most(&LinkSpan::bytes),
                  most(&LinkSpan::connections)),
      events);
}

}  // namespace

std::string payload_link(const View& view) {
  const auto marks = view.marks("payload_link");
  return marks.empty() ? std::string() : text_of(marks.front().said, "link");
}

std::vector<LinkSpan> link_spans(const View& view, std::string_view name, std::string_view end,
                                 std::string_view link) {
  std::vector<LinkSpan> found;
  const auto ends = view.marks(end);
  for (const Note& begin : view.marks(name)) {
    const auto last = std::find_if(ends.begin(), ends.end(),
                                   [&](const Note& mark) { return mark.index > begin.index; });
    if (last == ends.end()) continue;
    const auto* before = counters(begin, link);
    const auto* after = counters(*last, link);
    if (before == nullptr || after == nullptr) continue;
    const auto grown = [&](const char* key) {
      return number_of(*after, key) - number_of(*before, key);
    };
    found.push_back({text_of(begin.said, "what"), begin.at, last->at, last->amount,
                     grown("to_server"), grown("accepted"), begin.index, last->index});
  }
  return found;
}

Judgement against_idle(const std::vector<LinkSpan>& all_busy, const std::vector<LinkSpan>& all_idle,
                       std::string_view finding, std::string_view state) {
  std::map<std::string, std::vector<LinkSpan>> sorts;
  for (const LinkSpan& span : all_busy)
    if (span.operations > 0) sorts[span.what].push_back(span);
  std::uint64_t judged = 0;
  for (const auto& [what, busy] : sorts) {
    const auto longest = std::max_element(
        busy.begin(), busy.end(),
        [](const LinkSpan& a, const LinkSpan& b) { return a.length() < b.length(); });
    std::vector<LinkSpan> idle;
    std::copy_if(all_idle.begin(), all_idle.end(), std::back_inserter(idle),
                 [&](const LinkSpan& span) { return span.length() >= longest->length(); });
    if (busy.size() < kRounds || idle.size() < kRounds) continue;
    if (auto wrong = more_than_idle(busy, idle, finding, state)) return *wrong;
    for (const LinkSpan& span : busy) judged += static_cast<std::uint64_t>(span.operations);
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
