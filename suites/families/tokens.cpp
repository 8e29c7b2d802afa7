// SEC-3, CFG-4: tokens that are good for nothing, one that ends, and what is told of secrets.
#include <array>

#include "suites/checkers/tokens.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/history/clock.hpp"
#include "suites/targets/tokens.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Auth;
using targets::Payload;
using targets::Session;
using targets::Subscribed;
using targets::Tokens;

constexpr std::string_view kDemanded = "auth.on";
constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kIdleMost = 5000;
constexpr std::int64_t kLeaseMs = 3500;  // Longer than the token lives: no attempt is lost to it.
constexpr milliseconds kBrief{1200};

std::int64_t now_s() {
  return std::chrono::floor<std::chrono::seconds>(history::unix_now()).count();
}

/// What is asked for on a connection whose hello should have been refused.
void ask_for_more(Stage& stage, Session& session, const std::string& destination) {
  if (session.closed()) return;
  if (auto published = session.publish({.destination = destination,
                                        .mode = stage.mode(),
                                        .payload = Payload::text("unauthenticated")});
      !published && session.closed())
    return;
}

/// Shows it in hello, and, where a connection begins with a handshake, in that alone.
void show(Stage& stage, std::string_view shown, const std::optional<std::string>& token,
          const std::string& destination) {
  if (token) stage.mark_secret(shown, targets::secret_part(*token));
  const auto say = [&](Session* session, const std::optional<std::string>& said) {
    if (session == nullptr) return;
    if (auto hello = session->hello_showing(shown, said); !hello && session->closed()) return;
    ask_for_more(stage, *session, destination);
  };
  const Auth::Carry carry = stage.tokens().auth().carry;
  if (!token || carry == Auth::Carry::hello) say(stage.knock({}, shown), token);
  if (!token || !stage.claims().has("websocket")) return;
  say(stage.knock({.bearer = *token}, shown), std::nullopt);
  if (carry == Auth::Carry::subprotocol)
    say(stage.knock({.subprotocol = *token}, shown), std::nullopt);
}

/// A session with that good token, brought as the target says.
Session* bring(Stage& stage, std::string_view shown, const std::string& token) {
  const Auth::Carry carry = stage.tokens().auth().carry;
  targets::Handshake handshake;
  if (carry == Auth::Carry::header) handshake.bearer = token;
  if (carry == Auth::Carry::subprotocol) handshake.subprotocol = token;
  Session* session = stage.knock(handshake, shown);
  if (session == nullptr) return nullptr;
  const bool in_hello = carry == Auth::Carry::hello;
  const auto hello = session->hello_showing(shown, in_hello ? std::optional(token) : std::nullopt);
  if (!hello) stage.give_up("bus/hello", hello.error());
  return session;
}

void show_made(Stage& stage, const Tokens& tokens, const std::string& destination) {
  using Sign = Tokens::Sign;
  const auto made = [&](std::string_view shown, const Tokens::Wanted& wanted) {
    show(stage, shown, tokens.jwt(wanted), destination);
  };
  const std::int64_t later = now_s() + kHour;
  made("unsigned", {.ends = later, .sign = Sign::none});
  made("expired", {.ends = now_s() - kHour});
  if (!tokens.auth().audience.empty()) {
    made("other_audience", {.ends = later, .audience = "somebody-else"});
    made("other_audience", {.ends = later, .audience = tokens.auth().audience + "-too"});
  }
  made("other_key", {.ends = later, .sign = Sign::other_key});
  made("other_kind", {.ends = later, .sign = Sign::other_kind});
}

/// For what the answer tells, whatever it is; false when the connection ended over it.
bool ask(Session& session, std::string_view method, boost::json::object params) {
  const auto answer = session.call(method, std::move(params));
  return answer || !session.closed();
}

/// Errors, statistics and health, for what they tell.
void ask_around(Stage& stage, Session& session) {
  if (!ask(session, "bus/stats", {{"destination", 7}})) return;
  for (const auto& [capability, method] :
       {std::pair("stats", "bus/stats"), std::pair("health", "bus/health")})
    if (stage.claims().has(capability) && !ask(session, method, {})) return;
  ask(session, "bus/hello", {{"token", "neither.this.one"}});
}

void shows_tokens(Stage& stage) {
  const Tokens& tokens = stage.tokens();
  if (!stage.many_connections()) throw Abandoned{Verdict::unverified, "transport: one connection"};
  const std::string mode = stage.mode(), destination = stage.destination();
  Session& watcher = stage.connect();
  targets::Subscribe wanted{.destination = destination, .mode = mode};
  if (mode == "queue") wanted.credit = stage.credit_for(100);
  Consumer consumer(stage, watcher, stage.subscribe(watcher, wanted));
  const auto good = tokens.good();
  if (!good) throw Abandoned{Verdict::unverified, "the target names no good token"};
  stage.mark_secret("the good token", targets::secret_part(*good));
  Session* known = bring(stage, "good", *good);
  show(stage, "missing", std::nullopt, destination);
  for (const std::string& token : tokens.altered()) show(stage, "altered", token, destination);
  if (tokens.makes())
    show_made(stage, tokens, destination);
  else if (!tokens.auth().expired.empty())
    show(stage, "expired", tokens.auth().expired, destination);
  if (known != nullptr) ask_around(stage, *known);
  consumer.fence(destination, mode);
}

