// The target file: how to start, reach and inspect a bus, as YAML.
//
// Errors: parse() names the file, the line and the key, and what is allowed there.
// Source: the protocol document, section "The target file".
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "suites/contract/result.hpp"
#include "suites/targets/stores.hpp"
#include "suites/targets/tokens.hpp"
#include "suites/targets/trust.hpp"

namespace busproof::targets {

using Environment = std::map<std::string, std::string>;

/// When a launched bus counts as up; beyond it bus/hello must be answered.
struct Ready {
  enum class How : std::uint8_t { hello, tcp, http, log, command };
  How how = How::hello;
  std::string what;  ///< Address, URL or regular expression.
  std::vector<std::string> command;
  std::chrono::milliseconds within{10'000};
};

struct Launch {
  std::vector<std::string> command;
  Environment env;
  Ready ready;
  bool faketime = false;  ///< Its wall clock may be held by preloading libfaketime.
};

struct Connect {
  enum class How : std::uint8_t {
    websocket,
    tcp,
    unix_socket,
    stdio,         ///< A client adapter, started anew for each connection.
    stdio_launch,  ///< The launched process' own stdin and stdout: one connection.
  };
  How how = How::websocket;
  std::string address = {};               ///< URL, HOST:PORT or path.
  std::vector<std::string> command = {};  ///< stdio
  Environment env = {};
};

/// Data of an older schema: fresh stores are made of it, and a start takes it over.
struct Older {
  std::string name, destination;
  /// What makes it, all of it, by backend: SQL or scripts of Lua, one after the other.
  std::map<std::string, std::vector<std::string>> put;
  std::map<std::string, std::string> waiting;  ///< What the group "default" is owed: payloads, text
                                               ///< by transaction id.
  std::map<std::string, std::string> dead;     ///< Its dead letters, likewise.
  std::vector<std::string> acked;              ///< What it is done with: transaction ids.
};

/// A store of the bus that can be reached without the bus: its file, or a server that is started
/// for it.
struct Backend {
  enum class Kind : std::uint8_t { sqlite, postgres, redis };
  Kind kind = Kind::sqlite;
  std::string where;  ///< The database's file; of a server, once it was started, the URL.
  std::map<std::string, std::string> settings = {};  ///< The server's own: "fsync" to "off".
  std::string image = {};                            ///< Of its container; empty: the pinned one.
  std::vector<std::string> holds;                    ///< "payloads", "queues", "topics"
  std::map<std::string, std::string> corrupt;  ///< "payload.flip" to the statements that do it.
  std::string rows;     ///< Counts what finished work may not leave; empty: every row there is.
  std::string archive;  ///< The query that finds a swept message, $1; empty: none is told.
};

/// Pages that the bus shows over HTTP; an empty path: it has no such page.
struct Http {
  std::string base;              ///< http://HOST:PORT or https://...
  std::string live;              ///< /livez
  std::string ready;             ///< /readyz
  std::string metrics;           ///< /metrics
  std::string connections;       ///< /ws/connections, and below it each one's own
  std::string connection_stats;  ///< /ws/stats
};

/// The names under which the metrics page shows what a bus is watched by; an empty one: it does not
/// say.
struct Signs {
  std::string fallbacks, breaker, latency;
};

/// A target as written; ${...} is still to be substituted.
struct TargetFile {
  std::string name;
  std::string origin = {};       ///< The file's name, for messages; empty where it is no file.
  std::filesystem::path folder;  ///< What relative paths are relative to.
  std::optional<Launch> launch;
  Connect connect;
  std::string control;                 ///< WebSocket URL of the control endpoint; empty: none.
  bool control_on_connection = false;  ///< Lines: control methods on the same connection.
  Http http;
  Tls tls;                   ///< For those of these addresses that are wss:// or https://.
  std::optional<Auth> auth;  ///< Tokens that it demands: as auth.on where there is that variant.
  int nodes = 1;             ///< How many such processes may serve the same stores as one bus.
  std::map<std::string, Environment> variants;
  /// What its documentation says of limits where nothing is set; nothing: none.
  std::map<std::string, std::optional<std::int64_t>> defaults;
  Signs signs;
  std::map<std::string, Backend> backends;
  std::vector<Older> older;  ///< What the backends can be made anew of, for a start to take over.
  std::string profile;       ///< Empty: the default.

  /// The servers among the backends, shared by all copies: what is started once stays.
  std::shared_ptr<Stores> stores = std::make_shared<Stores>();
};

/// Files that it names are taken from `beside`, by the names that it calls them, where they are
/// there, else read.
contract::Result<TargetFile> parse_target(const std::string& text, const std::string& origin,
                                          const std::filesystem::path& folder,
                                          const Environment& beside = {});

/// Reads and parses.
contract::Result<TargetFile> read_target(const std::filesystem::path& path);

/// Replaces every ${name}; fails on a name that `values` does not hold.
contract::Result<std::string> substitute(const std::string& text, const Environment& values);

}  // namespace busproof::targets
