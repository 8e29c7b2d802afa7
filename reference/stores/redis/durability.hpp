// What a Redis server's own configuration promises of what was answered.
#pragma once

#include <optional>
#include <string>

#include "reference/core/ids.hpp"
#include "reference/stores/redis/connection.hpp"

namespace reference::stores::redis {

struct Durability {
  /// As hello says it: `memory`, `restart`, `process_crash` or `power_loss`.
  std::string level = "memory";
  /// A power cut loses nothing that was answered for longer ago; nothing: no such bound.
  std::optional<core::Ms> loss_window{};
};

/// Asks the server. Where it doesn't tell, nothing is promised.
core::Result<Durability> read_durability(Connection& connection);

}  // namespace reference::stores::redis
