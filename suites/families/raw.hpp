// What scenarios with peers on the bare socket have in common: their requests, and how long they
// wait.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "suites/stage/raw_peer.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::families {

/// A bus/hello as text; `name` is the client's.
inline std::string raw_hello(std::string_view id, std::string_view name = "raw") {
  return fmt::format(
      R"({{"jsonrpc":"2.0","id":"{}","method":"bus/hello","params":{{"protocol":["1.0"],)"
      R"("client":{{"name":"{}","version":"1"}}}}}})",
      id, name);
}

/// A request that any bus answers, if only with an error.
inline std::string raw_request(std::string_view id) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":"{}","method":"bus/unsubscribe",)"
                     R"("params":{{"subscription":"no such subscription"}}}})",
                     id);
}

/// A little longer than any answer may take.
inline stage::milliseconds beyond_answer(const stage::Stage& stage) {
  return stage::milliseconds(stage.claims().limit_or_default("answer_ms") + 1'000);
}

/// A peer whose handshake was answered; blocked where that fails.
inline stage::RawPeer shaken_peer(stage::Stage& stage) {
  stage::RawPeer peer = stage.connect_raw();
  if (!peer.shake_hands(stage.patience()))
    throw stage::Abandoned{contract::Verdict::blocked, "a handshake was not answered with 101"};
  return peer;
}

}  // namespace busproof::families
