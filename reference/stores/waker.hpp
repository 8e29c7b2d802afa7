// Waiting for a socket in such a way that another thread can end the wait.
//
// Threads: wake() from any; one waits.
// Errors: where the system gives no descriptor, a wait takes its whole time.
#pragma once

#include "reference/core/ids.hpp"

namespace reference::stores {

class Waker {
 public:
  Waker();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  /// From here on nothing is waited for any more.
  void wake() const;

  /// Waits until `socket` can be read, at most for `at_most`. With -1 for none it only waits.
  /// Whether it can be read, or has ended.
  [[nodiscard]] bool wait(int socket, core::Ms at_most) const;

 private:
  int descriptor_;
};

}  // namespace reference::stores
