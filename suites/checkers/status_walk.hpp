// Every inspection of a history with what it may rightly have said: the status model, stepped
// through the history.
//
// Threads: no state.
// Errors:  nothing is said of messages whose status has grounds that cannot be seen from here:
//          topics, deleted ones, ones with an expirytime or perhaps dropped, and whatever comes
//          after the bus was stopped or its clock or store was meddled with.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "suites/contract/claims.hpp"
#include "suites/history/view.hpp"
#include "suites/models/status_model.hpp"

namespace busproof::checkers {

/// What certainly befell a message last.
enum class Way : std::uint8_t { accepted, settled, dead, redriven, purged, corrupt, expired };

/// One inspection that was answered.
struct Inspected {
  const history::Operation* inspect;
  const history::Operation* publish;
  models::Statuses allowed;  ///< What it may say.
  bool may_be_gone;          ///< It may also say that there is no such message.
  Way way;
  std::uint64_t changes;  ///< As the model counts them; equal: nothing can have happened between.
  bool quiet;             ///< Nothing happened to the message while it was under way.
};

std::vector<Inspected> inspections(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
