// The sessions of a server by their connections' numbers.
//
// Threads: any.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "reference/server/session.hpp"

namespace reference::server {

class Sessions : public Roster, public executor::Outlet {
 public:
  explicit Sessions(executor::Executor& executor) : executor_(executor) {}

  core::Conn add(const std::shared_ptr<Session>& session, core::Role role,
                 std::string token) override;
  void remove(core::Conn conn) override;
  void send(core::Conn conn, std::string text) override;
  void cut_off(core::Conn conn, std::string last) override;
  void throttle(core::Conn conn, bool paused) override;

  /// `when_empty` is called once no session is left, maybe at once.
  void close_all(std::function<void()> when_empty);

 private:
  std::shared_ptr<Session> find(core::Conn conn);

  executor::Executor& executor_;
  std::mutex mutex_;
  std::map<core::Conn, std::shared_ptr<Session>> sessions_;
  std::uint64_t next_ = 1;
  std::function<void()> when_empty_;
};

}  // namespace reference::server
