#include "suites/contract/rule.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace busproof::contract {
namespace {

constexpr std::array<std::string_view, 3> kLevels = {"MUST", "SHOULD", "MAY"};
constexpr std::array<std::string_view, 4> kMethods = {"tested", "statistical", "needs_hook",
                                                      "untestable"};
constexpr std::array<std::string_view, 4> kDurabilities = {"memory", "restart", "process_crash",
                                                           "power_loss"};

}  // namespace

std::string_view to_string(Level level) { return kLevels[static_cast<std::size_t>(level)]; }
std::string_view to_string(Method method) { return kMethods[static_cast<std::size_t>(method)]; }
std::string_view to_string(Durability value) {
  return kDurabilities[static_cast<std::size_t>(value)];
}

std::string case_id(const Rule& rule, const Case& part) {
  return std::string(rule.id) + "." + std::string(part.name);
}

const Rule* find_rule(std::string_view id) {
  for (const Family& family : families()) {
    const auto found = std::ranges::find(family.rules, id, &Rule::id);
    if (found != family.rules.end()) return &*found;
  }
  return nullptr;
}

CaseRef find_case(std::string_view id) {
  const std::size_t dot = id.find('.');
  if (dot == std::string_view::npos) return {};
  const Rule* rule = find_rule(id.substr(0, dot));
  if (rule == nullptr) return {};
  const auto found = std::ranges::find(rule->cases, id.substr(dot + 1), &Case::name);
  if (found == rule->cases.end()) return {};
  return {rule, &*found};
}

}  // namespace busproof::contract
