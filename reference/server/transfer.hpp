// What downloads and uploads of the side door share: the connection, its time limit, and answers
// that are not the payload.
#pragma once

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <memory>
#include <optional>
#include <string>

#include "reference/server/side_door.hpp"

namespace reference::server {

namespace http = boost::beast::http;

/// What a fault is in HTTP.
http::status status_of(core::Kind kind);

/// The name behind the side door's path, its escapes undone; empty where it is none.
std::string name_in(std::string_view target);

class Transfer : public std::enable_shared_from_this<Transfer> {
 public:
  Transfer(Line line, const HeaderParser& header, executor::Executor& executor, GiveBack back);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  virtual ~Transfer() = default;
  virtual void start() = 0;

 protected:
  using Response = http::response<http::string_body>;
  using Error = boost::system::error_code;

  /// Asks the core; `then` gets the answer on this connection's strand.
  void ask(core::DoorRequest request, std::function<void(core::DoorAnswer)> then);
  [[nodiscard]] Response response(http::status status) const;
  void refuse(const core::Fault& fault, bool body_unread = false);
  /// Writes it, then gives the connection back, or ends it.
  void finish(Response response);
  void give_back();
  /// From now on the connection has so long for what it does next.
  void limit_time();
  void cut();
  void end();

  Line line_;
  boost::asio::steady_timer timer_;
  executor::Executor& executor_;
  GiveBack back_;
  http::request_header<> request_;
  std::string name_;
  std::optional<std::string> session_;
  bool keep_alive_;

 private:
  void shut();
  void linger();
  std::optional<Response> response_;
  std::array<char, 4096> unread_{};
};

std::shared_ptr<Transfer> make_upload(Line line, HeaderParser& header, executor::Executor& executor,
                                      GiveBack back);

}  // namespace reference::server
