#include "suites/families/families.hpp"

#include <algorithm>

namespace busproof::families {

using stage::Scenario;

std::vector<const Scenario*> all() {
  std::vector<const Scenario*> found;
  // One a line, so that what is added in two places merges.
  // clang-format off
  for (const auto family : {
           disks(),
           durability(),
           restart(),
           starting(),
           chunks(),
           compression(),
           damage(),
           integrity(),
           expired(),
           expiry(),
           fanout(),
           sweeping(),
           backlog(),
           statistics(),
           ttl(),
           wall_clock(),
           queue(),
           queue_counts(),
           queue_load(),
           queue_order(),
           priority(),
           payload(),
           patterns(),
           route(),
           extent(),
           topics(),
           status(),
           removal(),
           record(),
           correlation(),
           endpoint(),
           edges(),
           peers(),
           dedupe(),
           holding(),
           batch(),
           nodes(),
           agents(),
           agent_names(),
           audit(),
           handshake(),
           unclaimed(),
           uploads(),
           overflow(),
           queue_groups(),
           queue_retry(),
           dead_letters(),
           settling(),
           queue_slow(),
           queue_size(),
           topics_slow(),
       })
    // clang-format on
    for (const Scenario& scenario : family) found.push_back(&scenario);
  return found;
}

const Scenario* judging(std::string_view case_id) {
  for (const Scenario* scenario : all())
    for (const stage::JudgedCase& judged : scenario->cases)
      if (judged.id == case_id) return scenario;
  return nullptr;
}

const Scenario* named(std::string_view name) {
  for (const Scenario* scenario : all())
    if (scenario->name == name) return scenario;
  return nullptr;
}

}  // namespace busproof::families
