#include "suites/families/families.hpp"

#include <algorithm>

namespace busproof::families {

using stage::Scenario;

namespace {

// One a line, so that what is added in two places merges. What takes longest comes first: nothing
// else is left to do beside it at the end.
// clang-format off
constexpr std::span<const Scenario> (*kFamilies[])() = {
    statistics,
    queue_slow,
    queue_size,
    backlog,
    rates,
    tokens,
    doors,
    refusals,
    endpoint,
    disks,
    durability,
    restart,
    breaker,
    fallback,
    store_trouble,
    health,
    starting,
    chunks,
    compression,
    configuration,
    readiness,
    without_stores,
    signs,
    damage,
    integrity,
    links,
    tripped,
    expired,
    expiry,
    fanout,
    sweeping,
    ttl,
    wall_clock,
    queue,
    queue_counts,
    queue_load,
    queue_order,
    priority,
    payload,
    patterns,
    route,
    extent,
    tenants,
    topics,
    status,
    removal,
    record,
    correlation,
    edges,
    peers,
    connected,
    frames,
    dawdlers,
    relinked,
    dedupe,
    holding,
    batch,
    nodes,
    nodes_return,
    agents,
    agent_names,
    audit,
    datarefs,
    odd_names,
    handshake,
    topics_slow,
    unclaimed,
    uploads,
    overflow,
    queue_groups,
    queue_retry,
    dead_letters,
    settling,
};
// clang-format on

}  // namespace

std::vector<const Scenario*> all() {
  std::vector<const Scenario*> found;
  for (const auto family : kFamilies)
    for (const Scenario& scenario : family()) found.push_back(&scenario);
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
