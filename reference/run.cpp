// Putting the parts together. Source: DUR-6, DUR-8, END-6.
#include "reference/run.hpp"

#include <csignal>
#include <iostream>

#include "reference/executor/executor.hpp"
#include "reference/executor/log.hpp"
#include "reference/executor/random.hpp"
#include "reference/stores/clock.hpp"
#include "reference/stores/sqlite/database.hpp"
#include "reference/stores/sqlite/payload_store.hpp"
#include "reference/stores/sqlite/queue_store.hpp"

namespace reference {
namespace {

const stores::Clock& system_clock() {
  static const stores::SystemClock clock;
  return clock;
}

core::Settings settings_of(const Config& config) {
  core::Settings settings;
  settings.limits = config.limits;
  settings.compression = config.compression;
  settings.has_zstd = config.has_zstd;
  settings.enabled = config.enabled;
  settings.fallback = config.fallback;
  settings.expiry = config.expiry;
  settings.version = kVersion;
  settings.durability = config.power_loss ? "power_loss" : "process_crash";
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

std::variant<Seams, int> make_seams(const Config& config) {
  auto database = stores::sqlite::Database::open(config.data, config.power_loss);
  if (!database) return refuse(kExitData, database.error().detail());
  Seams seams;
  // Well within the window: a sync takes its time, too.
  seams.queues = std::make_unique<stores::sqlite::SqliteQueueStore>(
      *database, system_clock(), config.expiry, config.loss_window / 5);
  seams.payloads = std::make_unique<stores::sqlite::SqlitePayloadStore>(*database, system_clock());
  seams.policies = std::make_unique<core::Policies>();
  seams.random = std::make_unique<executor::SystemRandom>();
  return seams;
}

int run(const Config& config, Seams seams) {
  // Nobody may read the log any more; that is no reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  if (config.enabled)
    if (const auto made = seams.payloads->migrate(); !made)
      return refuse(kExitData, config.data + ": " + made.error().detail());
  if (const auto made = seams.queues->migrate(); !made)
    return refuse(kExitData, config.data + ": " + made.error().detail());

  executor::Executor executor(settings_of(config), *seams.queues, *seams.payloads, *seams.policies,
                              *seams.random, seams.edge.get());
  server::Server server({config.listen, config.control, config.limits.message_bytes_max}, executor);
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
