// Hears one channel's notifications, on a connection that does nothing else.
//
// libpq itself: libpqxx gives out no notification while it has a transaction open, and the bus'
// connections always have.
// Threads: one at a time. Every wait ends at the waker's word.
// Errors: a false means that the connection is gone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reference/core/ids.hpp"
#include "reference/stores/waker.hpp"

struct pg_conn;

namespace reference::stores::postgres {

class Listener {
 public:
  /// `dsn` as complete_dsn() makes it; `waker` must outlive the listener.
  Listener(std::string dsn, const Waker& waker) : dsn_(std::move(dsn)), waker_(waker) {}

  /// Connects anew and listens on the channel of its schema.
  bool open();

  /// Waits for notifications, at most for `at_most`, and adds what they say. Where none came it
  /// asks the server whether it is there.
  bool wait(core::Ms at_most, std::vector<std::string>& said);
  void close() { link_.reset(); }

 private:
  bool execute(const char* sql);
  struct Finish {
    void operator()(pg_conn* link) const;
  };
  std::string dsn_;
  const Waker& waker_;
  std::unique_ptr<pg_conn, Finish> link_;
};

}  // namespace reference::stores::postgres
