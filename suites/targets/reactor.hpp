// Reactor: the one thread on which all of the harness' connections do their input and output.
//
// Threads: post() from any; what is posted runs on the reactor's thread, in order.
#pragma once

#include <future>
#include <memory>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace busproof::targets {

class Reactor {
 public:
  Reactor() : work_(boost::asio::make_work_guard(context_)), thread_([this] { context_.run(); }) {}
  ~Reactor() {
    work_.reset();
    context_.stop();
    thread_.join();
  }
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  boost::asio::io_context& context() { return context_; }

  template <typename Task>
  void post(Task task) {
    boost::asio::post(context_, std::move(task));
  }

  /// Runs `task` on the reactor's thread and waits for it; never call it from there.
  template <typename Task>
  void run(Task task) {
    std::promise<void> done;
    post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace busproof::targets
