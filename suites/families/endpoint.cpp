// END, API: malformed requests, overlapping ones, and what refusals are worth.
#include <array>

#include <fmt/format.h>

#include "suites/checkers/answers.hpp"
#include "suites/checkers/delivery.hpp"
#include "suites/checkers/endpoint.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Publish;
using targets::Session;

constexpr int kRawId = 900'000;  // Far from the ids that sessions use.

/// Sends each, then a request that any bus answers: by then each must have been answered, too.
void send_raw(Stage& stage, std::string_view what, const std::vector<std::string>& texts,
              bool id_readable) {
  Session& session = stage.connect();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string id = id_readable ? std::to_string(kRawId + static_cast<int>(i)) : "null";
    auto answer = session.raw(texts[i], id, std::string(what));
    if (!answer && session.closed()) return;
  }
  auto probe = session.call("bus/unsubscribe", {{"subscription", "no such subscription"}});
  if (!probe && session.closed()) return;
}

std::vector<std::string> requests(const std::vector<std::string>& methods_and_params) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < methods_and_params.size(); ++i)
    texts.push_back(fmt::format(R"({{"jsonrpc":"2.0","id":{},{}}})", kRawId + static_cast<int>(i),
                                methods_and_params[i]));
  return texts;
}

void malformed_json(Stage& stage) {
  send_raw(stage, "malformed_json",
           {R"({"jsonrpc":"2.0","method":"bus/publish","params":{)", "not json at all",
            R"({'jsonrpc':'2.0'})", R"({"jsonrpc":"2.0",})", "{\"a\":\"\\ud800\\x\"}"},
           false);
}

void unknown_method(Stage& stage) {
  send_raw(stage, "unknown_method",
           requests({R"("method":"bus/no_such_method","params":{})",
                     R"("method":"BUS/PUBLISH","params":{})", R"("method":"","params":{})",
                     R"("method":"publish","params":{})"}),
           true);
}

// Nothing else is wrong with these: what is refused is what is missing or of the wrong type.
constexpr std::string_view kEvent =
    R"("event":{"specversion":"1.0","id":"x","source":"s","type":"t","data":"d"})";

std::string publish_with(std::string_view members) {
  return fmt::format(R"("method":"bus/publish","params":{{{}}})", members);
}

void wrong_params(Stage& stage) {
  send_raw(stage, "wrong_params",
           requests({publish_with(""), publish_with(R"("destination":"q","mode":"queue")"),
                     publish_with(fmt::format(R"("mode":"queue",{})", kEvent)),
                     publish_with(fmt::format(R"("destination":null,"mode":"queue",{})", kEvent)),
                     R"("method":"bus/unsubscribe","params":{})"}),
           true);
}

void wrong_types(Stage& stage) {
  send_raw(stage, "wrong_types",
           requests({publish_with(fmt::format(R"("destination":7,"mode":"queue",{})", kEvent)),
                     publish_with(R"("destination":"q","mode":"queue","event":"e")"),
                     publish_with(fmt::format(R"("destination":"q","mode":[],{})", kEvent)),
                     R"("method":"bus/unsubscribe","params":{"subscription":{}})",
                     R"("method":"bus/publish","params":[1,2])"}),
           true);
}

/// Three kinds of request that are answered differently: each once by itself, then many at once.
void requests_overlap(Stage& stage) {
  constexpr int kRounds = 50;
  constexpr const char* kUnknown = "bus/no_such_method";
  Session& session = stage.connect();
  const bool queue = stage.claims().has("queue");
  const Publish wanted{.destination = stage.destination(),
                       .mode = queue ? "queue" : "topic",
                       .payload = Payload::text("overlap")};
  std::optional<Consumer> consumer;
  if (queue)
    consumer.emplace(stage, session,
                     stage.subscribe(session, {.destination = wanted.destination,
                                               .credit = stage.credit_for(20)}));
  stage.publish(session, wanted);
  for (const char* method : {kUnknown, "bus/unsubscribe"})
    if (auto answer = session.call(method, {}); !answer && session.closed()) return;

  stage.recorder().mark("overlap");
  std::vector<std::uint32_t> publishes, calls;
  for (int i = 0; i < kRounds; ++i) {
    publishes.push_back(session.start_publish(wanted));
    for (const char* method : {kUnknown, "bus/unsubscribe"})
      calls.push_back(session.start_call(method, {}));
  }
  std::size_t accepted = 1;
  for (const std::uint32_t operation : publishes)
    if (auto published = session.await_publish(operation); published) ++accepted;
  for (const std::uint32_t operation : calls)
    if (auto answer = session.await_call(operation); !answer && session.closed()) return;
  if (consumer) consumer->count(accepted);
  // Its answer shows that the connection lives: what has none by now was never answered.
  if (auto probe = session.call(kUnknown, {}); !probe && session.closed()) return;
}

