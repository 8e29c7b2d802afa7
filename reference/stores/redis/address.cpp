// URLs by Boost.URL, which knows brackets and percent signs.
#include "reference/stores/redis/address.hpp"

#include <boost/url.hpp>
#include <charconv>

namespace reference::stores::redis {
namespace {

// Servers have 16 of them unless told otherwise, and never this many.
constexpr int kDatabaseMost = 1'000'000;

std::optional<int> parse_number(std::string_view text, int low, int high) {
  int number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return {};
  return number >= low && number <= high ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string Address::text() const {
  const auto where = socket.empty() ? host + ':' + std::to_string(port) : socket;
  return database == 0 ? where : where + " database " + std::to_string(database);
}

std::variant<Address, std::string> parse_url(const std::string& url) {
  const std::string shape =
      "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] or unix:///PATH[?db=DATABASE]";
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return shape;
  Address address;
  std::string database;
  if (parsed->scheme() == "unix") {
    address.socket = std::string(parsed->path());
    const auto asked = parsed->params().find("db");
    if (asked != parsed->params().end()) database = (*asked).value;
    if (address.socket.empty()) return shape;
  } else if (parsed->scheme() == "redis") {
    if (parsed->host().empty()) return shape;
    address.host = parsed->host_address();
    if (parsed->has_port() && !parsed->port().empty()) {
      const auto port = parse_number(std::string(parsed->port()), 1, 65'535);
      if (!port) return shape;
      address.port = static_cast<std::uint16_t>(*port);
    }
    const auto path = std::string(parsed->path());
    if (path.size() > 1) database = path.substr(1);
  } else if (parsed->scheme() == "rediss") {
    return "redis:// or unix://: TLS is not supported, put a tunnel in between";
  } else {
    return shape;
  }
  address.user = parsed->user();
  address.password = parsed->password();
  if (!database.empty()) {
    const auto number = parse_number(database, 0, kDatabaseMost);
    if (!number) return shape;
    address.database = *number;
  }
  return address;
}

}  // namespace reference::stores::redis
