// Who may come in: the origins that pages may connect from, and tokens in HTTP.
//
// A token comes in `Authorization: Bearer TOKEN`, or, since pages cannot set that for a WebSocket,
// as the subprotocol `bearer.TOKEN` beside `busproof.v1`; never in an address, which logs keep.
//
// Threads: any. Errors: none; what is missing or unreadable is not let in.
// Source: SEC-3, SEC-4.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reference/core/policies.hpp"
#include "reference/core/token.hpp"
#include "reference/stores/clock.hpp"

namespace reference::server {

class Gate {
 public:
  using Fields = boost::beast::http::fields;

  /// Without an authority no token is demanded, and without a list any origin may be named.
  /// `policies` and `clock` must outlive the gate.
  Gate(std::shared_ptr<const core::Authority> authority, std::vector<std::string> origins,
       const core::Policies& policies, const stores::Clock& clock);

  /// Who names no origin is no page.
  [[nodiscard]] bool takes_origin(const Fields& fields) const;

  /// The token that the request carries.
  [[nodiscard]] static std::optional<std::string> token_in(const Fields& fields);

  /// Whether the request carries a good token, or needs none.
  [[nodiscard]] bool takes_token(const Fields& fields) const;

  /// The same of a handshake: hello may still bring the token that is missing here.
  [[nodiscard]] bool takes_handshake(const Fields& fields) const;

 private:
  std::shared_ptr<const core::Authority> authority_;
  std::vector<std::string> origins_;
  const core::Policies& policies_;
  const stores::Clock& clock_;
};

/// Calls `take` with each entry of a list as HTTP writes them, until that returns true; whether one
/// did.
template <typename Take>
bool any_in_list(std::string_view list, Take take) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    auto one = list.substr(0, comma);
    while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
    while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
    if (take(one)) return true;
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
  }
  return false;
}

}  // namespace reference::server
