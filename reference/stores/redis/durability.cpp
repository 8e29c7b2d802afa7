// CONFIG GET, judged by what Redis does with each setting. Source: DUR-6.
#include "reference/stores/redis/durability.hpp"

namespace reference::stores::redis {
namespace {

// Redis syncs each second, and lets a sync that is under way take one more before it waits.
constexpr core::Ms kEverySecond{2'000};

core::Result<std::string> setting(Connection& connection, const std::string& name) {
  auto reply = connection.exchange(Command{"CONFIG", "GET", name});
  if (!reply) return tl::unexpected(reply.error());
  // A managed server may keep this to itself.
  if (reply->is_error() || reply->items.size() != 2) return std::string();
  return reply->items[1].text;
}

}  // namespace

core::Result<Durability> read_durability(Connection& connection) {
  struct Settings {
    std::string appendonly, appendfsync, skip, save, memory, policy;
  } found;
  for (const auto& [name, value] : {std::pair("appendonly", &found.appendonly),
                                    {"appendfsync", &found.appendfsync},
                                    {"no-appendfsync-on-rewrite", &found.skip},
                                    {"save", &found.save},
                                    {"maxmemory", &found.memory},
                                    {"maxmemory-policy", &found.policy}}) {
    auto told = setting(connection, name);
    if (!told) return tl::unexpected(told.error());
    *value = *told;
  }
  // A server that makes room by dropping keys promises nothing at all.
  const bool drops = found.memory != "0" && found.policy != "noeviction";
  if (drops) return Durability{};
  if (found.appendonly != "yes") return Durability{found.save.empty() ? "memory" : "restart"};
  if (found.appendfsync == "always")
    return Durability{found.skip == "no" ? "power_loss" : "process_crash"};
  if (found.appendfsync == "everysec" && found.skip == "no")
    return Durability{"process_crash", kEverySecond};
  return Durability{"process_crash"};
}

}  // namespace reference::stores::redis
