// refbus as a function: everything that could be done wrongly on purpose is handed in.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "reference/config.hpp"
#include "reference/core/core.hpp"
#include "reference/executor/edge.hpp"
#include "reference/stores/payload_store.hpp"
#include "reference/stores/queue_store.hpp"
#include "reference/stores/relay.hpp"

namespace reference {

/// How much of what was answered survives what, as hello says it.
struct Guarantee {
  std::string durability = "power_loss";
  std::optional<core::Ms> loss_window{};  ///< what a power cut may take; nothing: no bound
};

/// The places at which a bus may be altered. `edge` may be null, and `relay` is where the stores
/// are no other node's; nothing else may.
struct Seams {
  Guarantee guarantee;
  /// What the stores give, asked of those that are servers; null where none is.
  std::function<core::Result<Guarantee>()> survey;
  std::unique_ptr<stores::PayloadStore> payloads;
  std::unique_ptr<stores::QueueStore> queues;
  std::unique_ptr<stores::Relay> relay;
  std::unique_ptr<core::Policies> policies;
  std::unique_ptr<executor::Edge> edge;
  std::unique_ptr<core::Random> random;
};

/// What SQLite is asked to give.
Guarantee asked_of_sqlite(const Config& config);

/// The shipped bus' seams: the stores that the configuration names. An int is the exit code where
/// the data can't be used; why has been written to stderr.
std::variant<Seams, int> make_seams(const Config& config);

/// Serves until a signal; the exit code.
int run(const Config& config, Seams seams);

}  // namespace reference
