// The servers that a target file asks for: started when the first bus needs them, shared by all
// buses of a run, each bus with a space of its own and proxies of its own before it.
//
// Threads: any number at once.
// Errors:  "unavailable" with what is missing and what it costs; the same again for whoever asks
//          later, without another try.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fixtures/backends/space.hpp"
#include "fixtures/proxy/proxy.hpp"
#include "suites/contract/result.hpp"

namespace busproof::targets {

struct Backend;

/// Where servers are to come from, as the command line says.
struct StoreChoice {
  backends::How how = backends::How::automatic;
  std::string postgres_url, redis_url;
};

/// What one bus has of one server.
struct Lodging {
  std::shared_ptr<backends::Space> space;
  std::unique_ptr<proxy::Proxy> proxy;

  /// Where the bus is to reach it: through the proxy.
  [[nodiscard]] backends::Address for_bus() const;
};

class Stores {
 public:
  void choose(StoreChoice choice) { choice_ = std::move(choice); }

  /// A space and a proxy for one bus. With `shared`, that space once more: for another node.
  contract::Result<Lodging> lodge(const std::string& name, const Backend& wanted,
                                  std::shared_ptr<backends::Space> shared = {});

  /// Servers from where these come from, and none of these.
  [[nodiscard]] std::shared_ptr<Stores> others() const;

  /// "store: PostgreSQL 15.18, a local process", a line for each that was started.
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  using Started = contract::Result<std::shared_ptr<backends::Spaces>>;
  Started start(const std::string& name, const Backend& wanted);

  StoreChoice choice_;
  mutable std::mutex mutex_;
  std::map<std::string, Started> started_;
};

/// What stands in ${NAME_url} and its likes, for a backend of that name.
std::map<std::string, std::string> placeholders(const std::string& name, const Lodging& lodging);

}  // namespace busproof::targets
