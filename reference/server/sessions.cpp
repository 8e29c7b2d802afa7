#include "reference/server/sessions.hpp"

namespace reference::server {

core::Conn Sessions::add(const std::shared_ptr<Session>& session, core::Role role,
                         std::string token) {
  core::Conn conn{};
  {
    const std::lock_guard lock(mutex_);
    conn = core::Conn{next_++};
    sessions_.emplace(conn, session);
  }
  executor_.opened(conn, role, std::move(token));
  return conn;
}

void Sessions::remove(core::Conn conn) {
  executor_.closed(conn);
  const std::lock_guard lock(mutex_);
  sessions_.erase(conn);
  if (sessions_.empty() && when_empty_) when_empty_();
}

void Sessions::send(core::Conn conn, std::string text) {
  if (const auto session = find(conn)) session->send(std::move(text));
}

void Sessions::cut_off(core::Conn conn, std::string last) {
  if (const auto session = find(conn)) session->cut_off(std::move(last));
}

void Sessions::throttle(core::Conn conn, bool paused) {
  if (const auto session = find(conn)) session->throttle(paused);
}

void Sessions::close_all(std::function<void()> when_empty) {
  const std::lock_guard lock(mutex_);
  when_empty_ = std::move(when_empty);
  for (const auto& [conn, session] : sessions_) session->go_away();
  if (sessions_.empty()) when_empty_();
}

std::shared_ptr<Session> Sessions::find(core::Conn conn) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(conn);
  return found == sessions_.end() ? nullptr : found->second;
}

}  // namespace reference::server
