// Putting the parts together. Source: DUR-6, DUR-8, END-6.
#include "reference/run.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <iostream>

#include "reference/executor/executor.hpp"
#include "reference/executor/log.hpp"
#include "reference/executor/random.hpp"
#include "reference/stores/clock.hpp"
#include "reference/stores/late.hpp"
#include "reference/stores/postgres/dsn.hpp"
#include "reference/stores/postgres/migration.hpp"
#include "reference/stores/postgres/payload_store.hpp"
#include "reference/stores/postgres/queue_store.hpp"
#include "reference/stores/postgres/relay.hpp"
#include "reference/stores/redis/durability.hpp"
#include "reference/stores/redis/payload_store.hpp"
#include "reference/stores/redis/queue_store.hpp"
#include "reference/stores/redis/relay.hpp"
#include "reference/stores/sqlite/database.hpp"
#include "reference/stores/sqlite/payload_store.hpp"
#include "reference/stores/sqlite/queue_store.hpp"

namespace reference {
namespace {

const stores::Clock& system_clock() {
  static const stores::SystemClock clock;
  return clock;
}

core::Settings settings_of(const Config& config, const Guarantee& guarantee) {
  core::Settings settings;
  settings.limits = config.limits;
  settings.compression = config.compression;
  settings.has_zstd = config.has_zstd;
  settings.enabled = config.enabled;
  settings.fallback = config.fallback;
  settings.tenancy = config.tenancy;
  settings.expiry = config.expiry;
  settings.authority = config.access.authority;
  settings.version = kVersion;
  settings.durability = guarantee.durability;
  settings.loss_window = guarantee.loss_window;
  if (config.control) settings.control_token = config.control_token;
  settings.shift = config.clock_offset;
  settings.unix_ms = static_cast<std::uint64_t>(system_clock().now());
  settings.started = std::chrono::steady_clock::now();
  return settings;
}

int refuse(int code, const std::string& why) {
  std::cerr << "refbus: " << why << '\n';
  return code;
}

// What two stores give together: as much as the weaker one.
Guarantee weaker(const Guarantee& one, const Guarantee& other) {
  constexpr std::array kLevels{"memory", "restart", "process_crash", "power_loss"};
  const auto rank = [&](const Guarantee& guarantee) {
    return std::find(kLevels.begin(), kLevels.end(), guarantee.durability) - kLevels.begin();
  };
  if (rank(one) != rank(other)) return rank(one) < rank(other) ? one : other;
  if (!one.loss_window || !other.loss_window) return one.loss_window ? other : one;
  return *one.loss_window > *other.loss_window ? one : other;
}

StoreKind payloads_in(const Config& config) { return config.payload_store.value_or(config.store); }

// Which data an error speaks of, where its own words don't say.
std::string name_of(const Config& config, StoreKind kind) {
  if (kind == StoreKind::sqlite) return config.data + ": ";
  if (kind == StoreKind::postgres)
    return stores::postgres::shown_dsn(config.postgres.address) + ": ";
  return "";
}

// Puts what lives in SQLite into the seams; an exit code where that cannot be.
std::optional<int> open_sqlite(const Config& config, Seams& seams) {
  auto database = stores::sqlite::Database::open(config.data, config.power_loss);
  if (!database) return refuse(kExitData, database.error().detail());
  if (config.store == StoreKind::sqlite)
    // Well within the window: a sync takes its time, too.
    seams.queues = std::make_unique<stores::sqlite::SqliteQueueStore>(
        *database, system_clock(), config.expiry, config.loss_window / 5);
  if (payloads_in(config) == StoreKind::sqlite)
    seams.payloads =
        std::make_unique<stores::sqlite::SqlitePayloadStore>(*database, system_clock());
  seams.guarantee = weaker(seams.guarantee, asked_of_sqlite(config));
  return std::nullopt;
}

// On a cluster each store asks the node that it is on.
core::Result<Guarantee> survey_redis(const Config& config) {
  std::vector<std::string> homes;
  if (config.store == StoreKind::redis)
    homes.push_back(stores::redis::RedisQueueStore::home(config.redis_prefix));
  if (payloads_in(config) == StoreKind::redis)
    homes.push_back(stores::redis::RedisPayloadStore::home(config.redis_prefix));
  Guarantee all;
  for (auto& home : homes) {
    stores::redis::Connection connection(config.redis);
    connection.home(std::move(home));
    const auto given = stores::redis::read_durability(connection);
    if (!given) return tl::unexpected(given.error());
    all = weaker(all, Guarantee{given->level, given->loss_window});
  }
  return all;
}

void open_redis(const Config& config, Seams& seams, bool keeps) {
  // One for each store: their lanes run side by side.
  const auto connection = [&] { return std::make_shared<stores::redis::Connection>(config.redis); };
  if (config.store == StoreKind::redis) {
    auto queues = std::make_unique<stores::redis::RedisQueueStore>(
        connection(), config.redis_prefix, config.expiry);
    if (!keeps) queues->trust();
    seams.queues = std::move(queues);
    seams.relay = std::make_unique<stores::redis::RedisRelay>(config.redis, config.redis_prefix,
                                                              executor::SystemRandom().next());
  }
  if (payloads_in(config) == StoreKind::redis)
    seams.payloads =
        std::make_unique<stores::redis::RedisPayloadStore>(connection(), config.redis_prefix);
}

core::Result<Guarantee> survey_postgres(const Config& config, const std::string& dsn) {
  const auto server = stores::postgres::survey(dsn);
  const auto named = [&](const std::string& why) {
    return name_of(config, StoreKind::postgres) + why;
  };
  if (!server)
    return tl::unexpected(server.error().away()
                              ? core::StoreError::unreachable(named(server.error().detail()))
                              : core::StoreError::did_not_happen(named(server.error().detail())));
  return server->power_loss ? Guarantee{} : Guarantee{"process_crash", {}};
}

void open_postgres(const Config& config, const std::string& dsn, Seams& seams) {
  if (config.store == StoreKind::postgres) {
    seams.queues = std::make_unique<stores::postgres::PostgresQueueStore>(dsn, config.expiry);
    seams.relay =
        std::make_unique<stores::postgres::PostgresRelay>(dsn, executor::SystemRandom().next());
  }
  if (payloads_in(config) == StoreKind::postgres)
    seams.payloads = std::make_unique<stores::postgres::PostgresPayloadStore>(dsn);
}

// Of all servers together; what is away gives nothing that can be said yet.
core::Result<Guarantee> survey(const Config& config, const std::string& dsn) {
  Guarantee all;
  if (uses(config, StoreKind::sqlite)) all = weaker(all, asked_of_sqlite(config));
  if (uses(config, StoreKind::postgres)) {
    const auto given = survey_postgres(config, dsn);
    if (!given) return given;
    all = weaker(all, *given);
  }
  if (uses(config, StoreKind::redis)) {
    const auto given = survey_redis(config);
    if (!given) return given;
    all = weaker(all, *given);
  }
  return all;
}

// Puts what lives on servers into the seams, be they there or not.
std::optional<int> open_servers(const Config& config, Seams& seams) {
  std::string dsn;
  if (uses(config, StoreKind::postgres)) {
    const auto& place = config.postgres;
    const auto complete =
        stores::postgres::complete_dsn(place.address, place.password, place.schema);
    if (!complete) return refuse(kExitUsage, "SUPABASE_URL: " + complete.error().detail());
    dsn = *complete;
  }
  seams.survey = [config, dsn] { return survey(config, dsn); };
  const auto given = seams.survey();
  if (!given && !given.error().away()) return refuse(kExitUnavailable, given.error().detail());
  seams.guarantee = given ? *given : Guarantee{"memory", {}};
  const bool keeps = !given || (given->durability != "memory" && given->durability != "restart");
  if (uses(config, StoreKind::postgres)) open_postgres(config, dsn, seams);
  if (uses(config, StoreKind::redis)) open_redis(config, seams, keeps);
  return std::nullopt;
}

// A server that is away is asked again with each call that needs it.
bool goes_on_without(std::string_view store, const core::StoreError& error) {
  if (!error.away()) return false;
  executor::log(
      executor::Level::error, "store is away",
      {{"store", store},
       {"detail", error.detail()},
       {"until", "it is there, what needs it is refused, and it is asked again and again"}});
  return true;
}

}  // namespace

Guarantee asked_of_sqlite(const Config& config) {
  return config.power_loss ? Guarantee{} : Guarantee{"process_crash", config.loss_window};
}

std::variant<Seams, int> make_seams(const Config& config) {
  Seams seams;
  if (uses(config, StoreKind::sqlite))
    if (const auto code = open_sqlite(config, seams)) return *code;
  if (uses(config, StoreKind::postgres) || uses(config, StoreKind::redis))
    if (const auto code = open_servers(config, seams)) return *code;
  seams.policies = std::make_unique<core::Policies>();
  seams.random = std::make_unique<executor::SystemRandom>();
  return seams;
}

int run(const Config& config, Seams seams) {
  // Nobody may read the log any more; that is no reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  executor::Executor* running = nullptr;
  const auto opened = [&](std::string_view store) {
    return [&, store]() -> core::Result<void> {
      auto given = seams.survey();
      // One may be there while the other is still away.
      if (!given && !given.error().away()) return tl::unexpected(given.error());
      executor::log(executor::Level::info, "store is there", {{"store", store}});
      if (given) running->promise(given->durability, given->loss_window);
      return {};
    };
  };
  stores::LatePayloads payloads(*seams.payloads, opened("payloads"));
  stores::LateQueues queues(*seams.queues, opened("queues"));
  if (config.enabled)
    if (const auto made = payloads.migrate(); !made && !goes_on_without("payloads", made.error()))
      return refuse(kExitData, name_of(config, payloads_in(config)) + made.error().detail());
  if (const auto made = queues.migrate(); !made && !goes_on_without("queues", made.error()))
    return refuse(kExitData, name_of(config, config.store) + made.error().detail());

  auto settings = settings_of(config, seams.guarantee);
  settings.shared = seams.relay != nullptr;
  settings.uploads = config.enabled && seams.payloads->uploads() != nullptr;
  executor::Executor executor(std::move(settings), queues, payloads, *seams.policies, *seams.random,
                              seams.edge.get(), seams.relay.get());
  running = &executor;
  const server::Bounds bounds{config.limits.message_bytes_max,
                              seams.policies->ping_after(config.limits.ping),
                              seams.policies->drop_after(config.limits.idle)};
  server::ServerSettings served{config.listen, config.control, bounds};
  served.gate = std::make_shared<server::Gate>(config.access.authority, config.access.origins,
                                               *seams.policies, system_clock());
  served.tls = config.access.tls.context;
  server::Server server(std::move(served), executor);
  if (const auto failed = server.open()) return refuse(kExitUnavailable, *failed);
  executor.start(server.outlet());
  boost::json::object where{{"address", server.address()}};
  if (const auto control = server.control_address()) where["control"] = *control;
  if (config.access.tls.context) where["tls"] = true;
  if (const auto& doubt = config.access.tls.warning)
    executor::log(executor::Level::warning, "tls", {{"detail", *doubt}});
  executor::log(executor::Level::info, "listening", std::move(where));
  server.serve();
  executor.end();
  return 0;
}

}  // namespace reference
