#include "suites/stage/hello.hpp"

#include <fmt/format.h>

#include "suites/stage/stage.hpp"

namespace busproof::stage {
namespace {

constexpr milliseconds kBetweenTries{30};
constexpr milliseconds kReaped{100};

contract::Result<contract::Claims> say_hello(targets::Target& target, history::Recorder& recorder,
                                             milliseconds answer) {
  auto session = targets::Session::open(
      target.connector(), {recorder, "probe", answer.count(), target.handshake(),
                           [&target](const auto& who) { return target.bearer(who); }});
  if (!session) return tl::make_unexpected(session.error());
  return (*session)->hello();
}

/// Whether it may pass: what is being started is not up at once, what runs elsewhere ought to be.
bool passing(const targets::Target& target, const contract::Error& error) {
  if (error.kind() == "unreachable" || error.kind() == "store_unavailable") return true;
  return error.kind() == "disconnected" && target.held();
}

/// The failure as a sentence for who has to mend it.
contract::Error told(const targets::Target& target, const contract::Error& error) {
  std::string says = error.detail();
  if (error.kind() == "no_answer")
    says = "it took the connection and did not answer bus/hello; " + says;
  else if (error.kind() == "disconnected")
    says = fmt::format("it ended the connection before it answered bus/hello ({})", says);
  else if (error.kind() == "unsupported_version")
    says = fmt::format("it refused protocol 1.0, which is what busproof speaks ({})", says);
  else if (error.kind() != "unreachable" && error.kind() != "not_a_bus")
    says = fmt::format("bus/hello failed: {} ({})", error.kind(), says);
  return contract::Error::did_not_happen(error.kind(), says + target.last_words());
}

}  // namespace

contract::Result<contract::Claims> await_hello(targets::Target& target, history::Recorder& recorder,
                                               milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    auto claims = say_hello(target, recorder, limit);
    if (claims) return claims;
    // A bus that ended takes a moment to be seen ended; its connection's end is seen first.
    const bool lost = claims.error().kind() == "disconnected";
    const std::string died = target.obituary(lost ? kReaped : milliseconds(0));
    if (!died.empty()) return contract::refused("unavailable", died);
    if (!passing(target, claims.error()) || std::chrono::steady_clock::now() > until)
      return tl::make_unexpected(told(target, claims.error()));
    pass_time(kBetweenTries);
  }
}

}  // namespace busproof::stage
