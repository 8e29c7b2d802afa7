// END-1, END-2.no_request, END-8.id_kinds: hello, what comes before it, what is no request, and
// ids.
#include <array>

#include <fmt/format.h>

#include "suites/checkers/endpoint.hpp"
#include "suites/checkers/handshake.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

constexpr int kRawId = 910'000;  // Far from the ids that sessions use.

std::string raw_hello(std::string_view versions) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"bus/hello","params":{{"protocol":[{}],)"
                     R"("client":{{"name":"busproof","version":"1"}}}}}})",
                     kRawId, versions);
}

/// A request that any bus answers, whether it has been greeted or not.
bool probe(Session& session) {
  auto answer = session.call("bus/unsubscribe", {{"subscription", "no such subscription"}});
  return answer || !session.closed();
}

void says_hello(Stage& stage) {
  for (const char* versions : {R"("1.0")", R"("0.1","1.0","99.0")"}) {
    Session& session = stage.connect_silently();
    if (auto answer = session.raw(raw_hello(versions), std::to_string(kRawId), "hello");
        !answer && session.closed())
      return;
    if (!probe(session) || !stage.many_connections()) return;
  }
}

void unknown_version(Stage& stage) {
  for (const char* versions : {R"("99.0")", R"("0.1","2","1.0.0")", ""}) {
    Session& session = stage.connect_silently();
    if (auto answer = session.raw(raw_hello(versions), std::to_string(kRawId), "unknown_version");
        !answer && session.closed())
      return;
    if (!stage.many_connections()) return;
  }
}

/// What is published before hello would come to whoever subscribes after it; of a topic somebody
/// has to listen meanwhile.
void before_hello(Stage& stage) {
  const std::string mode = stage.mode(), destination = stage.destination();
  Session& early = stage.connect_silently();
  Session& watcher = mode == "queue" ? early : stage.connect();
  std::optional<targets::Subscribed> topic;
  if (mode == "topic") topic = stage.subscribe(watcher, {.destination = destination, .mode = mode});
  for (int i = 0; i < 3; ++i)
    if (auto published = early.publish(
            {.destination = destination, .mode = mode, .payload = Payload::text("before hello")});
        !published && early.closed())
      return;
  if (auto subscribed = early.subscribe({.destination = destination, .mode = mode});
      !subscribed && early.closed())
    return;
  if (!probe(early)) return;
  if (auto hello = early.hello(); !hello) stage.give_up("bus/hello", hello.error());
  targets::Subscribe wanted{.destination = destination, .mode = mode};
  if (!topic) wanted.credit = stage.credit_for(10);
  Consumer consumer(stage, watcher, topic ? *topic : stage.subscribe(watcher, wanted));
  consumer.fence(destination, mode);
}

void no_request(Stage& stage) {
  Session& session = stage.connect();
  for (const char* text : {R"({})", R"([])", R"("bus/hello")", R"(17)", R"(true)", R"(null)",
                           R"({"jsonrpc":"2.0","method":1,"params":{}})", R"({"hello":"world"})"})
    if (auto answer = session.raw(text, "null", "no_request"); !answer && session.closed()) return;
  if (!probe(session)) return;
}

void id_kinds(Stage& stage) {
  constexpr const char* kMethod = R"("method":"bus/unsubscribe","params":{"subscription":"none"})";
  Session& session = stage.connect();
  std::vector<std::uint32_t> under_way;
  // A number and the same number as text are two ids; all are under way at once.
  for (const char* id :
       {"0", "920001", R"("920001")", "-7", "9007199254740991", R"("")", R"("a b")", R"("null")",
        R"("\"quoted\" \\ / é 数据")", R"("00000000-0000-4000-8000-000000000000")"})
    under_way.push_back(session.start_raw(
        fmt::format(R"({{"jsonrpc":"2.0","id":{},{}}})", id, kMethod), id, "id_kinds"));
  if (!probe(session)) return;
  for (const std::uint32_t operation : under_way)
    if (auto answer = session.await_call(operation); !answer && session.closed()) return;
  if (!probe(session)) return;
}

constexpr JudgedCase kHello[] = {{"END-1.hello", checkers::judge_hello}};
constexpr JudgedCase kBefore[] = {{"END-1.before_hello", checkers::judge_before_hello}};
constexpr JudgedCase kVersion[] = {{"END-1.unknown_version", checkers::judge_unknown_version}};
constexpr JudgedCase kNoRequest[] = {{"END-2.no_request", checkers::judge_no_request}};
constexpr JudgedCase kIds[] = {{"END-8.id_kinds", checkers::judge_id_kinds}};

constexpr std::array kScenarios = {
    Scenario{.name = "Endpoint.END_1_answers_hello", .cases = kHello, .run = says_hello},
    Scenario{
        .name = "Endpoint.END_1_does_nothing_before_hello", .cases = kBefore, .run = before_hello},
    Scenario{.name = "Endpoint.END_1_refuses_unknown_versions",
             .cases = kVersion,
             .run = unknown_version},
    Scenario{.name = "Endpoint.END_2_answers_what_is_no_request",
             .cases = kNoRequest,
             .run = no_request},
    Scenario{.name = "Endpoint.END_8_gives_ids_back", .cases = kIds, .run = id_kinds},
};

}  // namespace

std::span<const Scenario> handshake() { return kScenarios; }

}  // namespace busproof::families
