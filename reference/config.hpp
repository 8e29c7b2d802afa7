// What refbus is started with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "reference/access.hpp"
#include "reference/core/limits.hpp"
#include "reference/server/server.hpp"
#include "reference/stores/redis/address.hpp"

namespace reference {

inline constexpr const char* kVersion = "0.1.0";

/// Exit codes, as sysexits.h has them.
inline constexpr int kExitUsage = 64;
inline constexpr int kExitData = 65;
inline constexpr int kExitUnavailable = 69;

/// Where payloads or queues live.
enum class StoreKind : std::uint8_t { sqlite, postgres, redis };

/// A PostgreSQL database; `schema` may be empty: the one that the database gives.
struct PostgresPlace {
  std::string address;
  std::string password;
  std::string schema;
};

struct Config {
  server::Address listen{"127.0.0.1", 7077};
  StoreKind store = StoreKind::sqlite;
  std::optional<StoreKind> payload_store;  ///< nothing: where the queues are
  std::string data = "./refbus-data";      ///< of SQLite
  PostgresPlace postgres;
  stores::redis::Address redis;
  std::string redis_prefix = "refbus:";  ///< of all keys, so that buses may share a server
  std::optional<server::Address> control;
  std::string control_token;
  bool insecure = false;
  Access access;
  core::Limits limits;
  core::Expiry expiry;
  core::Codec compression = core::Codec::gzip;
  bool has_zstd = true;
  bool fallback = true;  ///< what can't be stored goes inline while it fits a message
  bool tenancy = false;  ///< a session is a tenant, else a label
  bool enabled = true;   ///< else every payload goes inline and the payload store is left alone
  /// What is answered for survives a power cut; else the end of the process alone.
  bool power_loss = true;
  /// Then a power cut loses nothing that was answered for longer ago than this.
  core::Ms loss_window{500};
  core::Shift clock_offset{0};
};

/// Why the bus does not start: which variable or flag, its value, and what is allowed.
struct ConfigError {
  std::string message;
};

/// `HOST:PORT` or `[HOST]:PORT` with a port of 0..65535.
std::variant<server::Address, ConfigError> parse_address(const std::string& what,
                                                         const std::string& text);

/// Lets the environment's variables change `config`; flags come later and win.
std::optional<ConfigError> read_environment(Config& config, Lookup lookup);

/// `sqlite` or `postgres`.
std::optional<StoreKind> parse_store(std::string_view name);

/// Whether anything lives there.
bool uses(const Config& config, StoreKind kind);

/// What no single value shows: loopback, the control hooks' token.
std::optional<ConfigError> check(const Config& config);

/// The command line over the environment. An int is the exit code of a start that is over: help,
/// version, or a usage error that has been written to stderr.
std::variant<Config, int> read_options(int argc, const char* const* argv);

}  // namespace reference
