// STORE-2..4: ids, what the sender said, and ids that name nothing.
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "suites/checkers/attributes.hpp"
#include "suites/checkers/guessing.hpp"
#include "suites/checkers/identity.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Publish;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kCredit = 20;

/// Many publishes under way on several connections at once.
void publish_everywhere(Stage& stage, std::size_t connections, int each) {
  std::vector<Session*> sessions;
  for (std::size_t i = 0; i < connections; ++i) sessions.push_back(&stage.connect());
  const Publish wanted{.destination = stage.destination(),
                       .mode = stage.claims().has("queue") ? "queue" : "topic",
                       .payload = Payload::text("has an id")};
  std::vector<std::pair<Session*, std::uint32_t>> under_way;
  for (int i = 0; i < each; ++i)
    for (Session* session : sessions)
      under_way.emplace_back(session, session->start_publish(wanted));
  for (const auto& [session, operation] : under_way)
    if (auto published = session->await_publish(operation); !published && session->closed()) return;
}

void ids_over_connections(Stage& stage) { publish_everywhere(stage, 4, 60); }

/// Enough of them to count their bits, one after the other.
void ids_to_guess(Stage& stage) { publish_everywhere(stage, 1, 240); }

void ids_over_restart(Stage& stage) {
  for (int round = 0; round < 3; ++round) {
    if (round > 0) {
      stage.stop_bus();
      stage.start_bus();
    }
    publish_everywhere(stage, 1, 60);
  }
}

/// Publishes it with those attributes, takes its delivery, and looks at its record.
void there_and_back(Stage& stage, const std::vector<json::object>& attributes) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed member =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(kCredit)});
  Consumer consumer(stage, session, member);
  std::size_t sent = 0;
  for (const json::object& own : attributes) {
    const Published message = stage.publish(
        session,
        {.destination = destination, .payload = Payload::text("said of it"), .attributes = own});
    consumer.count(++sent);
    if (stage.claims().has("store"))
      if (auto seen = session.inspect(message); !seen && session.closed()) return;
  }
}

/// Two messages in turn, so that what is kept of the one can come back with the other.
void attributes_come_back(Stage& stage) {
  std::vector<json::object> sent = {
      {{"type", "com.example.report.created.v2"},
       {"subject", "reports/2026/March 31.pdf"},
       {"correlationid", "0001-a"},
       {"toolname", "Search"},
       {"providername", "Örtlich"},
       {"messagetype", "request"}},
      {{"type", "T"},
       {"subject", "  spaces at both ends  "},
       {"correlationid", "0001-A"},
       {"toolname", "search"},
       {"providername", "\"quoted\", 'twice' \\ and % _"},
       {"messagetype", "notification"}},
      {{"type", "一.二.三"}, {"subject", std::string(300, 's')}, {"toolname", "0"}},
  };
  if (!stage.claims().has("tenancy"))
    for (std::size_t i = 0; i < sent.size(); ++i)
      sent[i]["sessionid"] = fmt::format("Session {} of several", i);
  auto twice = sent;
  twice.insert(twice.end(), sent.begin(), sent.end());
  there_and_back(stage, twice);
}

void extensions_come_back(Stage& stage) {
  there_and_back(
      stage,
      {{{"xtext", "plain"}, {"xnumber", 7}, {"xflag", true}, {"x0", "0"}},
       {{"xtext", "7"}, {"xnumber", -2147483648LL}, {"xflag", false}, {"x0", "00.10"}},
       {{"xtext", "true"}, {"xnumber", 2147483647}, {"averylongname0000001", "é 数据 😀"}},
       {{"xtext", std::string(2000, 'l')}, {"xnumber", 0}, {"zone", "null"}, {"tenant", "acme"}}});
}

/// An hour from now or half of what is allowed, as a clock shows it at that offset from UTC.
std::string later(const contract::Claims& claims, int offset_hours) {
  const std::int64_t most = claims.limit("ttl_max_ms").value_or(7'200'000) / 2;
  const milliseconds ahead(std::min<std::int64_t>(3'600'000, most));
  std::string text = history::utc_after(ahead + std::chrono::hours(offset_hours));
  text.pop_back();  // The Z.
  return text + fmt::format("{}{:02}:00", offset_hours < 0 ? '-' : '+', std::abs(offset_hours));
}

void times_come_back(Stage& stage) {
  std::vector<json::object> sent = {{{"time", "2026-03-31T23:59:59.999Z"}},
                                    {{"time", "2026-01-01T00:30:00+02:00"}},
                                    {{"time", "2024-02-29T12:00:00.5-11:30"}},
                                    {{"time", "1999-12-31T23:59:59Z"}}};
  if (stage.claims().has("ttl")) {
    sent[0]["expirytime"] = later(stage.claims(), 0);
    sent[1]["expirytime"] = later(stage.claims(), 2);
    sent[2]["expirytime"] = later(stage.claims(), -5);
  }
  there_and_back(stage, sent);
}

// Ids that name nothing.

constexpr std::array kAsking = {"bus/retrieve", "bus/inspect", "bus/delete"};

void ask_of(Session& session, const std::string& id) {
  for (const char* method : kAsking)
    if (auto answer = session.call(method, {{"transaction_id", id}}); !answer && session.closed())
      return;
}

