#include "reference/server/stream.hpp"

#include <openssl/ssl.h>

#include <boost/asio/append.hpp>
#include <boost/asio/dispatch.hpp>

namespace reference::server {

void Stream::read(const Buffers<boost::asio::mutable_buffer>& into, Handler handler) {
  if (auto* const tls = this->tls()) return tls->async_read_some(into, std::move(handler));
  std::get<Socket>(way_).async_read_some(into, std::move(handler));
}

void Stream::write(const Buffers<boost::asio::const_buffer>& from, Handler handler) {
  if (auto* const tls = this->tls()) return tls->async_write_some(from, std::move(handler));
  std::get<Socket>(way_).async_write_some(from, std::move(handler));
}

void Stream::async_farewell(boost::asio::any_completion_handler<void(Error)> handler) {
  auto* const tls = this->tls();
  if (tls == nullptr)
    return boost::asio::dispatch(get_executor(), boost::asio::append(std::move(handler), Error()));
  SSL_set_shutdown(tls->native_handle(), SSL_RECEIVED_SHUTDOWN);
  tls->async_shutdown(std::move(handler));
}

}  // namespace reference::server
