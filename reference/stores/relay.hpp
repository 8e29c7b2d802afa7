// What the nodes of one bus tell each other: rings, and topic messages.
//
// A ring is a hint, and may be lost: nodes look by themselves now and then. A topic message goes to
// every other node at most once, those of one node in their order.
// Threads: ring() and tell() from any, and never block; what is heard comes on a thread of the
// relay's own, one thing at a time.
// Errors: none; a server that cannot be reached is tried again until end().
// Source: NODE-1, PUB-9, QUE-21.
#pragma once

#include <string>
#include <string_view>

namespace reference::stores {

class Relay {
 public:
  class Heard {
   public:
    Heard() = default;
    Heard(const Heard&) = delete;
    Heard& operator=(const Heard&) = delete;
    virtual ~Heard() = default;
    virtual void rung(std::string_view destination) = 0;
    virtual void told(std::string_view text) = 0;
    /// Rings may have been missed.
    virtual void roused() = 0;
  };

  Relay() = default;
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  virtual ~Relay() = default;

  /// `heard` must outlive end().
  virtual void start(Heard& heard) = 0;
  virtual void ring(std::string_view destination) = 0;
  virtual void tell(std::string text) = 0;
  /// Says what is still to be said, where that can be done at once, and ends all threads.
  virtual void end() = 0;
};

}  // namespace reference::stores
