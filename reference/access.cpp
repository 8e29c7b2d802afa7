// Source: SEC-3, SEC-4, CFG-2.
#include "reference/access.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace reference {
namespace {

constexpr const char* kAuth = "REFBUS_AUTH";
constexpr const char* kSecret = "REFBUS_AUTH_SECRET";
constexpr const char* kKey = "REFBUS_AUTH_KEY";
constexpr const char* kOrigins = "REFBUS_ORIGINS";

std::optional<std::string> whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file || text.empty()) return std::nullopt;
  return text;
}

// As a browser writes one: a scheme and a host, maybe a port, and nothing behind.
bool is_origin(const std::string& text) {
  const auto scheme = text.find("://");
  if (scheme == text.npos || scheme == 0) return false;
  const auto host = text.substr(scheme + 3);
  const auto plain = [](unsigned char c) { return c > ' ' && c < 127; };
  return !host.empty() && host.find_first_of("/?#@*") == host.npos &&
         std::all_of(text.begin(), text.end(), plain);
}

std::optional<std::string> read_authority(Access& access, Lookup lookup) {
  const auto name = lookup(kAuth).value_or("none");
  if (name == "none") return std::nullopt;
  const auto algorithm = core::parse_algorithm(name);
  if (!algorithm)
    return std::string(kAuth) + "=" + name + " is not allowed: none, HS256, RS256 or ES256";
  const bool shared = *algorithm == core::Algorithm::hs256;
  const auto given = lookup(shared ? kSecret : kKey);
  const auto key = given && !shared ? whole_file(*given) : given;
  if (!key && shared)
    return std::string(kSecret) + "= is not allowed: HS256 needs a secret of at least 32 bytes";
  if (!key)
    return std::string(kKey) + "=" + given.value_or("") + " is not allowed: " + name +
           " needs a file that holds a public key as PEM";
  auto made = core::Authority::make(*algorithm, *key);
  if (const auto* why = std::get_if<std::string>(&made))
    // A file's name may be told, a secret may not.
    return (shared ? std::string(kSecret) : std::string(kKey) + "=" + *given) +
           " is not allowed: " + *why;
  auto& authority = std::get<std::shared_ptr<core::Authority>>(made);
  authority->audience = lookup("REFBUS_AUTH_AUDIENCE");
  authority->issuer = lookup("REFBUS_AUTH_ISSUER");
  access.authority = std::move(authority);
  return std::nullopt;
}

std::optional<std::string> read_origins(Access& access, Lookup lookup) {
  const auto list = lookup(kOrigins);
  if (!list || list->empty()) return std::nullopt;
  std::string_view rest = *list;
  for (;;) {
    const auto comma = rest.find(',');
    const std::string one(rest.substr(0, comma));
    if (!is_origin(one))
      return std::string(kOrigins) + "=" + *list +
             " is not allowed: origins as https://HOST or https://HOST:PORT, with commas between";
    access.origins.push_back(one);
    if (comma == rest.npos) return std::nullopt;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace

std::optional<std::string> read_access(Access& access, Lookup lookup) {
  if (auto wrong = read_authority(access, lookup)) return wrong;
  if (auto wrong = read_origins(access, lookup)) return wrong;
  return read_tls(access.tls, lookup);
}

}  // namespace reference
