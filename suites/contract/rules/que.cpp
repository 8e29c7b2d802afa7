// QUE: work queues. Two files hold its rules; this one joins them.
//
// Threads: constant data once built.
#include <vector>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {

Family que() {
  static const std::vector<Rule> kRules = [] {
    std::vector<Rule> all(que_lease().begin(), que_lease().end());
    all.insert(all.end(), que_load().begin(), que_load().end());
    return all;
  }();
  return {.name = "QUE",
          .title = "work queues",
          .note = "Settling, counts and dead letters are per destination and group.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
