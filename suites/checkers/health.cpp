#include "suites/checkers/health.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Claims;
using history::Action;
using history::Operation;
using history::text_of;
using history::View;

const json::object* components_of(const Operation& call) {
  const json::value* components = call.said.if_contains("components");
  return components == nullptr ? nullptr : components->if_object();
}

std::vector<const Operation*> healths(const View& view) {
  std::vector<const Operation*> found;
  for (const Operation& call : view.operations(Action::call))
    if (call.ok() && text_of(call.asked, "method") == "bus/health") found.push_back(&call);
  return found;
}

/// A mean of equal numbers need not be that number to the last digit.
double rounding(double value) { return 1e-6 * (1 + value); }

constexpr std::array<std::string_view, 3> kStatuses = {"healthy", "degraded", "unhealthy"};
constexpr std::array<const char*, 3> kLatencies = {"min", "avg", "max"};

/// Least, mean and most; nothing where one of them is no number.
std::optional<std::array<double, 3>> latency_of(const json::value& component) {
  const json::object* object = component.if_object();
  const json::value* latency = object == nullptr ? nullptr : object->if_contains("latency_ms");
  if (latency == nullptr || !latency->is_object()) return std::nullopt;
  std::array<double, 3> values{};
  for (std::size_t i = 0; i < kLatencies.size(); ++i) {
    const json::value* value = latency->get_object().if_contains(kLatencies.at(i));
    if (value == nullptr || !value->is_number()) return std::nullopt;
    values.at(i) = value->to_number<double>();
  }
  return values;
}

}  // namespace

Judgement judge_components(const View& view, const Claims&) {
  std::uint64_t judged = 0;
  for (const Operation* call : healths(view)) {
    const std::vector<std::size_t> events = {call->invoke_index, call->answer_index};
    const json::object* components = components_of(*call);
    if (components == nullptr || components->empty())
      return Judgement::violated("no_components", "Health names no component.", events);
    for (const auto& component : *components) {
      const std::string name(component.key());
      const json::object* object = component.value().if_object();
      const std::string status = object == nullptr ? "" : text_of(*object, "status");
      if (std::ranges::count(kStatuses, status) == 0)
        return Judgement::violated(
            "no_status", fmt::format("Component {} has the status \"{}\".", name, status), events);
      if (!latency_of(component.value()))
        return Judgement::violated(
            "no_latency", fmt::format("Component {} has no latency of three numbers.", name),
            events);
      ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_latencies(const View& view, const Claims&) {
  std::uint64_t judged = 0;
  for (const Operation* call : healths(view)) {
    const json::object* components = components_of(*call);
    for (const auto& component : components == nullptr ? json::object() : *components) {
      const auto latency = latency_of(component.value());
      if (!latency) continue;
      const auto [least, mean, most] = *latency;
      if (!(least >= 0 && least <= mean + rounding(mean) && mean <= most + rounding(most)))
        return Judgement::violated(
            "not_ordered",
            fmt::format("Component {} tells of {} ms at least, {} on the mean and {} at most.",
                        std::string(component.key()), least, mean, most),
            {call->invoke_index, call->answer_index});
      ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