/// Publishes that a bus refuses, each for a reason of its own, as far as it claims the matter.
std::vector<Publish> refusable(Stage& stage, const std::string& destination) {
  const Publish plain{
      .destination = destination, .mode = stage.mode(), .payload = Payload::text("refused")};
  std::vector<Publish> wanted;
  const auto with = [&](auto change) {
    Publish changed = plain;
    change(changed);
    wanted.push_back(std::move(changed));
  };
  with([](Publish& p) { p.params = {{"mode", "sideways"}}; });
  with([](Publish& p) { p.attributes = {{"specversion", "99"}}; });
  with([](Publish& p) {
    p.payload = {};
    p.attributes = {{"data_base64", "not base64!"}};
  });
  with([](Publish& p) {
    p.payload = {};
    p.attributes = {{"dataref", "urn:nobody:made:this"}};
  });
  if (const auto most = stage.claims().limit("priority.max"))
    with([&](Publish& p) { p.priority = *most + 1; });
  if (stage.claims().has("ttl")) {
    with([](Publish& p) { p.ttl_ms = 0; });
    with([](Publish& p) { p.ttl_ms = -5; });
  }
  const auto payload_max = stage.claims().limit("payload_bytes_max");
  const auto message_max = stage.claims().limit("message_bytes_max");
  if (payload_max && *payload_max < 16 << 20 &&
      (!message_max || *payload_max * 3 / 2 < *message_max))
    with([&](Publish& p) {
      p.payload = Payload::text(std::string(static_cast<std::size_t>(*payload_max) + 1, 'x'));
    });
  return wanted;
}

void refused_stays_absent(Stage& stage) {
  constexpr int kPlain = 30;  // A bus may refuse a plain one too, and must then mean it.
  const std::string mode = stage.mode(), destination = stage.destination();
  Session& session = stage.connect();
  targets::Subscribe watched{.destination = destination, .mode = mode};
  if (mode == "queue") watched.credit = stage.credit_for(10);
  Consumer consumer(stage, session, stage.subscribe(session, watched));
  std::size_t accepted = 0;
  auto wanted = refusable(stage, destination);
  for (int i = 0; i < kPlain; ++i)
    wanted.push_back({.destination = destination, .mode = mode, .payload = Payload::text("plain")});
  for (const Publish& publish : wanted)
    if (auto published = session.publish(publish); published) ++accepted;
  consumer.count(accepted);
  consumer.fence(destination, mode);
}

/// Errors of several methods; what they are about is other rules' matter.
void errors_name_themselves(Stage& stage) {
  Session& session = stage.connect();
  for (const Publish& publish : refusable(stage, stage.destination()))
    if (auto published = session.publish(publish); !published && session.closed()) return;
  const json::object unknown{{"transaction_id", "no such id"},
                             {"delivery_id", "no such id"},
                             {"subscription", "no such id"},
                             {"requeue", false}};
  for (const char* method : {"bus/ack", "bus/reject", "bus/retrieve", "bus/inspect",
                             "bus/unsubscribe", "bus/hello", "bus/no_such_method"})
    if (auto answer = session.call(method, unknown); !answer && session.closed()) return;
}

constexpr JudgedCase kMalformed[] = {{"END-2.malformed_json", checkers::judge_malformed_json}};
constexpr JudgedCase kUnknown[] = {{"END-2.unknown_method", checkers::judge_unknown_method}};
constexpr JudgedCase kParams[] = {{"END-2.wrong_params", checkers::judge_wrong_params}};
constexpr JudgedCase kTypes[] = {{"END-2.wrong_types", checkers::judge_wrong_types}};
constexpr JudgedCase kOverlap[] = {{"END-8.overlap", checkers::judge_answers_match}};
constexpr JudgedCase kAbsent[] = {{"API-2.definite_absent", checkers::judge_refused_absent}};
constexpr JudgedCase kNamed[] = {{"API-2.says_which", checkers::judge_errors_named}};

constexpr std::array kScenarios = {
    Scenario{.name = "Endpoint.END_2_answers_malformed_json",
             .cases = kMalformed,
             .run = malformed_json},
    Scenario{
        .name = "Endpoint.END_2_answers_unknown_methods", .cases = kUnknown, .run = unknown_method},
    Scenario{
        .name = "Endpoint.END_2_answers_missing_params", .cases = kParams, .run = wrong_params},
    Scenario{.name = "Endpoint.END_2_answers_wrong_types", .cases = kTypes, .run = wrong_types},
    Scenario{.name = "Endpoint.END_8_answers_overlapping_requests",
             .cases = kOverlap,
             .run = requests_overlap},
    Scenario{.name = "Api.API_2_what_is_refused_is_never_seen",
             .cases = kAbsent,
             .run = refused_stays_absent},
    Scenario{
        .name = "Api.API_2_errors_name_themselves", .cases = kNamed, .run = errors_name_themselves},
};

}  // namespace

std::span<const Scenario> endpoint() { return kScenarios; }

}  // namespace busproof::families
