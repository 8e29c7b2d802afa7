// The target file: what is understood, what is refused and how that is said.

#include "suites/targets/target_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace busproof::targets {
namespace {

using std::chrono::milliseconds;

contract::Result<TargetFile> parsed(const std::string& text) {
  return parse_target(text, "bus.yaml", "/folder", {{"tables.sql", "CREATE TABLE t"}});
}

std::string refusal(const std::string& text) {
  const auto target = parsed(text);
  return target ? "" : target.error().detail();
}

TEST(TargetFile, EverythingIsRead) {
  const auto target = parsed(R"(
name: a bus
launch:
  command: [bus, --port, "${port}"]
  env: {DATA: "${data}", LEVEL: 3}
  ready: {http: "http://127.0.0.1:${port}/readyz", within: 2m}
  clock: faketime
connect: {websocket: "ws://127.0.0.1:${port}/"}
control: {websocket: "ws://127.0.0.1:${control_port}/"}
http: {base: "http://127.0.0.1:${port}", live: /l, ready: /r, metrics: /metrics,
       connections: /c, connection_stats: /s}
backends: {store: {sqlite: "${data}/bus.db", holds: [payloads, queues]}}
variants:
  limits.small: {LEASE_MS: "200"}
corrupt: {store: {payload.flip: "UPDATE body SET bytes = flip(bytes, $2) WHERE id = $1"}}
archive: {store: "SELECT 1 FROM swept WHERE id = $1"}
rows: {store: SELECT count(*) FROM body}
older:
  - {name: first, destination: q, waiting: {t1: one}, dead: {t2: two}, acked: [t3],
     put: {store: CREATE TABLE body (id)}}
  - {name: second, destination: q, waiting: {t1: one},
     put: {store: [{file: tables.sql}, INSERT INTO body]}}
profile: queue
)");
  ASSERT_TRUE(target) << target.error().detail();
  EXPECT_EQ(target->name, "a bus");
  EXPECT_EQ(target->origin, "bus.yaml");
  EXPECT_EQ(target->folder, "/folder");
  ASSERT_TRUE(target->launch);
  EXPECT_EQ(target->launch->command, (std::vector<std::string>{"bus", "--port", "${port}"}));
  EXPECT_EQ(target->launch->env, (Environment{{"DATA", "${data}"}, {"LEVEL", "3"}}));
  EXPECT_EQ(target->launch->ready.how, Ready::How::http);
  EXPECT_EQ(target->launch->ready.within, milliseconds(120'000));
  EXPECT_EQ(target->connect.how, Connect::How::websocket);
  EXPECT_EQ(target->control, "ws://127.0.0.1:${control_port}/");
  EXPECT_EQ(target->http.base, "http://127.0.0.1:${port}");
  EXPECT_EQ(target->http.metrics, "/metrics");
  EXPECT_EQ(target->http.live + target->http.ready, "/l/r");
  EXPECT_EQ(target->http.connections + target->http.connection_stats, "/c/s");
  EXPECT_EQ(target->variants.at("limits.small").at("LEASE_MS"), "200");
  const Backend& store = target->backends.at("store");
  EXPECT_EQ(store.where, "${data}/bus.db");
  EXPECT_EQ(store.holds, (std::vector<std::string>{"payloads", "queues"}));
  EXPECT_EQ(store.corrupt.at("payload.flip"),
            "UPDATE body SET bytes = flip(bytes, $2) WHERE id = $1");
  EXPECT_EQ(store.archive, "SELECT 1 FROM swept WHERE id = $1");
  ASSERT_EQ(target->older.size(), 2U);
  const Older& older = target->older.front();
  EXPECT_EQ(older.name + older.destination, "firstq");
  using Put = std::map<std::string, std::vector<std::string>>;
  EXPECT_EQ(older.put, (Put{{"store", {"CREATE TABLE body (id)"}}}));
  EXPECT_EQ(target->older.back().put, (Put{{"store", {"CREATE TABLE t", "INSERT INTO body"}}}));
  EXPECT_EQ(older.waiting, (Environment{{"t1", "one"}}));
  EXPECT_EQ(older.dead, (Environment{{"t2", "two"}}));
  EXPECT_EQ(older.acked, std::vector<std::string>{"t3"});
  EXPECT_TRUE(target->launch->faketime);
  EXPECT_EQ(store.rows, "SELECT count(*) FROM body");
  EXPECT_EQ(target->profile, "queue");
}

TEST(TargetFile, WhatTheBusSaysOfItselfIsRead) {
  const auto target = parsed(R"(
connect: {tcp: "127.0.0.1:1"}
defaults: {ttl_default_ms: "1000", publish_per_s: none}
signs: {fallbacks: fell_back, breaker: is_open, latency: took}
)");
  ASSERT_TRUE(target) << target.error().detail();
  EXPECT_EQ(target->defaults.at("ttl_default_ms"), 1000);
  EXPECT_FALSE(target->defaults.at("publish_per_s").has_value());
  EXPECT_EQ(target->signs.fallbacks, "fell_back");
  EXPECT_EQ(target->signs.breaker, "is_open");
  EXPECT_EQ(target->signs.latency, "took");
}

TEST(TargetFile, ServersAreAskedFor) {
  const auto target = parsed(R"(
connect: {tcp: "127.0.0.1:1"}
backends:
  payloads: {server: postgres, settings: {fsync: "off"}, image: "example/pg:1", holds: [payloads]}
  queues: {server: redis}
rows: {payloads: SELECT count(*) FROM body}
)");
  ASSERT_TRUE(target) << target.error().detail();
  const Backend& payloads = target->backends.at("payloads");
  EXPECT_EQ(payloads.kind, Backend::Kind::postgres);
  EXPECT_EQ(payloads.settings, (Environment{{"fsync", "off"}}));
  EXPECT_EQ(payloads.image, "example/pg:1");
  EXPECT_EQ(target->backends.at("queues").kind, Backend::Kind::redis);
  const std::string bus = "connect: {tcp: \"127.0.0.1:1\"}\n";
  EXPECT_EQ(refusal(bus + "backends: {s: {server: oracle}}"),
            "bus.yaml, line 2: backends.s.server is \"oracle\"; it is postgres or redis");
  EXPECT_NE(refusal(bus + "backends: {s: {}}").find("must name its sqlite file, or the server"),
            std::string::npos);
  EXPECT_NE(refusal(bus + "backends: {s: {sqlite: f, settings: {a: b}}}").find("is a file"),
            std::string::npos);
}

TEST(TargetFile, WhatIsLeftOutHasItsDefault) {
  const auto target = parsed("launch: {command: [bus]}\nconnect: {stdio: launch}\n");
  ASSERT_TRUE(target) << target.error().detail();
  EXPECT_EQ(target->name, "bus") << "the file's name without its ending";
  EXPECT_EQ(target->connect.how, Connect::How::stdio_launch);
  EXPECT_EQ(target->launch->ready.how, Ready::How::hello);
  EXPECT_EQ(target->launch->ready.within, milliseconds(10'000));
  EXPECT_TRUE(target->control.empty());
  EXPECT_FALSE(target->control_on_connection);
}

TEST(TargetFile, EveryWayToConnect) {
  EXPECT_EQ(parsed("connect: {tcp: 'h:1'}")->connect.how, Connect::How::tcp);
  EXPECT_EQ(parsed("connect: {unix: /run/bus}")->connect.how, Connect::How::unix_socket);
  const auto adapter = parsed("connect: {stdio: [python3, a.py], env: {A: b}}");
  ASSERT_TRUE(adapter);
  EXPECT_EQ(adapter->connect.how, Connect::How::stdio);
  EXPECT_EQ(adapter->connect.command, (std::vector<std::string>{"python3", "a.py"}));
  EXPECT_EQ(adapter->connect.env, (Environment{{"A", "b"}}));
}

TEST(TargetFile, ARefusalNamesFileAndLine) {
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\nhttp: {metrics: /metrics}\n"),
            "bus.yaml, line 2: http needs a base, http://HOST:PORT or https://HOST:PORT");
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\nhttp: {base: b, live: livez}\n"),
            "bus.yaml, line 2: http.live is \"livez\"; write it as /livez");
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\nprofil: core\n"),
            "bus.yaml, line 2: a target has no key \"profil\"; allowed are name, launch, connect, "
            "control, http, tls, auth, backends, variants, corrupt, rows, archive, older, nodes, "
            "profile, "
            "defaults, signs");
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\ndefaults: {attempts_max: many}\n"),
            "bus.yaml, line 2: defaults.attempts_max is \"many\"; it is a whole number or none");
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\nrows: {store: x}\n"),
            "bus.yaml, line 2: rows names \"store\", which is none of backends");
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\nlaunch: {command: [b], clock: sundial}\n"),
            "bus.yaml, line 2: launch.clock must be faketime");
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\ncorrupt: {store: {payload.flip: x}}\n"),
            "bus.yaml, line 2: corrupt names \"store\", which is none of backends");
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\nolder: [{name: n}]\n"),
            "bus.yaml, line 2: older needs a destination");
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\n"
                    "older: [{name: n, destination: q, put: {b: s}, waiting: {t: x}}]\n"),
            "bus.yaml, line 2: older.put names \"b\", which is none of backends");
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\nbackends: {b: {sqlite: f}}\n"
                    "older: [{name: n, destination: q, put: {b: [{file: no.sql}]}}]\n"),
            "bus.yaml, line 3: older.put.b: /folder/no.sql cannot be read");
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\narchive: {store: x}\n"),
            "bus.yaml, line 2: archive names \"store\", which is none of backends");
  EXPECT_EQ(refusal("connect: {tcp: 'h:1'}\nbackends: {store: {sqlite: f}}\n"
                    "corrupt:\n  store: {payload.break: x}\n"),
            "bus.yaml, line 4: corrupt.store has no damage \"payload.break\"; write it as "
            "payload.flip");
  EXPECT_TRUE(refusal("a: [").starts_with("bus.yaml, line ")) << refusal("a: [");
}

