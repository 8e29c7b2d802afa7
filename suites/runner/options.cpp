#include "suites/runner/options.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/contract/rule.hpp"

namespace busproof::runner {

std::string_view to_string(Effort effort) {
  switch (effort) {
    case Effort::quick:
      return "quick";
    case Effort::normal:
      return "normal";
    case Effort::deep:
      return "deep";
  }
  return "";
}

int programs_of(Effort effort) {
  switch (effort) {
    case Effort::quick:
      return 20;
    case Effort::normal:
      return 100;
    case Effort::deep:
      return 1000;
  }
  return 0;
}

stage::Loads loads_of(Effort effort) {
  switch (effort) {
    case Effort::quick:
      return {.waiting = 5'000, .finished = 500};
    case Effort::normal:
      return {};
    case Effort::deep:
      return {.waiting = 1'000'000, .finished = 10'000};
  }
  return {};
}

contract::Result<void> all_known(const std::vector<std::string>& only) {
  for (const std::string& wanted : only) {
    bool found = contract::find_rule(wanted) != nullptr || contract::find_case(wanted);
    for (const contract::Family& family : contract::families())
      found = found || family.name == wanted;
    if (!found)
      return contract::refused("bad_case",
                               fmt::format("the contract has no case, rule or family \"{}\"; "
                                           "`busproof list` names them",
                                           wanted));
  }
  return {};
}

bool selected(const std::vector<std::string>& only, std::string_view case_id) {
  const std::string_view rule = case_id.substr(0, case_id.find('.'));
  const std::string_view family = rule.substr(0, rule.find('-'));
  return only.empty() || std::any_of(only.begin(), only.end(), [&](const std::string& wanted) {
           return wanted == case_id || wanted == rule || wanted == family;
         });
}

}  // namespace busproof::runner
