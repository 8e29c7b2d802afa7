#include "suites/checkers/ailing.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Claims;
using history::Action;
using history::kNever;
using history::Note;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// A time in which the stores were ill, and the time after it in which they were well.
struct Spell {
  const Note* ailing = nullptr;
  Time healing = kNever;
  const Note* well = nullptr;
  Time next = kNever;  ///< when they fell ill again

  [[nodiscard]] bool is(std::string_view what) const { return text_of(ailing->said, "is") == what; }
};

std::vector<Spell> spells_of(const View& view) {
  std::vector<Spell> found;
  for (const Note& note : view.notes()) {
    if (note.action != Action::mark) continue;
    if (note.name == "ailing") {
      if (!found.empty()) found.back().next = note.at;
      found.push_back({&note});
    } else if (!found.empty() && note.name == "healing") {
      found.back().healing = note.at;
    } else if (!found.empty() && note.name == "well") {
      found.back().well = &note;
    }
  }
  return found;
}

std::vector<const Operation*> healths_within(const View& view, Time from, Time to) {
  std::vector<const Operation*> found;
  for (const Operation& call : view.operations(Action::call))
    if (call.ok() && text_of(call.asked, "method") == "bus/health" && call.invoked > from &&
        call.answered < to)
      found.push_back(&call);
  return found;
}

std::string status_of(const Operation& health) { return text_of(health.said, "status"); }

/// The largest of the latencies that it tells; nothing where it tells of none.
std::optional<double> slowest_told(const Operation& health) {
  const json::value* components = health.said.if_contains("components");
  if (components == nullptr || !components->is_object()) return std::nullopt;
  std::optional<double> slowest;
  for (const auto& component : components->get_object()) {
    const json::object* object = component.value().if_object();
    const json::value* latency = object == nullptr ? nullptr : object->if_contains("latency_ms");
    const json::value* most = latency == nullptr || !latency->is_object()
                                  ? nullptr
                                  : latency->get_object().if_contains("max");
    if (most == nullptr || !most->is_number()) return std::nullopt;
    slowest = std::max(slowest.value_or(0), most->to_number<double>());
  }
  return slowest;
}

bool shows_closed(const Operation& health) {
  const json::value* breaker = health.said.if_contains("breaker");
  return breaker == nullptr || !breaker->is_object() ||
         text_of(breaker->get_object(), "state") == "closed";
}

/// Whether it was asked so late that it must have seen what began at `since`.
bool due(const View& view, const Operation& health, Time since, Time detect) {
  return health.invoked > since + detect + own_delay(view, since, health.invoked);
}

struct Threshold {
  std::string_view limit;
  std::string_view missing, early;  ///< findings
  bool (*reached)(const std::string& status);
};

Judgement violated(std::string_view finding, std::string says, const Spell& spell,
                   const Operation& health) {
  return Judgement::violated(std::string(finding), std::move(says),
                             {spell.ailing->index, health.invoke_index, health.answer_index});
}

Judgement judge_threshold(const View& view, const Claims& claims, const Threshold& threshold) {
  const auto limit = claims.limit(threshold.limit);
  const auto detect = declared(claims, "health.detect_ms");
  if (!limit || !detect)
    return Judgement::unverified(std::string(threshold.limit) +
                                 " or health.detect_ms is not declared");
  std::uint64_t above = 0, below = 0;
  for (const Spell& spell : spells_of(view)) {
    if (!spell.is("delayed")) continue;
    const std::int64_t delay = spell.ailing->amount;
    for (const Operation* health : healths_within(view, spell.ailing->at, spell.healing)) {
      const bool reached = threshold.reached(status_of(*health));
      if (delay >= 2 * *limit) {
        if (!reached && due(view, *health, spell.ailing->at, *detect))
          return violated(threshold.missing,
                          fmt::format("Each round trip to the store takes {} ms longer, {} is {}, "
                                      "and detect_ms later health says {}.",
                                      delay, threshold.limit, *limit, status_of(*health)),
                          spell, *health);
        above += reached ? 1 : 0;
      } else if (2 * delay <= *limit) {
        const auto slowest = slowest_told(*health);
        if (!slowest || *slowest >= static_cast<double>(*limit) || !shows_closed(*health)) continue;
        if (reached)
          return violated(
              threshold.early,
              fmt::format("Health tells of {:.1f} ms at most, {} is {}, and it says {}.", *slowest,
                          threshold.limit, *limit, status_of(*health)),
              spell, *health);
        ++below;
      }
    }
  }
  return Judgement::met(std::min(above, below));
}

}  // namespace

Judgement judge_degraded(const View& view, const Claims& claims) {
  return judge_threshold(view, claims,
                         {"health.degraded_ms", "not_degraded", "degraded_early",
                          [](const std::string& status) { return status != "healthy"; }});
}

Judgement judge_unhealthy(const View& view, const Claims& claims) {
  return judge_threshold(view, claims,
                         {"health.unhealthy_ms", "not_unhealthy", "unhealthy_early",
                          [](const std::string& status) { return status == "unhealthy"; }});
}

Judgement judge_down_seen(const View& view, const Claims& claims) {
  const auto detect = declared(claims, "health.detect_ms");
  if (!detect) return Judgement::unverified("health.detect_ms is not declared");
  std::uint64_t judged = 0;
  for (const Spell& spell : spells_of(view)) {
    if (!spell.is("down")) continue;
    for (const Operation* health : healths_within(view, spell.ailing->at, spell.healing)) {
      if (status_of(*health) != "healthy") {
        ++judged;
      } else if (due(view, *health, spell.ailing->at, *detect)) {
        return violated("not_seen", "The store is down, and detect_ms later health says healthy.",
                        spell, *health);
      }
    }
  }
  return Judgement::met(judged);
}

Judgement judge_recovery_seen(const View& view, const Claims& claims) {
  const auto detect = declared(claims, "health.detect_ms");
  if (!detect) return Judgement::unverified("health.detect_ms is not declared");
  std::uint64_t judged = 0;
  for (const Spell& spell : spells_of(view)) {
    const auto meanwhile = healths_within(view, spell.ailing->at, spell.healing);
    const bool seen = std::ranges::any_of(
        meanwhile, [](const Operation* health) { return status_of(*health) == "unhealthy"; });
    if (!spell.is("down") || spell.well == nullptr || !seen) continue;
    for (const Operation* health : healths_within(view, spell.well->at, spell.next)) {
      if (!shows_closed(*health)) continue;
      if (status_of(*health) != "unhealthy") {
        ++judged;
      } else if (due(view, *health, spell.well->at, *detect)) {
        return violated("still_unhealthy",
                        "The store is back, and detect_ms later health says unhealthy.", spell,
                        *health);
      }
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