/// A connection holds messages when its token ends; then another comes for those.
void token_ends(Stage& stage) {
  constexpr std::size_t kHeld = 3;
  const Tokens& tokens = stage.tokens();
  const std::int64_t idle = stage.claims().limit("idle_ms").value_or(kIdleMost + 1);
  if (!tokens.makes())
    throw Abandoned{Verdict::unverified, "no token can be made that ends while it is in use"};
  if (idle > kIdleMost)
    throw Abandoned{Verdict::unverified, "idle_ms is too long to be waited for"};
  stage.need("queue");
  const bool frees = stage.claims().trait("queue", "release") == "frees";
  const std::string destination = stage.destination();
  Session& other = stage.connect();
  const milliseconds now = history::unix_now();
  const auto ends = std::chrono::ceil<std::chrono::seconds>(now + kBrief);
  const milliseconds left = ends - now;
  stage.recorder().add({.action = history::Action::mark, .amount = left.count()},
                       {.error = "token_ends"});
  Session* brief = bring(stage, "brief", tokens.jwt({.ends = ends.count()}));
  if (brief == nullptr) return;
  targets::Subscribe wanted{.destination = destination, .credit = stage.credit_for(kHeld)};
  // Where its leases run on after it has gone they have to be waited for.
  if (!frees) wanted.lease_ms = lease_for(stage, kLeaseMs);
  const Subscribed its = stage.subscribe(*brief, wanted);
  for (std::size_t i = 0; i < kHeld; ++i)
    stage.publish(other, {.destination = destination, .payload = Payload::text("held")});
  if (!stage.wait_count(*brief, its, kHeld)) return;
  if (!brief->wait_closed(left + milliseconds(idle + 1500)))
    if (auto sign = brief->call("bus/unsubscribe", {{"subscription", "no such subscription"}});
        !sign && brief->closed())
      return;
  Consumer consumer(stage, other, stage.subscribe(other, wanted));
  if (!consumer.within(milliseconds(2000),
                       [&](const auto& came) { return messages_in(came) >= kHeld; }))
    stage.let_pass(milliseconds(stage.claims().limit("redelivery_grace_ms").value_or(1000) + 500));
  consumer.fence(destination);
}

/// It starts, is asked for all sorts of things with secrets in hand, and ends.
void writes_its_log(Stage& stage) {
  stage.need_own_bus();
  if (stage.has_variant(kDemanded)) {
    stage.stop_bus();
    stage.start_bus(kDemanded);
  }
  Session& session = stage.connect();
  stage.publish(session, {.destination = stage.destination(),
                          .mode = stage.mode(),
                          .payload = Payload::text("an ordinary message")});
  ask_around(stage, session);
  if (stage.has_hooks()) {
    Session& hooks = stage.hooks();
    for (const std::string& token : {stage.hooks_token(), stage.hooks_token() + "?"})
      for (const char* method : {"ctl/state", "ctl/nonsense"})
        if (!ask(hooks, method, {{"token", token}})) break;
  }
  stage.stop_bus();
  stage.search_log();
}

constexpr JudgedCase kShown[] = {{"SEC-3.missing", checkers::judge_token_missing},
                                 {"SEC-3.wrong", checkers::judge_token_altered},
                                 {"SEC-3.alg_none", checkers::judge_token_unsigned},
                                 {"SEC-3.expired", checkers::judge_token_expired},
                                 {"SEC-3.audience", checkers::judge_token_audience},
                                 {"SEC-3.other_key", checkers::judge_token_of_other_key},
                                 {"CFG-4.answers", checkers::judge_secrets_untold}};
constexpr JudgedCase kEnds[] = {{"SEC-3.ends", checkers::judge_token_ends}};
constexpr JudgedCase kLog[] = {{"CFG-4.logs", checkers::judge_secrets_unlogged}};

constexpr std::array kScenarios = {
    Scenario{.name = "Tokens.SEC_3_ends_with_its_token",
             .cases = kEnds,
             .bus = stage::Bus::own,
             .run = token_ends,
             .variant = kDemanded},
    Scenario{.name = "Tokens.SEC_3_takes_none_but_good_ones",
             .cases = kShown,
             .bus = stage::Bus::own,
             .run = shows_tokens,
             .variant = kDemanded},
    Scenario{.name = "Tokens.CFG_4_keeps_secrets_out_of_its_log",
             .cases = kLog,
             .bus = stage::Bus::own,
             .run = writes_its_log},
};

}  // namespace

std::span<const Scenario> tokens() { return kScenarios; }

}  // namespace busproof::families
