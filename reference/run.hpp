// refbus as a function: everything that could be done wrongly on purpose is handed in.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "reference/config.hpp"
#include "reference/core/core.hpp"
#include "reference/executor/edge.hpp"
#include "reference/stores/payload_store.hpp"
#include "reference/stores/queue_store.hpp"

namespace reference {

/// The places at which a bus may be altered. `edge` may be null; nothing else may.
struct Seams {
  std::unique_ptr<stores::PayloadStore> payloads;
  std::unique_ptr<stores::QueueStore> queues;
  std::unique_ptr<core::Policies> policies;
  std::unique_ptr<executor::Edge> edge;
  std::unique_ptr<core::Random> random;
  std::string place{};     ///< of the data, for people
  bool power_loss = true;  ///< What a store answered for survives a power cut.
};

/// The shipped bus' seams: both stores in `config.data`/refbus.db, or in the PostgreSQL database
/// that `config` names. An int is the exit code where the data can't be used; why has been written
/// to stderr.
std::variant<Seams, int> make_seams(const Config& config);

/// Serves until a signal; the exit code.
int run(const Config& config, Seams seams);

}  // namespace reference
