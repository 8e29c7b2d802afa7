// Variables as a table. Source: CFG-1, CFG-2, SEC-5.
#include "reference/config.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace reference {
namespace {

struct Variable {
  const char* name;
  std::int64_t low;
  std::int64_t high;
  void (*set)(Config&, std::int64_t);
};

constexpr std::int64_t kMegabyte = 1'048'576;

constexpr std::array kVariables{
    Variable{"MESSAGE_BUS_TTL_HOURS", 1, 8'760,
             [](Config& c, std::int64_t v) { c.limits.ttl_default = core::Ms(v * 3'600'000); }},
    Variable{"MESSAGE_BUS_MAX_PAYLOAD_MB", 1, 1'024,
             [](Config& c, std::int64_t v) {
               c.limits.payload_bytes_max = static_cast<std::uint64_t>(v * kMegabyte);
             }},
    Variable{"REFBUS_INLINE_BYTES_MAX", 0, 16 * kMegabyte,
             [](Config& c, std::int64_t v) {
               c.limits.inline_bytes_max = static_cast<std::uint64_t>(v);
             }},
    Variable{"REFBUS_MESSAGE_BYTES_MAX", 65'536, 256 * kMegabyte,
             [](Config& c, std::int64_t v) {
               c.limits.message_bytes_max = static_cast<std::uint64_t>(v);
             }},
    Variable{"REFBUS_ATTEMPTS_MAX", 1, 1'000'000,
             [](Config& c, std::int64_t v) { c.limits.attempts_max = static_cast<int>(v); }},
    Variable{"REFBUS_LEASE_DEFAULT_MS", 100, 3'600'000,
             [](Config& c, std::int64_t v) { c.limits.lease_default = core::Ms(v); }},
    Variable{"REFBUS_BUFFER_BYTES_MAX", 65'536, 1'024 * kMegabyte,
             [](Config& c, std::int64_t v) {
               c.limits.buffer_bytes_max = static_cast<std::uint64_t>(v);
             }},
    Variable{"REFBUS_PING_MS", 300, 3'600'000,
             [](Config& c, std::int64_t v) {
               c.limits.ping = core::Ms(v);
               c.limits.idle = 2 * c.limits.ping;
             }},
    Variable{"REFBUS_HEALTH_INTERVAL_MS", 50, 60'000,
             [](Config& c, std::int64_t v) { c.limits.health_interval = core::Ms(v); }},
    Variable{
        "REFBUS_CHUNK_BYTES", 4'096, 64 * kMegabyte,
        [](Config& c, std::int64_t v) { c.limits.chunk_bytes = static_cast<std::uint64_t>(v); }},
    Variable{"REFBUS_CHUNK_THRESHOLD_BYTES", 4'096, 1'024 * kMegabyte,
             [](Config& c, std::int64_t v) {
               c.limits.chunk_threshold_bytes = static_cast<std::uint64_t>(v);
             }},
    Variable{"REFBUS_UPLOAD_TTL_MS", 100, 30LL * 24 * 3'600'000,
             [](Config& c, std::int64_t v) { c.limits.upload_ttl = core::Ms(v); }},
    Variable{"REFBUS_UPLOADS_MAX", 1, 1'000'000,
             [](Config& c, std::int64_t v) { c.limits.uploads_max = v; }},
    Variable{"REFBUS_PUBLISH_PER_S", 1, 1'000'000,
             [](Config& c, std::int64_t v) { c.limits.publish_per_s = v; }},
    Variable{"REFBUS_CONNECTIONS_MAX", 1, 1'000'000,
             [](Config& c, std::int64_t v) { c.limits.connections_max = v; }},
    Variable{"REFBUS_MESSAGES_MAX", 1, 1'000'000'000,
             [](Config& c, std::int64_t v) { c.limits.messages_max = v; }},
    Variable{"REFBUS_LOSS_WINDOW_MS", 50, 60'000,
             [](Config& c, std::int64_t v) { c.loss_window = core::Ms(v); }},
    Variable{"CIRCUIT_BREAKER_THRESHOLD", 1, 1'000'000,
             [](Config& c, std::int64_t v) { c.limits.breaker.failures = static_cast<int>(v); }},
    Variable{"CIRCUIT_BREAKER_TIMEOUT_SECS", 1, 86'400,
             [](Config& c, std::int64_t v) { c.limits.breaker.open = core::Ms(v * 1'000); }},
    Variable{"REFBUS_CALL_TIMEOUT_MS", 100, 600'000,
             [](Config& c, std::int64_t v) { c.limits.breaker.call_timeout = core::Ms(v); }},
    Variable{"BUSPROOF_CLOCK_OFFSET_MS", 0, 10LL * 365 * 24 * 3'600'000,
             [](Config& c, std::int64_t v) { c.clock_offset = core::Shift(v); }},
};

std::optional<std::int64_t> parse_integer(const std::string& text) {
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

ConfigError wrong(const std::string& name, const std::string& value, const std::string& allowed) {
  return {name + "=" + value + " is not allowed: " + allowed};
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::optional<ConfigError> read_compression(Config& config, Lookup lookup) {
  const std::string name = "MESSAGE_BUS_COMPRESSION";
  if (const auto text = lookup(name)) {
    const auto codec = core::parse_codec(*text);
    if (!codec) return wrong(name, *text, "none, gzip or zstd");
    config.compression = *codec;
  }
  const auto zstd = lookup("REFBUS_ZSTD");
  if (zstd && *zstd != "0" && *zstd != "1") return wrong("REFBUS_ZSTD", *zstd, "0 or 1");
  config.has_zstd = !zstd || *zstd == "1";
  if (!config.has_zstd && config.compression == core::Codec::zstd)
    config.compression = core::Codec::gzip;
  return std::nullopt;
}

std::optional<ConfigError> read_expiry(Config& config, Lookup lookup) {
  const auto ends = lookup("REFBUS_ON_EXPIRY");
  if (ends && *ends != "drop" && *ends != "dead_letter")
    return wrong("REFBUS_ON_EXPIRY", *ends, "drop or dead_letter");
  config.expiry.dead_letters = ends == "dead_letter";
  const auto archive = lookup("REFBUS_ARCHIVE");
  if (archive && *archive != "0" && *archive != "1")
    return wrong("REFBUS_ARCHIVE", *archive, "0 or 1");
  config.expiry.archive = archive == "1";
  return std::nullopt;
}

std::optional<ConfigError> read_tenancy(Config& config, Lookup lookup) {
  const auto text = lookup("REFBUS_TENANCY");
  if (text && *text != "0" && *text != "1") return wrong("REFBUS_TENANCY", *text, "0 or 1");
  config.tenancy = text == "1";
  return std::nullopt;
}

std::optional<ConfigError> read_overflow(Config& config, Lookup lookup) {
  const std::string name = "REFBUS_OVERFLOW";
  const auto text = lookup(name);
  if (!text) return std::nullopt;
  const auto overflow = core::parse_overflow(*text);
  if (!overflow) return wrong(name, *text, "refuse, drop_oldest or drop_newest");
  if (*overflow != core::Overflow::refuse && !config.limits.messages_max)
    return wrong(name, *text, "refuse, unless REFBUS_MESSAGES_MAX says when a queue is full");
  config.limits.overflow = *overflow;
  return std::nullopt;
}

// Switched off, the bus carries inline whatever a message holds.
std::optional<ConfigError> read_switches(Config& config, Lookup lookup) {
  for (const auto& [name, value] :
       {std::pair("MESSAGE_BUS_ENABLED", &config.enabled),
        std::pair("CIRCUIT_BREAKER_ENABLED", &config.limits.breaker.enabled),
        std::pair("FALLBACK_TO_WEBSOCKET", &config.fallback)}) {
    const auto text = lookup(name);
    if (text && *text != "true" && *text != "false") return wrong(name, *text, "true or false");
    *value = !text || *text == "true";
  }
  if (!config.enabled) config.limits.inline_bytes_max = config.limits.message_bytes_max;
  return std::nullopt;
}

constexpr const char* kStores = "sqlite, postgres or redis";

// Neither a hash tag nor a pattern may come of it.
bool is_prefix(const std::string& text) {
  constexpr std::string_view kPunctuation = "_.:/-";
  const auto plain = [&](unsigned char c) {
    return (c < 128 && std::isalnum(c) != 0) ||
           kPunctuation.find(static_cast<char>(c)) != kPunctuation.npos;
  };
  return !text.empty() && text.size() <= 100 && std::all_of(text.begin(), text.end(), plain);
}

std::optional<ConfigError> read_redis(Config& config, Lookup lookup) {
  if (const auto url = lookup("REDIS_URL")) {
    auto address = stores::redis::parse_url(*url);
    // Not the value: it may hold a password.
    if (const auto* shape = std::get_if<std::string>(&address))
      return ConfigError{"REDIS_URL is not allowed: " + *shape};
    config.redis = std::get<stores::redis::Address>(std::move(address));
  }
  if (const auto prefix = lookup("REFBUS_REDIS_PREFIX")) {
    if (!is_prefix(*prefix))
      return wrong("REFBUS_REDIS_PREFIX", *prefix, "1 to 100 letters, digits and any of _ . : / -");
    config.redis_prefix = *prefix;
  }
  return std::nullopt;
}

// A PostgreSQL database that is named is used, unless another store is asked for.
std::optional<ConfigError> read_stores(Config& config, Lookup lookup) {
  config.postgres = {lookup("SUPABASE_URL").value_or(""), lookup("SUPABASE_KEY").value_or(""),
                     lookup("REFBUS_SCHEMA").value_or("")};
  const auto name =
      lookup("REFBUS_STORE").value_or(config.postgres.address.empty() ? "sqlite" : "postgres");
  const auto store = parse_store(name);
  if (!store) return wrong("REFBUS_STORE", name, kStores);
  config.store = *store;
  if (const auto payloads = lookup("REFBUS_PAYLOAD_STORE")) {
    config.payload_store = parse_store(*payloads);
    if (!config.payload_store) return wrong("REFBUS_PAYLOAD_STORE", *payloads, kStores);
  }
  return read_redis(config, lookup);
}

std::optional<ConfigError> read_durability(Config& config, Lookup lookup) {
  const std::string name = "REFBUS_DURABILITY";
  const auto text = lookup(name).value_or("power_loss");
  if (text != "power_loss" && text != "process_crash")
    return wrong(name, text, "power_loss or process_crash");
  config.power_loss = text == "power_loss";
  return std::nullopt;
}

std::optional<ConfigError> read_control(Config& config, Lookup lookup) {
  const auto on = lookup("BUSPROOF_CONTROL");
  if (on && *on != "0" && *on != "1") return wrong("BUSPROOF_CONTROL", *on, "0 or 1");
  config.control_token = lookup("BUSPROOF_CONTROL_TOKEN").value_or("");
  if (!on || *on == "0") return std::nullopt;
  auto address =
      parse_address("BUSPROOF_CONTROL_LISTEN", lookup("BUSPROOF_CONTROL_LISTEN").value_or(""));
  if (auto* error = std::get_if<ConfigError>(&address)) return *error;
  config.control = std::get<server::Address>(address);
  return std::nullopt;
}

}  // namespace

std::variant<server::Address, ConfigError> parse_address(const std::string& what,
                                                         const std::string& text) {
  const auto error = wrong(what, text, "HOST:PORT with a port of 0..65535");
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return error;
  const auto port = parse_integer(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65'535) return error;
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return error;
  return server::Address{host, static_cast<std::uint16_t>(*port)};
}

std::optional<ConfigError> read_environment(Config& config, Lookup lookup) {
  for (const auto& variable : kVariables) {
    const auto text = lookup(variable.name);
    if (!text) continue;
    const auto value = parse_integer(*text);
    if (!value || *value < variable.low || *value > variable.high)
      return wrong(
          variable.name, *text,
          "a whole number, " + std::to_string(variable.low) + ".." + std::to_string(variable.high));
    variable.set(config, *value);
  }
  if (config.limits.chunk_threshold_bytes < config.limits.chunk_bytes)
    return wrong("REFBUS_CHUNK_THRESHOLD_BYTES",
                 std::to_string(config.limits.chunk_threshold_bytes),
                 "at least REFBUS_CHUNK_BYTES");
  if (auto error = read_switches(config, lookup)) return error;
  if (auto error = read_expiry(config, lookup)) return error;
  if (auto error = read_overflow(config, lookup)) return error;
  if (auto error = read_tenancy(config, lookup)) return error;
  if (auto error = read_compression(config, lookup)) return error;
  if (auto error = read_durability(config, lookup)) return error;
  if (auto error = read_stores(config, lookup)) return error;
  if (auto error = read_access(config.access, lookup)) return ConfigError{*error};
  return read_control(config, lookup);
}

std::optional<StoreKind> parse_store(std::string_view name) {
  if (name == "sqlite") return StoreKind::sqlite;
  if (name == "postgres") return StoreKind::postgres;
  if (name == "redis") return StoreKind::redis;
  return std::nullopt;
}

bool uses(const Config& config, StoreKind kind) {
  return config.store == kind || config.payload_store.value_or(config.store) == kind;
}

std::optional<ConfigError> check(const Config& config) {
  if (uses(config, StoreKind::postgres) && config.postgres.address.empty())
    return ConfigError{"SUPABASE_URL= is not allowed: the PostgreSQL store needs an address"};
  if (!uses(config, StoreKind::sqlite) && !config.power_loss)
    return wrong("REFBUS_DURABILITY", "process_crash",
                 "power_loss; what else a server may lose, it says itself");
  if (config.store == StoreKind::redis && config.expiry.archive)
    return wrong("REFBUS_ARCHIVE", "1", "0 with queues on Redis, which has no archive");
  if (!config.insecure && !config.access.authority && !is_loopback(config.listen.host))
    return wrong("--listen", config.listen.host,
                 "a loopback address, unless REFBUS_AUTH demands tokens or --insecure says that "
                 "anyone may connect");
  if (!config.control) return std::nullopt;
  if (!is_loopback(config.control->host))
    return wrong("--control", config.control->host, "a loopback address");
  if (config.control_token.empty())
    return ConfigError{"BUSPROOF_CONTROL_TOKEN= is not allowed: the control hooks need a token"};
  return std::nullopt;
}

}  // namespace reference
