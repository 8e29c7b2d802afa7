// Reading what a bus says: answers into results or errors with their effect, deliveries into
// values.
//
// Threads: no state.
#pragma once

#include <boost/json/object.hpp>

#include "suites/contract/result.hpp"
#include "suites/history/history.hpp"
#include "suites/targets/messages.hpp"

namespace busproof::targets {

/// The result of a JSON-RPC answer, or its error; `said` gets what a history keeps of an error.
contract::Result<boost::json::object> read_answer(const boost::json::object& message,
                                                  boost::json::object& said);

/// What a history keeps of a result: small members, never payloads.
boost::json::object result_detail(history::Action action, const boost::json::object& result);

/// The members of bus/deliver, save message, subscription number and time.
Delivered read_delivery(const boost::json::object& params);

}  // namespace busproof::targets
