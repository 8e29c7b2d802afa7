#include "suites/checkers/signs.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/store_calls.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Claims;
using history::Action;
using history::Note;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

constexpr std::int64_t kOk = 200;

const json::object* member(const json::object* object, std::string_view key) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

std::vector<const Operation*> answered(const View& view, std::string_view method) {
  std::vector<const Operation*> found;
  for (const Operation& call : view.operations(Action::call))
    if (call.ok() && text_of(call.asked, "method") == method) found.push_back(&call);
  return found;
}

/// Where metrics are shown; one that says another status than 200 is somebody else's finding.
std::vector<const Operation*> pages(const View& view) {
  auto found = answered(view, "GET metrics");
  std::erase_if(found,
                [](const Operation* page) { return number_of(page->said, "status") != kOk; });
  return found;
}

std::optional<double> sample(const Operation& page, const std::string& name) {
  const json::object* samples = member(&page.said, "samples");
  const json::value* value = samples == nullptr ? nullptr : samples->if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::string breaker_of(const Operation& health) {
  const json::object* breaker = member(&health.said, "breaker");
  return breaker == nullptr ? "" : text_of(*breaker, "state");
}

/// What the breaker was for certain while that page was made: the same before and after it.
std::string breaker_during(const View& view, const Operation& page) {
  std::string before, after;
  for (const Operation* health : answered(view, "bus/health")) {
    if (health->answered < page.invoked) before = breaker_of(*health);
    if (health->invoked > page.answered && after.empty()) after = breaker_of(*health);
  }
  return before == after ? before : "";
}

struct Signs {
  std::string fallbacks, breaker, latency;
};

std::optional<Signs> signs_of(const View& view, const Claims& claims) {
  const auto marks = view.marks("signs");
  if (marks.empty()) return std::nullopt;
  Signs signs{text_of(marks.back().said, "fallbacks"), text_of(marks.back().said, "breaker"),
              text_of(marks.back().said, "latency")};
  // What it does not have it need not show.
  if (!claims.has("routing") || !claims.trait_is("routing", "fallback", "inline"))
    signs.fallbacks.clear();
  if (!claims.has("breaker")) signs.breaker.clear();
  return signs;
}

/// Fallbacks that were answered for certain between two pages.
std::int64_t fell_back(const View& view, const Claims& claims, Time from, Time to) {
  return std::ranges::count_if(view.operations(Action::publish), [&](const Operation& publish) {
    return needs_store(publish, claims) && publish.ok() &&
           text_of(publish.said, "route") == "inline" && publish.invoked > from &&
           publish.answered < to;
  });
}

// --- BRK-8.transitions

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_about_breaker(std::string_view name) {
  const std::string small = lower(std::string(name));
  return small.find("breaker") != std::string::npos || small.find("circuit") != std::string::npos;
}

void collect(const json::value& value, const std::string& path, bool about,
             std::map<std::string, std::string>& into) {
  if (const json::object* object = value.if_object()) {
    for (const auto& [key, inner] : *object)
      collect(inner, path + "." + std::string(key), about || is_about_breaker(key), into);
  } else if (about && value.is_number()) {
    into[path] = fmt::format("{}", value.to_number<double>());
  } else if (about && value.is_string()) {
    into[path] = std::string(value.get_string());
  }
}

/// What bus/stats and the metrics page show of breakers, of the last of each in that time.
std::map<std::string, std::string> shown(const View& view, Time from, Time to) {
  std::map<std::string, std::string> found;
  for (const std::string_view method : {"bus/stats", "GET metrics"})
    for (const Operation* call : answered(view, method))
      if (call->invoked > from && call->answered < to)
        collect(json::value(call->said), std::string(method), false, found);
  return found;
}

/// How a log may put that state, each in small letters.
std::vector<std::string> words_for(const std::string& state) {
  if (state == "open") return {"open", "trip"};
  if (state == "closed") return {"clos", "recover", "reset"};
  return {"half"};
}

bool logged(const View& view, const std::string& state, Time from, Time to) {
  for (const Note& log : view.marks("log")) {
    if (log.at <= from || log.at > to) continue;
    std::istringstream lines(text_of(log.said, "wrote"));
    for (std::string line; std::getline(lines, line);) {
      if (!is_about_breaker(line)) continue;
      const std::string small = lower(line);
      for (const std::string& word : words_for(state))
        if (small.find(word) != std::string::npos) return true;
    }
  }
  return false;
}

/// A time in which health always said the same of the breaker.
struct Phase {
  std::string state;
  const Operation* first = nullptr;
  const Operation* last = nullptr;
  Time until = history::kNever;  ///< The next one's first look.
};

std::vector<Phase> phases_of(const View& view) {
  std::vector<Phase> found;
  for (const Operation* health : answered(view, "bus/health")) {
    const std::string state = breaker_of(*health);
    if (state.empty()) continue;
    if (!found.empty() && found.back().state == state) {
      found.back().last = health;
      continue;
    }
    if (!found.empty()) found.back().until = health->invoked;
    found.push_back({state, health, health});
  }
  return found;
}

/// Whether statistics taken after the change show of breakers what those before it did not.
bool counted(const View& view, const Phase& before, const Phase& now) {
  const auto was = shown(view, before.first->invoked, now.first->invoked);
  for (const std::string_view method : {"bus/stats", "GET metrics"})
    for (const Operation* call : answered(view, method)) {
      if (call->invoked <= before.last->invoked || call->answered >= now.until) continue;
      std::map<std::string, std::string> is;
      collect(json::value(call->said), std::string(method), false, is);
      for (const auto& [name, value] : is)
        if (const auto old = was.find(name); old != was.end() && old->second != value) return true;
    }
  return false;
}

/// The log, and statistics where there are any, looked at so late in a phase that its beginning
/// must have been told; nothing where they were not.
std::vector<std::size_t> late_looks(const View& view, const Claims& claims, const Phase& now) {
  const Time settle = std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
  const Time begin = now.first->answered;
  const Time told = begin + settle + own_delay(view, begin, now.until);
  std::vector<std::size_t> events;
  for (const Operation* stats : answered(view, "bus/stats"))
    if (events.empty() && stats->invoked > told && stats->answered < now.until)
      events.push_back(stats->answer_index);
  if (events.empty() && claims.has("stats")) return {};
  for (const Note& log : view.marks("log"))
    if (log.at > told && log.at < now.until) {
      events.push_back(log.index);
      return events;
    }
  return {};
}

}  // namespace