/// Some real records, so that there is something to reach.
std::vector<Published> some_records(Stage& stage, Session& session) {
  stage.need("queue");
  std::vector<Published> made;
  for (int i = 0; i < 5; ++i)
    made.push_back(stage.publish(session, {.destination = stage.destination("record"),
                                           .payload = Payload::binary(random_bytes(stage, 40))}));
  return made;
}

void read_all(Session& session, const std::vector<Published>& records) {
  for (const Published& record : records)
    if (auto bytes = session.retrieve(record); !bytes && session.closed()) return;
}

/// Another character that could stand in its place.
char instead(Stage& stage, char c) {
  const auto other = [&](char least, char most) {
    const char drawn = static_cast<char>(stage.any(least, most - 1));
    return drawn >= c ? static_cast<char>(drawn + 1) : drawn;
  };
  if (c >= '0' && c <= '9') return other('0', '9');
  if (c >= 'a' && c <= 'f') return other('a', 'f');
  if (c >= 'g' && c <= 'z') return other('g', 'z');
  if (c >= 'A' && c <= 'F') return other('A', 'F');
  if (c >= 'G' && c <= 'Z') return other('G', 'Z');
  return c;
}

void unknown_ids(Stage& stage) {
  Session& session = stage.connect();
  const auto records = some_records(stage, session);
  for (const Published& record : records) {
    std::string id = record.transaction_id;
    for (char& c : id) c = instead(stage, c);
    ask_of(session, id);
  }
  read_all(session, records);
}

void malformed_ids(Stage& stage) {
  using namespace std::string_literals;
  Session& session = stage.connect();
  const auto records = some_records(stage, session);
  const std::string real = records.front().transaction_id;
  for (const std::string& id : {""s,
                                " "s,
                                "x"s,
                                "0"s,
                                "-1"s,
                                "null"s,
                                "NaN"s,
                                "\0"s,
                                "\n"s,
                                "%"s,
                                "%%%"s,
                                "*"s,
                                "?"s,
                                "../../../../etc/passwd"s,
                                "' OR '1'='1"s,
                                "\"; DROP TABLE message; --"s,
                                "{}"s,
                                "$ne"s,
                                "${jndi:ldap://127.0.0.1/}"s,
                                "😀"s,
                                "\u202e"s,
                                std::string(300, '7'),
                                std::string(5000, 'a'),
                                std::string(20'000, '%'),
                                real + real,
                                real + "' --"s,
                                real + "\r\nDEL *"s,
                                "00000000-0000-0000-0000-000000000000"s})
    ask_of(session, id);
  read_all(session, records);
}

void near_misses(Stage& stage) {
  Session& session = stage.connect();
  const auto records = some_records(stage, session);
  for (const Published& record : {records.front(), records.back()}) {
    const std::string& real = record.transaction_id;
    // At every place of an id of reasonable length.
    for (std::size_t i = 0; i < std::min<std::size_t>(real.size(), 80); ++i) {
      std::string id = real;
      id[i] = instead(stage, id[i]);
      if (id != real) ask_of(session, id);
    }
    for (const std::string& id : {real.substr(0, real.size() - 1), real.substr(1), real + "0",
                                  real + " ", " " + real, real + std::string(1, '\0')})
      ask_of(session, id);
  }
  read_all(session, records);
}

constexpr JudgedCase kConnections[] = {
    {"STORE-2.connections", checkers::judge_ids_over_connections}};
constexpr JudgedCase kGuessed[] = {{"STORE-2.unguessable_http", checkers::judge_ids_unguessable}};
constexpr JudgedCase kRestart[] = {{"STORE-2.restart", checkers::judge_ids_over_restart}};
constexpr JudgedCase kAttributes[] = {{"STORE-3.attributes", checkers::judge_attributes}};
constexpr JudgedCase kExtensions[] = {{"STORE-3.extensions", checkers::judge_extensions}};
constexpr JudgedCase kTimes[] = {{"STORE-3.times", checkers::judge_times}};
constexpr JudgedCase kUnknown[] = {{"STORE-4.unknown", checkers::judge_unknown_ids}};
constexpr JudgedCase kMalformed[] = {{"STORE-4.malformed", checkers::judge_malformed_ids}};
constexpr JudgedCase kNear[] = {{"STORE-4.near_miss", checkers::judge_near_misses}};
constexpr std::array kScenarios = {
    Scenario{.name = "Store.STORE_2_ids_differ_over_a_restart",
             .cases = kRestart,
             .bus = stage::Bus::own,
             .run = ids_over_restart},
    Scenario{.name = "Store.STORE_2_ids_differ_over_connections",
             .cases = kConnections,
             .run = ids_over_connections},
    Scenario{.name = "Store.STORE_2_ids_cannot_be_guessed", .cases = kGuessed, .run = ids_to_guess},
    Scenario{.name = "Store.STORE_4_near_misses", .cases = kNear, .run = near_misses},
    Scenario{.name = "Store.STORE_4_malformed_ids", .cases = kMalformed, .run = malformed_ids},
    Scenario{.name = "Store.STORE_4_unknown_ids", .cases = kUnknown, .run = unknown_ids},
    Scenario{.name = "Store.STORE_3_attributes_come_back",
             .cases = kAttributes,
             .run = attributes_come_back},
    Scenario{.name = "Store.STORE_3_extensions_come_back",
             .cases = kExtensions,
             .run = extensions_come_back},
    Scenario{.name = "Store.STORE_3_times_come_back", .cases = kTimes, .run = times_come_back},
};

}  // namespace

std::span<const Scenario> record() { return kScenarios; }

}  // namespace busproof::families
