// Consumer: acks what comes on one subscription, as it comes; what a topic brings needs no ack.
//
// Threads: one.
#pragma once

#include <set>

#include "suites/stage/stage.hpp"

namespace busproof::families {

class Consumer {
 public:
  /// The first `skip` deliveries are somebody else's to settle.
  Consumer(stage::Stage& stage, targets::Session& session, targets::Subscribed subscription,
           std::size_t skip = 0)
      : stage_(stage), session_(session), subscription_(std::move(subscription)), acked_(skip) {}

  /// Acks until `enough` holds of all deliveries so far; false when nothing new came for as long as
  /// the stage is patient.
  bool until(const targets::Session::Enough& enough);

  /// The same, for no longer than `limit` in all.
  bool within(stage::milliseconds limit, const targets::Session::Enough& enough);

  /// Acks until `count` deliveries have come.
  bool count(std::size_t count);

  /// Publishes the fence, then acks until it has come.
  bool fence(const std::string& destination, const std::string& mode = "queue");

 private:
  void ack(const std::vector<targets::Delivered>& fresh);

  stage::Stage& stage_;
  targets::Session& session_;
  targets::Subscribed subscription_;
  std::size_t acked_;
};

/// Subscribes with a lease of about that long and acks what comes, until all of those messages have
/// come or nothing more does; then up to a fence.
void take_all(stage::Stage& stage, targets::Session& session, const std::string& destination,
              std::set<std::uint32_t> missing, std::int64_t lease_ms = 1000);

/// How many different messages those deliveries are of.
std::size_t messages_in(const std::vector<targets::Delivered>& deliveries);

/// Publishes `count` small messages to `destination`, many under way at once. All must be accepted.
std::vector<targets::Published> publish_many(stage::Stage& stage, targets::Session& session,
                                             const std::string& destination, std::size_t count);

/// A breaker that was opened may stay so for its time: by the clock of the bus that is over.
/// Whether the bus could tell so to a store that fails is no matter here.
void let_breaker_close(stage::Stage& stage);

/// How long the bus may take to accept again once what it needs is there again.
stage::milliseconds recovery_of(const stage::Stage& stage);

/// Publishes until one is accepted, the connection has ended, or the bus has had that long and
/// more. Adds those that were accepted.
void publish_until_accepted(stage::Stage& stage, targets::Session& session,
                            const std::string& destination, stage::milliseconds limit,
                            std::set<std::uint32_t>& accepted);

/// The lease to ask for, near `wanted_ms`; nothing where the bus' leases have no term.
std::optional<std::int64_t> lease_for(const stage::Stage& stage, std::int64_t wanted_ms);

}  // namespace busproof::families
