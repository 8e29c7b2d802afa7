#include "reference/stores/redis/cluster.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace reference::stores::redis {

namespace {

// "127.0.0.1:6381". An IPv6 address has colons of its own, and no brackets; the port comes behind
// the last one.
std::optional<Address> place_of(std::string_view text, const Address& asked) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [stop, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (wrong != std::errc() || stop != digits.data() + digits.size() || port == 0)
    return std::nullopt;
  Address address = asked;
  address.socket.clear();
  address.port = port;
  // A node that does not know its own name leaves it out: it is where it was reached.
  const auto host = text.substr(0, colon);
  if (!host.empty() && host != "?") address.host = std::string(host);
  return address;
}

}  // namespace

std::optional<Address> moved_to(std::string_view error, const Address& asked) {
  if (!error.starts_with("MOVED ")) return std::nullopt;
  return place_of(error.substr(error.rfind(' ') + 1), asked);
}

// A line each: id, place@bus port[,name], flags, and what is of no interest here.
std::vector<Address> nodes_in(std::string_view text, const Address& asked) {
  std::vector<Address> nodes;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto first = line.find(' ');
    if (first == std::string_view::npos) continue;
    const auto second = line.substr(first + 1, line.find(' ', first + 1) - first - 1);
    const auto bus = second.find('@');
    if (bus == std::string_view::npos) continue;
    if (auto place = place_of(second.substr(0, bus), asked)) nodes.push_back(std::move(*place));
  }
  return nodes;
}

bool is_passing(std::string_view error) {
  static constexpr std::array<std::string_view, 4> kPassing{"LOADING", "CLUSTERDOWN", "TRYAGAIN",
                                                            "ASK"};
  const auto code = error.substr(0, error.find(' '));
  return std::find(kPassing.begin(), kPassing.end(), code) != kPassing.end();
}

}  // namespace reference::stores::redis
