// EVALSHA first: a script's text goes over once for each life of the server.
#include "reference/stores/redis/script.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <string_view>

namespace reference::stores::redis {
namespace {

// The name that Redis gives a script.
std::string sha1(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha1(), nullptr);
  std::string name;
  for (unsigned int i = 0; i < size; ++i) name += fmt::format("{:02x}", bytes.at(i));
  return name;
}

}  // namespace

Script::Script(const char* text) : text_(text), digest_(sha1(text)) {}

Command Script::call(const std::string& key) const { return Command{"EVALSHA", digest_, "1", key}; }

core::Result<Reply> Script::run(Connection& connection, Command command) const {
  auto reply = connection.exchange(command);
  if (reply && reply->is_error() && reply->text.starts_with("NOSCRIPT")) {
    command.replace(0, "EVAL");
    command.replace(1, text_);
    reply = connection.exchange(command);
  }
  if (reply && reply->is_error()) return tl::unexpected(refused(*reply));
  return reply;
}

}  // namespace reference::stores::redis
