#include "reference/bench/own_server.hpp"

#include <cstdlib>
#include <optional>
#include <stdexcept>

namespace reference::bench {
namespace {

void name(const char* variable, const std::string& address) {
  ::setenv(variable, address.c_str(), 1);
}

void demand(const std::optional<std::string>& why) {
  if (why) throw std::runtime_error("no server: " + *why);
}

}  // namespace

OwnServer::OwnServer(const std::string& store) {
  if (store == "postgres" && std::getenv("SUPABASE_URL") == nullptr) {
    postgres_ = std::make_unique<stores::postgres::LocalServer>();
    demand(postgres_->why());
    name("SUPABASE_URL", postgres_->address());
  }
  if (store == "redis" && std::getenv("REDIS_URL") == nullptr) {
    redis_ = std::make_unique<stores::redis::TestServer>();
    demand(redis_->start());
    name("REDIS_URL", redis_->url());
  }
}

}  // namespace reference::bench
