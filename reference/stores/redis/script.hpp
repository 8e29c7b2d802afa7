// Lua scripts that the server knows by their digest, and is told where it doesn't.
//
// Threads: as the connection's. Errors: as the connection's; a script's own failure is one, too.
#pragma once

#include <string>

#include "reference/stores/redis/connection.hpp"

namespace reference::stores::redis {

class Script {
 public:
  /// `text` must live as long as the script.
  explicit Script(const char* text);

  /// EVALSHA with this key; the arguments follow.
  [[nodiscard]] Command call(const std::string& key) const;

  /// Runs what call() began; by its text where the server has forgotten it.
  core::Result<Reply> run(Connection& connection, Command command) const;

 private:
  const char* text_;
  std::string digest_;
};

}  // namespace reference::stores::redis
