#include "reference/server/gate.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>

namespace reference::server {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view kScheme = "Bearer ";
constexpr std::string_view kSubprotocol = "bearer.";

}  // namespace

Gate::Gate(std::shared_ptr<const core::Authority> authority, std::vector<std::string> origins,
           const core::Policies& policies, const stores::Clock& clock)
    : authority_(std::move(authority)),
      origins_(std::move(origins)),
      policies_(policies),
      clock_(clock) {}

bool Gate::takes_origin(const Fields& fields) const {
  if (origins_.empty() || fields.count(http::field::origin) == 0) return true;
  const std::string_view origin = fields[http::field::origin];
  return fields.count(http::field::origin) == 1 &&
         std::any_of(origins_.begin(), origins_.end(), [&](const std::string& listed) {
           return policies_.is_origin(listed, origin);
         });
}

std::optional<std::string> Gate::token_in(const Fields& fields) {
  const std::string_view given = fields[http::field::authorization];
  if (boost::beast::iequals(given.substr(0, kScheme.size()), kScheme))
    return std::string(given.substr(kScheme.size()));
  std::optional<std::string> token;
  any_in_list(fields[http::field::sec_websocket_protocol], [&](std::string_view one) {
    if (one.starts_with(kSubprotocol)) token = one.substr(kSubprotocol.size());
    return token.has_value();
  });
  return token;
}

bool Gate::takes_token(const Fields& fields) const {
  if (!authority_) return true;
  const auto token = token_in(fields);
  return token && std::holds_alternative<core::Bearer>(
                      core::read_token(*authority_, policies_, *token, clock_.now()));
}

bool Gate::takes_handshake(const Fields& fields) const {
  return !token_in(fields) || takes_token(fields);
}

}  // namespace reference::server
