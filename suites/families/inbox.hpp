// Agents, and the destinations that are theirs, by id.
//
// Threads: one.
#pragma once

#include <string>

#include "suites/stage/stage.hpp"

namespace busproof::families {

inline std::string inbox_of(const std::string& agent) { return "agent:" + agent + ":inbox"; }
inline std::string topic_of(const std::string& workspace) { return "workspace:" + workspace; }

/// Ends the scenario as unverified where the bus takes who an agent is from a token.
void need_own_identity(const stage::Stage& stage);

/// A new session that has said hello as that agent, member of that workspace where one is named.
targets::Session& connect_as(stage::Stage& stage, const std::string& agent,
                             const std::string& workspace = {});

}  // namespace busproof::families
