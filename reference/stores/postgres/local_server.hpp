// A PostgreSQL server of a test's own, from the binaries that are installed.
//
// A cluster is made once for each user and version, below the temporary folder, and copied for each
// server. It listens on a Unix socket in its own folder, writes through to the disk as an installed
// one does, and never runs as root.
//
// Threads: one at a time. Errors: why() tells what is missing or went wrong.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "reference/stores/temporary.hpp"

namespace reference::stores::postgres {

class LocalServer {
 public:
  /// Starts one and waits until it answers.
  LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  /// Ends it with all its processes.
  ~LocalServer();

  /// Whether there are binaries to start.
  static bool installed();
  /// What kept it from starting; nothing where it runs.
  [[nodiscard]] const std::optional<std::string>& why() const { return why_; }
  /// `postgresql` settings of a superuser's connection to it.
  [[nodiscard]] std::string address() const;

  /// SIGKILL to all of it, as a crash; start() brings it back with its data.
  void kill();
  void start();

 private:
  void copy_cluster();

  TemporaryDirectory folder_;
  std::optional<std::string> why_;
  pid_t pid_ = -1;
};

}  // namespace reference::stores::postgres
