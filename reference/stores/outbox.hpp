// What a relay has still to say. What gathers while it is speaking goes out together.
//
// Threads: any; one takes.
// Errors: none; beyond kBytesMax topic messages are dropped, the oldest first.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace reference::stores {

class Outbox {
 public:
  static constexpr std::size_t kBytesMax = 64UL * 1'048'576;

  struct Batch {
    std::set<std::string> rings;  ///< destinations, each once
    std::deque<std::string> tells;
  };

  void ring(std::string_view destination);
  void tell(std::string text);

  /// Waits for something to say. False once it is over and all was taken.
  bool take(Batch& batch);
  void end();
  [[nodiscard]] bool ending() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Batch gathered_;
  std::size_t bytes_ = 0;
  bool ending_ = false;
};

}  // namespace reference::stores
