// Reactor: the one thread on which all of the harness' connections do their input and output.
//
// Asio stays out of this header: half of the harness includes it.
//
// Threads: post() from any; what is posted runs on the reactor's thread, in order.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace busproof::targets {

class Reactor {
 public:
  Reactor();
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  boost::asio::io_context& context();

  void post(std::function<void()> task);

  /// Runs `task` on the reactor's thread and waits for it; never call it from there.
  void run(const std::function<void()>& task);

  [[nodiscard]] bool is_this_thread() const;

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace busproof::targets
