// Reading what a bus says: answers into results or errors with their effect, deliveries into
// values.
//
// Threads: no state.
#pragma once

#include <cstdint>

#include <functional>
#include <string_view>

#include <boost/json/object.hpp>

#include "suites/contract/result.hpp"
#include "suites/history/history.hpp"
#include "suites/targets/messages.hpp"

namespace busproof::targets {

/// The result of a JSON-RPC answer, or its error; `said` gets what a history keeps of an error.
contract::Result<boost::json::object> read_answer(const boost::json::object& message,
                                                  boost::json::object& said);

/// The number of the message whose event has that id; 0: nobody here published it.
using MessageOf = std::function<std::uint32_t(std::string_view event_id)>;

/// What a history keeps of params or of a result: all of it, but of each payload its size and its
/// digest, and beside each "event" the "message" that it is of.
boost::json::object without_payloads(const boost::json::object& from, const MessageOf& message_of);

/// What a history keeps of a result.
boost::json::object result_detail(history::Action action, const boost::json::object& result,
                                  const MessageOf& message_of);

/// The members of bus/deliver, save message, subscription number and time.
Delivered read_delivery(const boost::json::object& params);

}  // namespace busproof::targets
