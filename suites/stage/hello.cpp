#include "suites/stage/hello.hpp"

#include <fmt/format.h>

#include "suites/stage/stage.hpp"

namespace busproof::stage {
namespace {

constexpr milliseconds kBetweenTries{30};

contract::Result<contract::Claims> say_hello(targets::Target& target, history::Recorder& recorder,
                                             milliseconds answer) {
  auto session =
      targets::Session::open(target.connector(), {recorder, "probe", answer.count()});
  if (!session) return tl::make_unexpected(session.error());
  return (*session)->hello();
}

bool passing(const contract::Error& error) {
  return error.kind() == "unreachable" || error.kind() == "store_unavailable" ||
         error.kind() == "disconnected";
}

}  // namespace

contract::Result<contract::Claims> await_hello(targets::Target& target, history::Recorder& recorder,
                                               milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    auto claims = say_hello(target, recorder, limit);
    if (claims) return claims;
    const std::string died = target.obituary();
    if (!died.empty()) return contract::refused("unavailable", died);
    if (!passing(claims.error()) || std::chrono::steady_clock::now() > until) return claims;
    pass_time(kBetweenTries);
  }
}

}  // namespace busproof::stage
