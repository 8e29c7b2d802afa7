#include "reference/stores/redis/cluster.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace reference::stores::redis {

std::optional<Address> moved_to(std::string_view error, const Address& asked) {
  if (!error.starts_with("MOVED ")) return std::nullopt;
  // An IPv6 address has colons of its own, and no brackets; the port comes behind the last.
  const auto place = error.substr(error.rfind(' ') + 1);
  const auto colon = place.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto digits = place.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [stop, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (wrong != std::errc() || stop != digits.data() + digits.size() || port == 0)
    return std::nullopt;
  Address address = asked;
  address.socket.clear();
  address.port = port;
  // A node that does not know its own name leaves it out: it is where it was reached.
  const auto host = place.substr(0, colon);
  if (!host.empty() && host != "?") address.host = std::string(host);
  return address;
}

bool is_passing(std::string_view error) {
  static constexpr std::array<std::string_view, 4> kPassing{"LOADING", "CLUSTERDOWN", "TRYAGAIN",
                                                            "ASK"};
  const auto code = error.substr(0, error.find(' '));
  return std::find(kPassing.begin(), kPassing.end(), code) != kPassing.end();
}

}  // namespace reference::stores::redis
