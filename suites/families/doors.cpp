// SEC-4, SEC-5: origins, and the hooks' own endpoint.
#include <array>

#include "suites/checkers/doors.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

namespace json = boost::json;

constexpr std::string_view kListedOnly = "origins.listed", kHooksOff = "control.off";

// What the variant lists, and nothing else.
constexpr std::array kListed = {"https://listed.example", "https://listed.example:8443"};
constexpr std::array kForeign = {"https://foreign.example", "http://127.0.0.1:8080", "null"};
constexpr std::array kNear = {
    "https://listed.example.foreign.example",
    "https://listed.exampl",
    "https://not-listed.example",
    "https://sub.listed.example",
    "https://listedxexample",
    "https://listed.example.",
    "http://listed.example",
    "https://listed.example:8444",
    "https://listed.example:84430",
    "https://listed.example@foreign.example",
    "https://foreign.example/https://listed.example",
};

void knocks(Stage& stage) {
  stage.need_variant(kListedOnly);
  stage.stop_bus();
  stage.start_bus(kListedOnly);
  for (const char* origin : kListed) {
    Session* session = stage.knock({.origin = origin}, "listed");
    if (session == nullptr) continue;
    if (auto hello = session->hello_showing("listed", {}); !hello && session->closed()) continue;
  }
  for (const char* origin : kForeign) stage.knock({.origin = origin}, "foreign");
  for (const char* origin : kNear) stage.knock({.origin = origin}, "near_miss");
}

/// Each hook with what it would take.
std::vector<std::pair<std::string, json::object>> hooks(const std::string& transaction_id) {
  return {{"clock", {{"advance_ms", 1}}},
          {"sweep", {}},
          {"state", {}},
          {"corrupt",
           {{"transaction_id", transaction_id}, {"part", "payload"}, {"op", "flip"}, {"at", 0}}},
          {"backend", {{"name", "payloads"}, {"action", "up"}}},
          {"reset", {}}};
}

/// As it is where nobody has switched them on; else as the variant has it.
void calls_absent_hooks(Stage& stage) {
  if (stage.has_variant(kHooksOff)) {
    stage.stop_bus();
    stage.start_bus(kHooksOff);
  } else if (stage.has_hooks() || stage.claims().has("control.clock")) {
    stage.need_variant(kHooksOff);
  }
  Session& session = stage.connect();
  for (auto& [hook, params] : hooks("none")) {
    for (const std::string& token : {stage.hooks_token(), std::string()}) {
      json::object with = params;
      with["token"] = token;
      if (auto answer = session.call("ctl/" + hook, std::move(with)); !answer && session.closed())
        return;
    }
  }
}

/// Tokens that are nearly right, and none at all.
std::vector<std::pair<std::string_view, std::optional<std::string>>> wrong_tokens(
    const std::string& right) {
  std::string other = right;
  other.back() = other.back() == '0' ? '1' : '0';
  return {{"no", std::nullopt},
          {"an empty", ""},
          {"a shorter", right.substr(0, right.size() - 1)},
          {"a longer", right + right},
          {"another", other}};
}

void calls_without_token(Stage& stage) {
  constexpr std::size_t kKept = 3;
  if (!stage.has_hooks() || stage.hooks_token().empty())
    throw Abandoned{Verdict::unverified, "the target names no control endpoint that it launched"};
  Session& session = stage.connect();
  const bool queue = stage.claims().has("queue");
  const std::string destination = stage.destination();
  std::string transaction_id = "none";
  for (std::size_t i = 0; queue && i < kKept; ++i)
    transaction_id =
        stage.publish(session, {.destination = destination, .payload = Payload::text("kept")})
            .transaction_id;
  Session& control = stage.hooks();
  for (auto& [hook, params] : hooks(transaction_id)) {
    if (!stage.claims().has("control." + hook)) continue;
    for (const auto& [shown, token] : wrong_tokens(stage.hooks_token())) {
      json::object with = params;
      with["shown"] = shown;
      if (token) with["token"] = *token;
      if (auto answer = control.call("ctl/" + hook, std::move(with)); !answer && control.closed())
        return;
    }
  }
  if (!queue) return;
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(kKept)}));
  if (consumer.count(kKept)) return;
  consumer.fence(destination);
}

void looks_where_hooks_listen(Stage& stage) {
  if (!stage.has_hooks())
    throw Abandoned{Verdict::unverified, "the target names no control endpoint"};
  stage.mark_hooks_addresses();
}

constexpr JudgedCase kOrigins[] = {{"SEC-4.foreign", checkers::judge_foreign_origin},
                                   {"SEC-4.near_miss", checkers::judge_near_origin},
                                   {"SEC-4.listed", checkers::judge_listed_origin}};
constexpr JudgedCase kAbsent[] = {{"SEC-5.absent", checkers::judge_hooks_absent}};
constexpr JudgedCase kGuarded[] = {{"SEC-5.token", checkers::judge_hooks_guarded}};
constexpr JudgedCase kLoopback[] = {{"SEC-5.loopback", checkers::judge_hooks_on_loopback}};

constexpr std::array kScenarios = {
    Scenario{.name = "Doors.SEC_4_takes_listed_origins_alone",
             .cases = kOrigins,
             .bus = stage::Bus::own,
             .run = knocks},
    Scenario{.name = "Doors.SEC_5_has_no_hooks_when_off",
             .cases = kAbsent,
             .bus = stage::Bus::own,
             .run = calls_absent_hooks},
    Scenario{.name = "Doors.SEC_5_guards_its_hooks",
             .cases = kGuarded,
             .bus = stage::Bus::own,
             .run = calls_without_token},
    Scenario{.name = "Doors.SEC_5_listens_on_loopback_for_hooks",
             .cases = kLoopback,
             .run = looks_where_hooks_listen},
};

}  // namespace

std::span<const Scenario> doors() { return kScenarios; }

}  // namespace busproof::families
