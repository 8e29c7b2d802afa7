// A filter over the JSON messages in and out of each connection, and over what is told of the
// connections themselves. The shipped bus has none.
//
// Threads: all methods may be called from several threads at once; outbound() must not block.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reference/core/ids.hpp"

namespace reference::executor {

/// What is asked about the connections: all of them, one, or numbers.
enum class Asked : std::uint8_t { all, one, numbers };

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

  /// What is told instead of `told`; nothing: there is no such connection.
  virtual std::optional<boost::json::object> connected(Asked asked,
                                                       std::optional<boost::json::object> told) {
    static_cast<void>(asked);
    return told;
  }

  /// What /livez and /readyz say instead, of a bus that is ready or is not.
  virtual bool alive(bool ready) {
    static_cast<void>(ready);
    return true;
  }
  virtual bool ready(bool ready) { return ready; }

  /// The metrics page that is shown instead of `text`.
  virtual std::string page(std::string text) { return text; }
};

}  // namespace reference::executor
