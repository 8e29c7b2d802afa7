// A filter over the JSON messages in and out of each connection. The shipped bus has none.
//
// Threads: both methods may be called from several threads at once; outbound() must not block.
#pragma once

#include <boost/json/value.hpp>
#include <vector>

#include "reference/core/ids.hpp"

namespace reference::executor {

class Edge {
 public:
  Edge() = default;
  Edge(const Edge&) = delete;
  Edge& operator=(const Edge&) = delete;
  virtual ~Edge() = default;

  /// What the core gets to see instead of `message`: none, one or several.
  virtual std::vector<boost::json::value> inbound(core::Conn conn, boost::json::value message) = 0;

  /// What the client gets to see instead of `message`.
  virtual std::vector<boost::json::value> outbound(core::Conn conn, boost::json::value message) = 0;
};

}  // namespace reference::executor
