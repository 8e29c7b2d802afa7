// The records of the tests.
#include "reports/support/records.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "suites/contract/rule.hpp"

namespace busproof::reports::support {

using contract::CaseResult;
using contract::Conformance;
using contract::Level;
using contract::RuleResult;
using contract::RunRecord;
using contract::Verdict;

namespace {

constexpr std::string_view kClaims =
    R"({"protocol":"1.0","server":{"name":"refbus","version":"0.1.0"},"capabilities":)"
    R"({"queue":{"lease":"timed","counts":"exact"},"topic":{},"compression":{"algorithms":)"
    R"(["gzip","zstd"]},"dedupe":{"window_ms":120000}},"limits":{"inline_bytes_max":1048576,)"
    R"("ttl_default_ms":172800000,"attempts_max":5,"publish_per_s":null,"breaker":{"failures":5,)"
    R"("open_ms":60000}},"guarantees":{"delivery":"at_least_once","durability":"process_crash",)"
    R"("ordering":"per_destination"}})";

RunRecord base(std::string target) {
  RunRecord out;
  out.profile = "queue";
  out.seed = 18446744073709551615U;
  out.commit = "3f9c2a1";
  out.version = "0.1.0";
  out.started_at = "2026-11-21T09:08:07Z";
  out.seconds = 42.5;
  out.command = "busproof run --target targets/refbus.yaml --profile queue";
  out.target.name = std::move(target);
  out.target.connect = "websocket ws://127.0.0.1:7077/ws/connect";
  return out;
}

CaseResult failing(CaseResult out, std::vector<std::string> evidence) {
  out.evidence = std::move(evidence);
  out.history = "history/" + out.id + ".jsonl";
  out.repeat = "busproof run --only " + out.id + " --seed 18446744073709551615 -- ./bus";
  out.tries = 1;
  out.seconds = 1.25;
  return out;
}

void deal(CaseResult& out, std::size_t turn) {
  constexpr std::array<Verdict, 12> kDeck = {
      Verdict::met, Verdict::met, Verdict::met,          Verdict::met,
      Verdict::met, Verdict::met, Verdict::unverified,   Verdict::met,
      Verdict::met, Verdict::met, Verdict::inconclusive, Verdict::not_judged_yet};
  out.verdict = turn % 97 == 96 ? Verdict::violated : kDeck.at(turn % kDeck.size());
  out.tries = 1;
  out.seconds = 0.2;
  if (out.verdict == Verdict::met) out.judged = 100 * (turn % 40 + 1);
  if (out.verdict == Verdict::unverified) out.detail = "needs a control hook: clock";
  if (out.verdict == Verdict::not_judged_yet) out.detail = "no judge in this version";
  if (out.verdict == Verdict::inconclusive) {
    out.detail = "the lease never ended within the deadline of 5 s";
    out.tries = 3;
  }
  if (turn % 53 == 52) {
    out = failing(part(out.id, Verdict::blocked, "publish was refused: rate_limited", 0), {});
  }
  if (turn % 61 == 60) out = part(out.id, Verdict::known, "stops after 1 000 messages", 1001);
  if (out.verdict != Verdict::violated) return;
  out.detail = "message 17 came 312 ms after its lease ended; the declared grace is 100 ms";
  out.judged = 40;
  out = failing(
      out, {"12.104 publish   q1  #17  ok", "12.110 deliver   q1  #17  attempt 1  lease 500 ms",
            "12.922 deliver   q1  #17  attempt 2   <- due by 12.710"});
}

}  // namespace

std::string hostile_text() {
  return std::string("</script><script>alert(1)</script> \"quoted\" 'single' & {{{why}}} ") +
         "[[ATTACHMENT|/etc/passwd]] ]]> @everyone https://evil.example/?q=1 | `code` ``` # * "
         "_x_ " +
         "\x1b[31mred\x1b[0m \x07 " + std::string("\0", 1) + " \xff\xfe \xc3( \xed\xa0\x80 " +
         "\xe2\x80\xae" +
         "reversed \xef\xbf\xbf line\nbreak\ttab \xe2\x9c\x93 \xe6\xbc\xa2\xe5\xad\x97";
}

CaseResult part(std::string id, Verdict verdict, std::string detail, std::uint64_t judged) {
  CaseResult out;
  out.id = std::move(id);
  out.verdict = verdict;
  out.detail = std::move(detail);
  out.judged = judged;
  out.tries = judged > 0 ? 1 : 0;
  out.seconds = judged > 0 ? 0.5 : 0;
  return out;
}

RuleResult rule(std::string id, std::string sentence, std::vector<CaseResult> cases, Level level) {
  RuleResult out;
  out.id = std::move(id);
  out.level = level;
  out.capability = "queue";
  out.sentence = std::move(sentence);
  out.cases = std::move(cases);
  out.verdict = Verdict::met;
  for (const auto& each : out.cases) {
    if (each.verdict > out.verdict) continue;
    if (each.verdict < out.verdict || out.detail.empty()) out.detail = each.detail;
    out.verdict = each.verdict;
  }
  return out;
}

// The names of the cases are made up, so that the contract's sentences can be mended without
// touching the golden files.
RunRecord conformant_record() {
  RunRecord out = base("refbus on SQLite");
  out.verdict = Conformance::conformant;
  out.why = "Every MUST of the profile queue that can be judged here is met; 1 case is unverified.";
  out.target.server_name = "refbus";
  out.target.server_version = "0.1.0";
  out.target.claims_json = std::string(kClaims);
  out.rules = {
      rule("QUE-1", "An accepted message is delivered.",
           {part("QUE-1.golden_before", Verdict::met, "", 1200),
            part("QUE-1.golden_after", Verdict::met, "", 300)}),
      rule("QUE-3", "An acked message is never delivered again.",
           {part("QUE-3.golden_lease", Verdict::met, "", 240)}),
      rule("QUE-25", "A million waiting messages slow nothing down tenfold.",
           {part("QUE-25.golden_publish", Verdict::violated, "publish took 14 times as long", 50)},
           Level::should),
      rule("PRI-1", "Among messages waiting, a higher priority is delivered first.",
           {part("PRI-1.golden_order", Verdict::not_claimed, "priority is not claimed")}),
      rule("DUR-4", "What was acknowledged survives a power cut.",
           {part("DUR-4.golden_cut", Verdict::unverified, "needs a hold on the store's disk")}),
      rule("BRK-1", "The breaker starts closed.",
           {part("BRK-1.golden_start", Verdict::not_judged_yet, "no judge in this version")}),
  };
  out.notes = {"No PostgreSQL was found, so the rules of a store of its own were not judged."};
  return out;
}

RunRecord nonconformant_record() {
  RunRecord out = base("a bus named " + hostile_text());
  out.verdict = Conformance::nonconformant;
  out.why = "QUE-4.golden_late (MUST) is violated: " + hostile_text();
  out.target.server_name = "<b>bus</b>";
  out.target.server_version = hostile_text();
  out.target.claims_json =
      R"({"capabilities":{"<img src=x onerror=alert(1)>":{"lease":"</td>"}},"limits":)"
      R"({"inline_bytes_max":null},"guarantees":{"delivery":"\u0000\u202e"}})";
  out.rules = {
      rule("QUE-1", "An accepted message is delivered.",
           {part("QUE-1.golden_before", Verdict::met, hostile_text(), 3)}),
      rule("QUE-4", "Unacked past the lease it is delivered again, not before the lease ends.",
           {failing(part("QUE-4.golden_late", Verdict::violated, hostile_text(), 40),
                    {"12.104 publish q1 #17 ok", "12.922 deliver q1 #17 " + hostile_text()}),
            part("QUE-4.golden_early", Verdict::met, "", 40)}),
      rule("QUE-5", "A rejected message is delivered again.",
           {failing(part("QUE-5.golden_again", Verdict::blocked, "publish failed: rate_limited"),
                    {})}),
      rule("QUE-11", "Credit is never exceeded.",
           {failing(part("QUE-11.golden_credit", Verdict::inconclusive,
                         "no more than 3 messages ever waited", 0),
                    {"credit 5, waiting 3"})}),
      rule("QUE-20", "A backlog drains to the last.",
           {part("QUE-20.golden_drain", Verdict::known, "stops after 1 000 messages", 1001)}),
      rule("QUE-21", "A cut wake-up path delays nothing for long.",
           {part("QUE-21.golden_cut", Verdict::unverified, "needs a proxy before the store")}),
      rule("PRI-1", "A higher priority is delivered first.",
           {part("PRI-1.golden_order", Verdict::not_claimed, "priority is not claimed")}),
      rule("BRK-1", "The breaker starts closed.",
           {part("BRK-1.golden_start", Verdict::not_judged_yet, "no judge in this version")}),
  };
  out.expectations = {{"QUE-20.golden_drain", "fails", "the queue is read a page at a time",
                       "https://issues.example/7", "2027-01-31", ""},
                      {"QUE-3.golden_lease", "fails", "acks are forgotten <i>sometimes</i>",
                       "javascript:alert(1)", "2026-01-31", "expired: 2026-01-31 is past"}};
  out.notes = {hostile_text()};
  return out;
}

RunRecord unreachable_record() {
  RunRecord out = base("127.0.0.1:9");
  out.verdict = Conformance::incomplete;
  out.why = "The target was never reached, so nothing was judged.";
  out.seconds = 0.25;
  out.problems = {{69,
                   "No answer from ws://127.0.0.1:9/ws/connect: connection refused. Start the bus "
                   "first, or give the command that starts it after `--`."}};
  return out;
}

RunRecord whole_contract_record() {
  RunRecord out = base("refbus on Postgres and Redis");
  out.verdict = Conformance::nonconformant;
  out.profile = "claimed";
  out.target.server_name = "refbus";
  out.target.server_version = "0.1.0";
  out.target.claims_json = std::string(kClaims);
  std::size_t turn = 0;
  for (const auto& family : contract::families()) {
    for (const auto& each : family.rules) {
      std::vector<CaseResult> cases;
      for (const auto& said : each.cases) {
        cases.push_back(part(contract::case_id(each, said), Verdict::not_claimed, ""));
        if (family.name == "AGT") {
          cases.back().detail = "agents is not claimed";
        } else {
          deal(cases.back(), turn++ / 3);
        }
      }
      out.rules.push_back(
          rule(std::string(each.id), std::string(each.sentence), std::move(cases), each.level));
      out.rules.back().capability = std::string(each.capability);
    }
  }
  out.why = "Three MUST rules are violated, the first of them " + out.rules.front().id + ".";
  out.notes = {
      "One store holds everything, so rules that need payloads and queues apart were not "
      "judged (ROUTE-1, ROUTE-8, BRK-13).",
      "No control hook for the clock: expiry was waited for in real time."};
  return out;
}

}  // namespace busproof::reports::support
