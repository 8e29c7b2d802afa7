// Listening: topic subscriptions that wait together.
//
// Threads: one.
#pragma once

#include <utility>
#include <vector>

#include "suites/stage/stage.hpp"

namespace busproof::families {

class Listening {
 public:
  explicit Listening(stage::Stage& stage) : stage_(stage) {}

  void subscribe(targets::Session& session, const std::string& topic);
  void subscribe_pattern(targets::Session& session, const std::string& pattern);

  /// Publishes a last message to the topic and waits until every subscription by that name has it;
  /// false when one never got it.
  bool fence(targets::Session& publisher, const std::string& topic);

  /// Waits until the subscription by that pattern has that message; false when it never came.
  bool wait_for(const std::string& pattern, const targets::Published& message);

 private:
  struct Open {
    targets::Session* session;
    targets::Subscribed subscription;
    std::string name;
  };
  bool has(const Open& open, std::uint32_t message);

  stage::Stage& stage_;
  std::vector<Open> open_;
};

}  // namespace busproof::families
