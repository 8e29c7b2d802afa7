// Where a measurement's bus keeps what it is given, and what it takes to write there by hand.
//
// Threads: one at a time. Errors: std::runtime_error where the environment is wrong, a Failure
// where PostgreSQL is.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reference/config.hpp"
#include "reference/stores/postgres/connection.hpp"

namespace reference::bench {

std::optional<std::string> from_environment(const std::string& name);

/// The numbers on the command line; 64 and 512 where there are none.
std::vector<int> windows_of(int argc, char** argv);

/// As the environment says: on SQLite below `folder`; on PostgreSQL in a schema, on Redis behind a
/// prefix of its own.
Config config_of(const std::filesystem::path& folder);

/// The schema of one measurement on PostgreSQL, gone with it; nothing elsewhere.
class Scratch {
 public:
  explicit Scratch(const Config& config);
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  /// Commits a second, one INSERT of so many bytes after the other; nothing but on PostgreSQL.
  std::optional<double> one_by_one(std::size_t bytes);

 private:
  void drop();
  std::string schema_;
  std::unique_ptr<stores::postgres::Connection> connection_;
};

}  // namespace reference::bench
