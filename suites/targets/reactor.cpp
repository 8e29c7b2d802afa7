#include "suites/targets/reactor.hpp"

#include <future>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace busproof::targets {

struct Reactor::Loop {
  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      boost::asio::make_work_guard(context)};
  std::thread thread{[this] { context.run(); }};
};

Reactor::Reactor() : loop_(std::make_unique<Loop>()) {}

Reactor::~Reactor() {
  loop_->work.reset();
  loop_->context.stop();
  loop_->thread.join();
}

boost::asio::io_context& Reactor::context() { return loop_->context; }

void Reactor::post(std::function<void()> task) {
  boost::asio::post(loop_->context, std::move(task));
}

void Reactor::run(const std::function<void()>& task) {
  std::promise<void> done;
  post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

bool Reactor::is_this_thread() const {
  return std::this_thread::get_id() == loop_->thread.get_id();
}

}  // namespace busproof::targets
