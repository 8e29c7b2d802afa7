// The log: one JSON object a line on stderr. Never payloads, tokens or events.
//
// Threads: any.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

namespace reference::executor {

enum class Level { info, warning, error };

void log(Level level, std::string_view event, boost::json::object details = {});

}  // namespace reference::executor
