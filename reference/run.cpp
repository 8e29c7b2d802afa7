// Putting the parts together. Source: DUR-6, DUR-8, END-6.
#include "reference/run.hpp"

#include <csignal>
#include <iostream>

#include "reference/executor/executor.hpp"
#include "reference/executor/log.hpp"
#include "reference/executor/random.hpp"
#include "reference/stores/clock.hpp"
#include "reference/stores/postgres/dsn.hpp"
#include "reference/stores/postgres/migration.hpp"
#include "reference/stores/postgres/payload_store.hpp"
#include "reference/stores/postgres/queue_store.hpp"
#include "reference/stores/sqlite/database.hpp"
#include "reference/stores/sqlite/payload_store.hpp"
#include "reference/stores/sqlite/queue_store.hpp"

namespace reference {
namespace {

const stores::Clock& system_clock() {
  static const stores::SystemClock clock;
  return clock;
}

core::Settings settings_of(const Config& config, bool power_loss) {
  core::Settings settings;
  settings.limits = config.limits;
  settings.compression = config.compression;
  settings.has_zstd = config.has_zstd;
  settings.enabled = config.enabled;
  settings.expiry = config.expiry;
  settings.version = kVersion;
  settings.durability = power_loss ? "power_loss" : "process_crash";
  if (!config.power_loss) settings.loss_window = config.loss_window;
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

}  // namespace

namespace {

using stores::postgres::PostgresPayloadStore;
using stores::postgres::PostgresQueueStore;

std::optional<int> open_sqlite(const Config& config, Seams& seams) {
  auto database = stores::sqlite::Database::open(config.data, config.power_loss);
  if (!database) return refuse(kExitData, database.error().detail());
  // Well within the window: a sync takes its time, too.
  seams.queues = std::make_unique<stores::sqlite::SqliteQueueStore>(
      *database, system_clock(), config.expiry, config.loss_window / 5);
  seams.payloads = std::make_unique<stores::sqlite::SqlitePayloadStore>(*database, system_clock());
  seams.place = config.data;
  seams.power_loss = config.power_loss;
  return std::nullopt;
}

std::optional<int> open_postgres(const Config& config, Seams& seams) {
  const auto& where = config.postgres;
  const auto dsn = stores::postgres::complete_dsn(where.address, where.password, where.schema);
  if (!dsn) return refuse(kExitUsage, "SUPABASE_URL: " + dsn.error().detail());
  seams.place = stores::postgres::shown_dsn(where.address);
  const auto server = stores::postgres::survey(*dsn);
  if (!server) return refuse(kExitUnavailable, seams.place + ": " + server.error().detail());
  seams.queues = std::make_unique<PostgresQueueStore>(*dsn, config.expiry);
  seams.payloads = std::make_unique<PostgresPayloadStore>(*dsn);
  seams.power_loss = server->power_loss;
  return std::nullopt;
}

}  // namespace

std::variant<Seams, int> make_seams(const Config& config) {
  Seams seams;
  const bool postgres = config.store == Store::postgres;
  if (const auto code = postgres ? open_postgres(config, seams) : open_sqlite(config, seams))
    return *code;
  seams.policies = std::make_unique<core::Policies>();
  seams.random = std::make_unique<executor::SystemRandom>();
  return seams;
}

int run(const Config& config, Seams seams) {
  // Nobody may read the log any more; that is no reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  if (config.enabled)
    if (const auto made = seams.payloads->migrate(); !made)
      return refuse(kExitData, seams.place + ": " + made.error().detail());
  if (const auto made = seams.queues->migrate(); !made)
    return refuse(kExitData, seams.place + ": " + made.error().detail());

  auto settings = settings_of(config, seams.power_loss);
  settings.uploads = config.enabled && seams.payloads->uploads() != nullptr;
  executor::Executor executor(std::move(settings), *seams.queues, *seams.payloads, *seams.policies,
                              *seams.random, seams.edge.get());
  const server::Bounds bounds{config.limits.message_bytes_max,
                              seams.policies->ping_after(config.limits.ping),
                              seams.policies->drop_after(config.limits.idle)};
  server::Server server({config.listen, config.control, bounds}, executor);
  if (const auto failed = server.open()) return refuse(kExitUnavailable, *failed);
  executor.start(server.outlet());
  boost::json::object where{{"address", server.address()}};
  if (const auto control = server.control_address()) where["control"] = *control;
  executor::log(executor::Level::info, "listening", std::move(where));
  server.serve();
  executor.end();
  return 0;
}

}  // namespace reference
