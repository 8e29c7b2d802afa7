// The server that a measurement needs and nobody has named: one of its own, gone with it.
//
// Threads: one at a time, before others are there. Errors: std::runtime_error.
#pragma once

#include <memory>
#include <string>

#include "reference/stores/postgres/local_server.hpp"
#include "reference/stores/redis/test_server.hpp"

namespace reference::bench {

/// Of the store "postgres" or "redis", unless SUPABASE_URL or REDIS_URL names one; that variable
/// names it then. Both write through to the disk. Other stores need none.
class OwnServer {
 public:
  explicit OwnServer(const std::string& store);

 private:
  std::unique_ptr<stores::postgres::LocalServer> postgres_;
  std::unique_ptr<stores::redis::TestServer> redis_;
};

}  // namespace reference::bench
