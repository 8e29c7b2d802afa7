// Recorder: the one way into a history. Numbers operations, messages, deliveries densely.
//
// Threads: every method may be called from several threads at once; take() orders events by the
//          time at which each was seen.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "suites/history/history.hpp"

namespace busproof::history {

/// What an event says in words; the recorder interns them.
struct Words {
  std::string_view destination = {};
  std::string_view error = {};
  std::string_view detail = {};
};

class Recorder {
 public:
  explicit Recorder(Header header);

  std::uint32_t next_session();
  std::uint32_t next_operation();
  std::uint32_t next_message();
  std::uint32_t next_subscription();
  std::uint32_t next_delivery();

  /// Adds an event that happened at `event.at`, or now where that is zero.
  void add(Event event, Words words = {});

  /// Says where the scenario is.
  void mark(std::string_view name, std::uint32_t message = 0);

  /// The claims become known only when the first hello is answered.
  void set_claims(std::string claims, bool over_lines);

  /// From here on what goes over the wire is kept, too: lines for people, no part of the history.
  void keep_wire();
  void wire(std::uint32_t session, bool sent, std::string_view text, Time at = {});
  std::vector<std::string> take_wire();

  /// A copy of the history as it is now.
  History so_far();

  /// Hands the history out and is empty afterwards.
  History take();

 private:
  std::mutex mutex_;
  History history_;
  bool keeps_wire_ = false;
  std::vector<std::string> wire_;
  std::uint32_t sessions_ = 0, operations_ = 0, messages_ = 0, subscriptions_ = 0, deliveries_ = 0;
};

}  // namespace busproof::history
