// Every scenario, by family. The one table of what is judged in this version.
//
// Threads: constant data.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "suites/stage/scenario.hpp"

namespace busproof::families {

std::span<const stage::Scenario> agent_names();
std::span<const stage::Scenario> agents();
std::span<const stage::Scenario> audit();
std::span<const stage::Scenario> backlog();
std::span<const stage::Scenario> batch();
std::span<const stage::Scenario> breaker();
std::span<const stage::Scenario> compression();
std::span<const stage::Scenario> configuration();
std::span<const stage::Scenario> readiness();
std::span<const stage::Scenario> without_stores();
std::span<const stage::Scenario> signs();
std::span<const stage::Scenario> connected();
std::span<const stage::Scenario> correlation();
std::span<const stage::Scenario> damage();
std::span<const stage::Scenario> dawdlers();
std::span<const stage::Scenario> frames();
std::span<const stage::Scenario> relinked();
std::span<const stage::Scenario> datarefs();
std::span<const stage::Scenario> dead_letters();
std::span<const stage::Scenario> disks();
std::span<const stage::Scenario> doors();
std::span<const stage::Scenario> dedupe();
std::span<const stage::Scenario> durability();
std::span<const stage::Scenario> chunks();
std::span<const stage::Scenario> edges();
std::span<const stage::Scenario> uploads();
std::span<const stage::Scenario> peers();
std::span<const stage::Scenario> endpoint();
std::span<const stage::Scenario> expired();
std::span<const stage::Scenario> expiry();
std::span<const stage::Scenario> extent();
std::span<const stage::Scenario> fallback();
std::span<const stage::Scenario> fanout();
std::span<const stage::Scenario> handshake();
std::span<const stage::Scenario> health();
std::span<const stage::Scenario> holding();
std::span<const stage::Scenario> integrity();
std::span<const stage::Scenario> links();
std::span<const stage::Scenario> odd_names();
std::span<const stage::Scenario> nodes();
std::span<const stage::Scenario> nodes_return();
std::span<const stage::Scenario> overflow();
std::span<const stage::Scenario> patterns();
std::span<const stage::Scenario> payload();
std::span<const stage::Scenario> priority();
std::span<const stage::Scenario> queue();
std::span<const stage::Scenario> queue_counts();
std::span<const stage::Scenario> queue_groups();
std::span<const stage::Scenario> queue_load();
std::span<const stage::Scenario> queue_order();
std::span<const stage::Scenario> queue_retry();
std::span<const stage::Scenario> queue_size();
std::span<const stage::Scenario> queue_slow();
std::span<const stage::Scenario> rates();
std::span<const stage::Scenario> record();
std::span<const stage::Scenario> refusals();
std::span<const stage::Scenario> removal();
std::span<const stage::Scenario> restart();
std::span<const stage::Scenario> route();
std::span<const stage::Scenario> settling();
std::span<const stage::Scenario> starting();
std::span<const stage::Scenario> statistics();
std::span<const stage::Scenario> status();
std::span<const stage::Scenario> store_trouble();
std::span<const stage::Scenario> sweeping();
std::span<const stage::Scenario> tenants();
std::span<const stage::Scenario> tokens();
std::span<const stage::Scenario> topics();
std::span<const stage::Scenario> topics_slow();
std::span<const stage::Scenario> tripped();
std::span<const stage::Scenario> ttl();
std::span<const stage::Scenario> unclaimed();
std::span<const stage::Scenario> wall_clock();

/// All of them, in the order in which they start: the longest first.
std::vector<const stage::Scenario*> all();

/// The scenario that the case is judged from, or null: not judged yet.
const stage::Scenario* judging(std::string_view case_id);

/// The scenario of that name, or null.
const stage::Scenario* named(std::string_view name);

/// The workload that a mutant must still carry: 20 messages published, delivered, acked.
const stage::Scenario& smoke();

}  // namespace busproof::families
