#include "suites/targets/stores.hpp"

#include <fmt/format.h>

#include "suites/targets/target_file.hpp"

namespace busproof::targets {
namespace {

using contract::refused;
using contract::Result;

backends::Kind kind_of(const Backend& wanted) {
  return wanted.kind == Backend::Kind::postgres ? backends::Kind::postgres : backends::Kind::redis;
}

}  // namespace

backends::Address Lodging::for_bus() const {
  backends::Address address = space->for_bus();
  address.host = "127.0.0.1";
  address.port = proxy->port();
  return address;
}

Stores::Started Stores::start(const std::string& name, const Backend& wanted) {
  const backends::Kind kind = kind_of(wanted);
  const std::string& url =
      kind == backends::Kind::postgres ? choice_.postgres_url : choice_.redis_url;
  auto server = backends::Backend::start({.kind = kind,
                                          .how = choice_.how,
                                          .url = url,
                                          .image = wanted.image,
                                          .settings = wanted.settings});
  if (!server)
    return refused("unavailable",
                   fmt::format("the target's backend \"{}\" is not there, and without it nothing "
                               "of this target can be judged: {}",
                               name, server.error().detail()));
  return std::make_shared<backends::Spaces>(std::move(*server));
}

Result<Lodging> Stores::lodge(const std::string& name, const Backend& wanted,
                              std::shared_ptr<backends::Space> shared) {
  Lodging lodging{.space = std::move(shared), .proxy = nullptr};
  if (!lodging.space) {
    std::shared_ptr<backends::Spaces> spaces;
    {
      const std::lock_guard lock(mutex_);
      auto found = started_.find(name);
      if (found == started_.end()) found = started_.emplace(name, start(name, wanted)).first;
      if (!found->second) return tl::make_unexpected(found->second.error());
      spaces = *found->second;
    }
    auto space = spaces->open();
    if (!space) return tl::make_unexpected(space.error());
    lodging.space = std::move(*space);
  }
  const backends::Address& address = lodging.space->for_harness();
  auto proxy = proxy::Proxy::start({.host = address.host, .port = address.port});
  if (!proxy) return tl::make_unexpected(proxy.error());
  lodging.proxy = std::move(*proxy);
  return lodging;
}

std::shared_ptr<Stores> Stores::others() const {
  auto made = std::make_shared<Stores>();
  made->choose(choice_);
  return made;
}

std::vector<std::string> Stores::notes() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> notes;
  for (const auto& [name, started] : started_)
    if (started) notes.push_back(fmt::format("{}: {}", name, (*started)->server().describe()));
  return notes;
}

std::map<std::string, std::string> placeholders(const std::string& name, const Lodging& lodging) {
  const backends::Address address = lodging.for_bus();
  return {{name + "_url", address.url()},
          {name + "_host", address.host},
          {name + "_port", fmt::format("{}", address.port)},
          {name + "_user", address.user},
          {name + "_password", address.password},
          {name + "_database", address.database},
          {name + "_prefix", lodging.space->prefix()}};
}

}  // namespace busproof::targets