TEST(TargetFile, Durations) {
  const auto within = [](const std::string& text) {
    return parsed(
        "connect: {tcp: 'h:1'}\nlaunch: {command: [b], ready: {tcp: 'h:1', within: " + text + "}}");
  };
  EXPECT_EQ(within("500ms")->launch->ready.within, milliseconds(500));
  EXPECT_EQ(within("10s")->launch->ready.within, milliseconds(10'000));
  for (const char* wrong : {"10", "s", "1.5s", "-1s", "1h", "''", "99999999s"})
    EXPECT_FALSE(within(wrong)) << wrong;
}

TEST(TargetFile, TokensAreMadeOrNamed) {
  const std::string start = "connect: {tcp: \"h:1\"}\nauth: ";
  const auto made = parsed(start + "{jwt: {algorithm: ES256, audience: a}, carry: subprotocol}");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->auth->algorithm, "ES256");
  EXPECT_EQ(made->auth->carry, Auth::Carry::subprotocol);
  const auto named = parsed(start + "{tokens: {good: g, expired: e}}");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->auth->good + named->auth->expired, "ge");
  EXPECT_NE(refusal(start + "{}").find("auth must say"), std::string::npos);
  EXPECT_NE(refusal(start + "{tokens: {expired: e}}").find("good"), std::string::npos);
  EXPECT_NE(refusal(start + "{jwt: {algorithm: none}}").find("HS256, RS256 or ES256"),
            std::string::npos);
  EXPECT_NE(refusal(start + "{tokens: {good: g}, carry: query}").find("hello, header"),
            std::string::npos);
}

