// The command line, by CLI11; the only file that includes it.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "reference/config.hpp"

namespace reference {
namespace {

std::optional<std::string> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

int usage(const std::string& message) {
  std::cerr << "refbus: " << message << '\n';
  return kExitUsage;
}

}  // namespace

std::variant<Config, int> read_options(int argc, const char* const* argv) {
  Config config;
  std::string listen;
  std::string control;
  std::string store;
  CLI::App app(
      "refbus: a message bus with queues, topics and stored payloads, on SQLite, PostgreSQL or "
      "Redis",
      "refbus");
  app.add_option("--listen", listen, "HOST:PORT to serve on; port 0 takes any")
      ->default_str("127.0.0.1:7077");
  app.add_option("--data", config.data, "directory of the SQLite database")->capture_default_str();
  app.add_option("--store", store,
                 "sqlite, postgres or redis; left out: postgres where SUPABASE_URL names a "
                 "database");
  app.add_option("--control", control,
                 "HOST:PORT of the test hooks, off by default; their token is "
                 "BUSPROOF_CONTROL_TOKEN");
  app.add_flag("--insecure", config.insecure, "allow other than loopback addresses");
  app.footer(
      "Environment: SUPABASE_URL (postgresql://USER@HOST:PORT/DATABASE), SUPABASE_KEY (its "
      "password),\n"
      "REFBUS_SCHEMA (of a bus that shares its database with others), REFBUS_STORE,\n"
      "MESSAGE_BUS_ENABLED (true; false: all goes inline), MESSAGE_BUS_TTL_HOURS "
      "(48),\n"
      "MESSAGE_BUS_MAX_PAYLOAD_MB (100; 1 MB is 1048576 bytes), MESSAGE_BUS_COMPRESSION (gzip; "
      "none,\n"
      "zstd), REFBUS_ZSTD=0 to do without zstd, REFBUS_DURABILITY (power_loss; process_crash: a "
      "power\n"
      "cut may lose what was accepted in the last REFBUS_LOSS_WINDOW_MS, 500),\n"
      "CIRCUIT_BREAKER_ENABLED (true), CIRCUIT_BREAKER_THRESHOLD (5 failures in a row),\n"
      "CIRCUIT_BREAKER_TIMEOUT_SECS (60 open), FALLBACK_TO_WEBSOCKET (true; false: what can't be\n"
      "stored is refused), REFBUS_CALL_TIMEOUT_MS (8000),\n"
      "REFBUS_INLINE_BYTES_MAX, REFBUS_MESSAGE_BYTES_MAX, REFBUS_CHUNK_BYTES,\n"
      "REFBUS_CHUNK_THRESHOLD_BYTES, REFBUS_UPLOAD_TTL_MS (3600000 from the last part on),\n"
      "REFBUS_UPLOADS_MAX (1000), REFBUS_BUFFER_BYTES_MAX, REFBUS_ATTEMPTS_MAX,\n"
      "REFBUS_LEASE_DEFAULT_MS, REFBUS_PING_MS (30000; a peer silent for twice that is dropped),\n"
      "REFBUS_HEALTH_INTERVAL_MS (1000), REFBUS_PUBLISH_PER_S, REFBUS_CONNECTIONS_MAX,\n"
      "REFBUS_MESSAGES_MAX (any number), REFBUS_OVERFLOW (refuse; drop_oldest, drop_newest),\n"
      "REFBUS_ON_EXPIRY (drop; dead_letter), REFBUS_ARCHIVE=1 to archive what expires,\n"
      "REFBUS_TENANCY=1 to tell sessions apart as tenants, REFBUS_STORE as --store,\n"
      "REFBUS_PAYLOAD_STORE (the same one), REDIS_URL (redis://127.0.0.1:6379) and\n"
      "REFBUS_REDIS_PREFIX (refbus:) of all keys there, REFBUS_AUTH (none; HS256 with\n"
      "REFBUS_AUTH_SECRET, RS256 or ES256 with REFBUS_AUTH_KEY, a file with the public key: "
      "tokens\n"
      "are demanded), REFBUS_AUTH_AUDIENCE and REFBUS_AUTH_ISSUER that they must be of,\n"
      "REFBUS_ORIGINS (any; a list with commas) that pages may connect from, REFBUS_TLS_CERT and\n"
      "REFBUS_TLS_KEY (files of PEM: wss:// and https:// instead of ws:// and http:// on every "
      "port),\n"
      "REFBUS_TLS_CLIENT_CA (only clients with a certificate of one of these); for tests\n"
      "BUSPROOF_CONTROL=1 with BUSPROOF_CONTROL_LISTEN, BUSPROOF_CONTROL_TOKEN and "
      "BUSPROOF_CLOCK_OFFSET_MS.\n"
      "Flags win over variables.");
  app.set_version_flag("--version", std::string("refbus ") + kVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error, std::cout, std::cerr);
    return code == 0 ? 0 : kExitUsage;
  }
  if (const auto error = read_environment(config, from_environment)) return usage(error->message);
  for (const auto& [flag, text] :
       {std::pair("--listen", listen), std::pair("--control", control)}) {
    if (text.empty()) continue;
    auto address = parse_address(flag, text);
    if (const auto* error = std::get_if<ConfigError>(&address)) return usage(error->message);
    if (std::string_view(flag) == "--listen")
      config.listen = std::get<server::Address>(address);
    else
      config.control = std::get<server::Address>(address);
  }
  if (!store.empty()) {
    const auto named = parse_store(store);
    if (!named) return usage("--store=" + store + " is not allowed: sqlite, postgres or redis");
    config.store = *named;
  }
  if (const auto error = check(config)) return usage(error->message);
  return config;
}

}  // namespace reference
