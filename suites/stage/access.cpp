// What a stage does at a bus' doors: tokens, handshakes, secrets, the hooks' own endpoint.
#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "fixtures/process/listeners.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::stage {
namespace {

namespace json = boost::json;
using contract::Verdict;
using targets::Session;

/// Nothing shorter is looked for in a log: it might stand there for another reason.
constexpr std::size_t kSecretLeast = 12;

[[noreturn]] void unverified(std::string why) {
  throw Abandoned{Verdict::unverified, std::move(why)};
}

std::int64_t count_of(const std::string& text, const std::string& wanted) {
  std::int64_t count = 0;
  for (std::size_t at = text.find(wanted); at != std::string::npos;
       at = text.find(wanted, at + wanted.size()))
    ++count;
  return count;
}

}  // namespace

bool Stage::has_hooks() const {
  return setting_.target.control_on_connection() || setting_.target.control() != nullptr;
}

const targets::Tokens& Stage::tokens() const {
  if (setting_.target.tokens() == nullptr) unverified("the target does not say how tokens are had");
  return *setting_.target.tokens();
}

Session* Stage::knock(const targets::Handshake& handshake, std::string_view shown) {
  history::Event event{.phase = history::Phase::invoke, .action = history::Action::call};
  event.op = recorder().next_operation();
  const json::object asked{{"method", "handshake"}, {"shown", shown}, {"origin", handshake.origin}};
  recorder().add(event, {.detail = json::serialize(asked)});
  targets::Shared bare = shared();
  bare.handshake = handshake;
  bare.bearer = {};
  unsigned status = 0;
  auto session = Session::open(setting_.target.connector(), bare, status);
  if (!session && session.error().kind() == "one_connection")
    unverified("transport: " + session.error().detail());
  if (!session && session.error().kind() == "no_handshake")
    unverified("transport: " + session.error().detail());
  // Whether a handshake that nobody answered was taken cannot be told.
  event.phase =
      session ? history::Phase::ok : (status == 0 ? history::Phase::info : history::Phase::fail);
  recorder().add(event, {.error = session ? "" : session.error().kind(),
                         .detail = json::serialize(json::object{{"status", status}})});
  if (!session) return nullptr;
  sessions_.push_back(std::move(*session));
  return sessions_.back().get();
}

void Stage::mark_secret(std::string_view what, const std::string& text) {
  mark("secret", {{"what", what}, {"text", text}});
}

void Stage::search_log() {
  need_hold();
  const auto secrets = setting_.target.secrets();
  const std::string log = setting_.target.whole_log();
  bool any = false;
  for (const auto& [what, text] : secrets) {
    if (text.size() < kSecretLeast) continue;
    any = true;
    mark("secret", {{"what", what}, {"in_log", count_of(log, text)}, {"bytes", log.size()}});
  }
  if (!any) unverified("the target is started with no secret");
}

void Stage::mark_hooks_addresses() {
  const auto url = boost::urls::parse_uri(setting_.target.file().control);
  if (!url || !url->has_port()) unverified("the hooks have no port of their own");
  const auto found = process::listeners(static_cast<std::uint16_t>(url->port_number()));
  if (found.empty()) unverified("nobody on this machine listens on the hooks' port");
  for (const process::Listener& one : found)
    mark("listens", {{"address", one.address}, {"loopback", one.loopback}});
}

}  // namespace busproof::stage