TEST(TargetFile, WhomToTrustIsNamedOrMade) {
  const std::string bus = "connect: {websocket: \"wss://host/\"}\ntls: ";
  auto target = parsed(bus + "{ca: ca.pem, certificate: own.pem, key: own.key}");
  ASSERT_TRUE(target) << target.error().detail();
  EXPECT_EQ(target->tls.ca + target->tls.certificate + target->tls.key, "ca.pemown.pemown.key");
  EXPECT_FALSE(target->tls.insecure || target->tls.made);
  EXPECT_TRUE(parsed(bus + "{insecure: true}")->tls.insecure);
  EXPECT_FALSE(parsed(bus + "{insecure: false}")->tls.insecure);
  EXPECT_TRUE(parsed("launch: {command: [bus]}\n" + bus + "{made: true}")->tls.made);
  EXPECT_NE(refusal(bus + "{insecure: 1}").find("it is true or false"), std::string::npos);
  EXPECT_NE(refusal(bus + "{key: own.key}").find("go together"), std::string::npos);
  EXPECT_NE(refusal(bus + "{made: true}").find("needs a launch"), std::string::npos);
  EXPECT_NE(refusal("launch: {command: [bus]}\n" + bus + "{made: true, ca: ca.pem}").find("alone"),
            std::string::npos);
  EXPECT_NE(refusal("connect: {tcp: \"host:1\"}\ntls: {insecure: true}").find("there is none"),
            std::string::npos);
}

TEST(TargetFile, AFolderAndAMissingFileCannotBeRead) {
  for (const auto& path :
       {std::filesystem::path("/nowhere/bus.yaml"), std::filesystem::temp_directory_path()}) {
    const auto target = read_target(path);
    ASSERT_FALSE(target);
    EXPECT_NE(target.error().detail().find("cannot be read"), std::string::npos);
  }
}

TEST(Substitute, ReplacesEveryNameOnce) {
  const Environment values{{"port", "7"}, {"data", "${port}"}};
  const auto done = [&](const std::string& text) { return *substitute(text, values); };
  EXPECT_EQ(done("a:${port}/${port}"), "a:7/7");
  EXPECT_EQ(done("${data}"), "${port}") << "what was put in is not looked at again";
  EXPECT_EQ(done("$port {port} $"), "$port {port} $");
  EXPECT_EQ(done("open ${port"), "open ${port");
  EXPECT_EQ(done(""), "");
}

TEST(Substitute, AnUnknownNameIsToldWithTheKnownOnes) {
  const auto done = substitute("x${prot}", {{"port", "7"}, {"data", "d"}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().detail(), "${prot} is not known; known are data, port");
}

}  // namespace
}  // namespace busproof::targets
