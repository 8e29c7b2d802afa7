// A redis-server of its own for tests and measurements: on a unix socket in a temporary directory,
// with every write synced, and gone with its owner.
//
// Threads: one at a time. Errors: start() returns why it did not come up.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "reference/stores/redis/address.hpp"
#include "reference/stores/temporary.hpp"

namespace reference::stores::redis {

class TestServer {
 public:
  TestServer() = default;
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer() { kill(); }

  /// Whether this machine has a redis-server at all.
  static bool installed();

  /// Starts it, again after a kill() with the data that there is; nothing where it is ready.
  /// `more` comes behind the usual settings: {"--appendonly", "no"}.
  std::optional<std::string> start(const std::vector<std::string>& more = {});
  /// SIGKILL, and waits for the end.
  void kill();

  [[nodiscard]] Address address() const;
  [[nodiscard]] std::string url() const { return "unix://" + address().socket; }

 private:
  TemporaryDirectory directory_;
  pid_t process_ = -1;
};

}  // namespace reference::stores::redis