Judgement judge_signs(const View& view, const Claims& claims) {
  const auto signs = signs_of(view, claims);
  if (!signs || (signs->fallbacks + signs->breaker + signs->latency).empty())
    return Judgement::unverified("the target does not say how its metrics are named");
  const auto all = pages(view);
  const Time settle = std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
  const Operation* closed = nullptr;
  std::uint64_t judged = 0, moved = signs->breaker.empty() ? 1 : 0,
                counted = signs->fallbacks.empty() ? 1 : 0;
  for (const Operation* page : all) {
    for (const std::string& name : {signs->fallbacks, signs->breaker, signs->latency}) {
      if (name.empty()) continue;
      if (!sample(*page, name))
        return Judgement::violated("missing",
                                   fmt::format("The metrics page has no number {}.", name),
                                   {page->invoke_index, page->answer_index});
      ++judged;
    }
    if (!signs->fallbacks.empty()) {
      // What was answered shortly before the page may be counted a little later.
      const Time by =
          page->invoked - settle - own_delay(view, page->invoked - settle, page->invoked);
      const auto fallen = fell_back(view, claims, all.front()->answered, by);
      const double grew =
          *sample(*page, signs->fallbacks) - *sample(*all.front(), signs->fallbacks);
      if (grew < static_cast<double>(fallen))
        return Judgement::violated(
            "fallback_not_counted",
            fmt::format("{} payloads went inline for want of their store, and {} has grown by {}.",
                        fallen, signs->fallbacks, grew),
            {all.front()->answer_index, page->invoke_index, page->answer_index});
      const auto so_far = fell_back(view, claims, all.front()->answered, page->invoked);
      counted += fallen > 0 && fallen == so_far ? 1 : 0;
    }
    if (signs->breaker.empty()) continue;
    const std::string state = breaker_during(view, *page);
    if (state == "closed") closed = page;
    if (state != "open" || closed == nullptr) continue;
    if (*sample(*page, signs->breaker) == *sample(*closed, signs->breaker))
      return Judgement::violated(
          "breaker_not_shown",
          fmt::format("{} is {} while the breaker is closed and while it is open.", signs->breaker,
                      *sample(*page, signs->breaker)),
          {closed->answer_index, page->invoke_index, page->answer_index});
    ++moved;
  }
  return Judgement::met(moved > 0 && counted > 0 ? judged : 0);
}

Judgement judge_transitions_shown(const View& view, const Claims& claims) {
  const auto phases = phases_of(view);
  const bool has_log = std::ranges::any_of(
      view.marks("log"), [](const Note& log) { return !text_of(log.said, "wrote").empty(); });
  if (!has_log && shown(view, Time::min(), history::kNever).empty())
    return Judgement::unverified("neither statistics nor a log show anything of a breaker");
  std::uint64_t judged = 0;
  for (std::size_t i = 1; i < phases.size(); ++i) {
    const Phase& before = phases[i - 1];
    const Phase& now = phases[i];
    if (logged(view, now.state, before.last->invoked, now.until) || counted(view, before, now)) {
      ++judged;
    } else if (const auto late = late_looks(view, claims, now); !late.empty()) {
      std::vector<std::size_t> events = {before.last->answer_index, now.first->answer_index};
      events.insert(events.end(), late.begin(), late.end());
      return Judgement::violated(
          "not_shown",
          fmt::format("The breaker was {} and is {}, and neither statistics nor the log show it.",
                      before.state, now.state),
          events);
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
